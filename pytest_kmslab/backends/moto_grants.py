"""The two grants that DynamoDB leaves on the key of an encrypted table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "DescribeKey",
)
GRANTS_A_TABLE = 2


def encryption_context(table_arn: str) -> dict[str, str]:
    """The encryption context of every KMS call that DynamoDB makes for a table."""
    parts = table_arn.split(":", 5)
    return {
        "aws:dynamodb:tableName": parts[5].removeprefix("table/"),
        "aws:dynamodb:subscriberId": parts[4],
    }


def add(key: Any, table_arn: str) -> None:
    """Leave DynamoDB's grants for a table on moto's own key object."""
    service = f"dynamodb.{table_arn.split(':')[3]}.amazonaws.com"
    for _ in range(GRANTS_A_TABLE):
        key.add_grant(
            name=str(uuid4()),
            grantee_principal=service,
            operations=list(OPERATIONS),
            constraints={"EncryptionContextSubset": encryption_context(table_arn)},
            retiring_principal=service,
        )


def retire(key: Any, table_arn: str) -> None:
    """Take a table's grants off a key; grants of people and of other tables stay."""
    context, service = encryption_context(table_arn), f"dynamodb.{table_arn.split(':')[3]}.amazonaws.com"
    for grant in list(key.grants.values()):
        constraint = (grant.constraints or {}).get("EncryptionContextSubset")
        if grant.grantee_principal == service and constraint == context:
            key.retire_grant(grant.id)
