"""The grants that DynamoDB makes for itself on the key of a table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pytest_kmslab.calls.dynamodb.names import SERVICE_PRINCIPAL
from pytest_kmslab.calls.dynamodb.table_key import place_at

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
    place = place_at(table_arn)
    service = SERVICE_PRINCIPAL.format(region=place.region)
    return {
        "Name": str(uuid4()),
        "GranteePrincipal": service,
        "RetiringPrincipal": service,
        "Operations": list(GRANT_OPERATIONS),
        "Constraints": {"EncryptionContextSubset": place.encryption_context},
    }
