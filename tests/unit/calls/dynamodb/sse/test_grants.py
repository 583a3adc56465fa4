"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"""

from __future__ import annotations

import pytest
from helpers.fake_account import ACCOUNT, table_arn

from pytest_kmslab.calls.dynamodb.sse.choose_key import GRANT_OPERATIONS, grant_of_table, is_of_table

SERVICE = "dynamodb.eu-west-1.amazonaws.com"
PAIRS = {"aws:dynamodb:tableName": "orders", "aws:dynamodb:subscriberId": ACCOUNT}
TABLE = table_arn(region="eu-west-1")


def test_dynamodb_grants_itself_the_use_of_the_key_for_one_table() -> None:
    first, second = grant_of_table(TABLE), grant_of_table(TABLE)
    assert first.pop("Name") != second.pop("Name")
    assert first == {
        "GranteePrincipal": SERVICE,
        "RetiringPrincipal": SERVICE,
        "Operations": [
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "ReEncryptTo",
            "RetireGrant",
            "DescribeKey",
        ],
        "Constraints": {"EncryptionContextSubset": PAIRS},
    }
    assert first["Operations"] == list(GRANT_OPERATIONS)


def test_dynamodb_has_a_host_of_its_own_in_each_partition() -> None:
    assert grant_of_table("arn:aws-cn:dynamodb:cn-north-1:123456789012:table/orders")["GranteePrincipal"] == (
        "dynamodb.cn-north-1.amazonaws.com.cn"
    )


@pytest.mark.parametrize(
    ("grantee", "pairs", "is_one"),
    [
        (SERVICE, PAIRS, True),
        ("dynamodb.us-east-1.amazonaws.com", PAIRS, False),
        (SERVICE, PAIRS | {"aws:dynamodb:tableName": "others"}, False),
        (SERVICE, None, False),
    ],
)
def test_a_grant_is_the_tables_by_grantee_and_constraint(grantee: str, pairs: object, is_one: bool) -> None:
    assert is_of_table(grantee, pairs, TABLE) is is_one
