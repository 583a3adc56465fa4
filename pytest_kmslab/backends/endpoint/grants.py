"""The two grants that DynamoDB leaves on the key of an encrypted table, which no emulator makes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from pytest_kmslab.backends.endpoint.clients import code_of
from pytest_kmslab.backends.endpoint.keys import GONE
from pytest_kmslab.backends.moto.grants import GRANTS_A_TABLE, OPERATIONS, encryption_context

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.facts import ApiFacts


def add(facts: ApiFacts, table_arn: str, key_arn: str) -> None:
    """Leave the grants for a table on a key."""
    key = facts.keys.by_arn(key_arn)
    if key is None:
        return
    service = _service(table_arn)
    for _ in range(GRANTS_A_TABLE):
        facts.clients.of("kms", key.region).create_grant(
            KeyId=key.arn,
            Name=str(uuid4()),
            GranteePrincipal=service,
            RetiringPrincipal=service,
            Operations=list(OPERATIONS),
            Constraints={"EncryptionContextSubset": encryption_context(table_arn)},
        )
    facts.changed("kms")


def retire(facts: ApiFacts, table_arn: str) -> None:
    """Take a table's grants off the key it is kept to be under; grants of people and of others stay."""
    from botocore.exceptions import ClientError

    named = facts.tables.record(table_arn).get("key") or ""
    owner = facts.of_arn(named)
    key = None if owner is None else owner.keys.by_arn(named)
    if owner is None or key is None:
        return
    context, service = encryption_context(table_arn), _service(table_arn)
    for grant in owner.keys.grants(key):
        if grant.grantee_principal != service or grant.encryption_context_subset != context:
            continue
        try:
            owner.clients.of("kms", key.region).revoke_grant(KeyId=key.arn, GrantId=grant.grant_id)
        except ClientError as error:
            if code_of(error) not in GONE:
                raise
    facts.changed("kms")


def _service(table_arn: str) -> str:
    return f"dynamodb.{table_arn.split(':')[3]}.amazonaws.com"
