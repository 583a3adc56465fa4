"""What DynamoDB says of an SSESpecification before it looks at the key.

Texts recorded from AWS; see docs/fidelity.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.validation_messages import refused as refused

OWN_ALIAS = "alias/aws/dynamodb"
"""The key that AWS manages for DynamoDB."""

PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. "
    "Disable deletion protection first."
)
"""What DynamoDB says of DeleteTable while DeletionProtectionEnabled is set."""


class SseMode(Enum):
    """What an SSESpecification asks for."""

    NOTHING = "nothing"
    AWS_OWNED = "the key that AWS owns"
    KMS = "a key in KMS"


@dataclass(frozen=True, slots=True)
class Encryption:
    """A valid SSESpecification; `key_id` is empty for `aws/dynamodb`."""

    mode: SseMode
    key_id: str = ""

    @property
    def named(self) -> str:
        """The key in KMS that is asked for, by a name that KMS knows; empty where it is none."""
        # Who asks for KMS and names no key gets the one that AWS manages for DynamoDB.
        return self.key_id or (OWN_ALIAS if self.mode is SseMode.KMS else "")


def read_specification(specification: Any) -> Encryption:
    """Read an SSESpecification (None where there is none); raises ServiceError as DynamoDB words it."""
    members = specification or {}
    key_id, kind, enabled = members.get("KMSMasterKeyId"), members.get("SSEType"), members.get("Enabled")
    if enabled is False:
        if kind is not None:
            raise refused("SSEType can not be specified if Enabled is false")
        if key_id is not None:
            raise refused("KMSMasterKeyId can not be specified if Enabled is false")
        return Encryption(SseMode.AWS_OWNED)
    if kind not in (None, "KMS"):
        raise refused(f"SSEType {kind} is not supported")
    if key_id is not None and kind != "KMS":
        raise refused("SSEType KMS is required if KMSMasterKeyId is specified")
    if kind == "KMS" or enabled:
        return Encryption(SseMode.KMS, key_id or "")
    return Encryption(SseMode.NOTHING)


def check_change(encryption: Encryption, table: Table) -> None:
    """Raise what UpdateTable answers to a change that does not fit the table as it is."""
    if encryption.mode is not SseMode.KMS and table.key_arn is None:
        raise refused("Table is already encrypted by default")
    if table.key_arn is not None and encryption.key_id == table.key_arn:
        # By its id or an alias the same key is accepted; only its ARN is compared.
        raise refused(
            "Table is already encrypted with given KMSMasterKeyId. "
            "Use KMSMasterKeyId parameter if you want to change Master Key"
        )
