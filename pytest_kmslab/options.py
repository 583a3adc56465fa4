"""Every option in one table, resolved once into frozen Settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for. Names are those of the documented lab; a run suffix makes them unique.

    `enforcement` is `enforce` or `off`; `scope` is `auto` or a pytest scope for the lab's fixtures.
    """

    backend: str = "moto"
    enforcement: str = "enforce"
    region: str = "us-east-1"
    scope: str = "auto"
    key_alias: str = "MY-kms-key"
    key_description: str = (
        "KMS key that will encrypt a DynamoDB database. Created for MY Encryption with AWS KMS project."
    )
    table_name: str = "my_table_kms"
    user_name: str = "mounika"
    admin_name: str = "kmslab-admin"
