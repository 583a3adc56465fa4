"""The grants that DynamoDB makes for itself on the key of a table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pytest_kmslab.authz.partitions import service_host
from pytest_kmslab.calls.dynamodb.sse.key_use import place_at

GRANTS_A_TABLE = 2
GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "DescribeKey",
)


def grant_of_table(table_arn: str) -> dict[str, Any]:
    """The parameters of CreateGrant for one of them, save for the key."""
    service, pairs = _whom_and_for_what(table_arn)
    return {
        "Name": str(uuid4()),
        "GranteePrincipal": service,
        "RetiringPrincipal": service,
        "Operations": list(GRANT_OPERATIONS),
        "Constraints": {"EncryptionContextSubset": pairs},
    }


def is_of_table(grantee: str, subset: Any, table_arn: str) -> bool:
    """Whether a grant with this grantee and EncryptionContextSubset is one of the table's."""
    return (grantee, subset) == _whom_and_for_what(table_arn)


def _whom_and_for_what(table_arn: str) -> tuple[str, dict[str, str]]:
    place = place_at(table_arn)
    return service_host("dynamodb", place.region), place.encryption_context
