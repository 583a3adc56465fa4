"""In whose account a call is done.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-cross-account-access.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from helpers.fake_account import ACCOUNT, FakeAccount, call, key_arn, table_arn

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.calls.resource_owner import account_of_call

OTHER = "222222222222"
THERE, HERE = table_arn(account=OTHER), table_arn()
STREAM = f"{THERE}/stream/2026-01-01T00:00:00.000"
KEY_THERE = key_arn(account=OTHER)


def account() -> FakeAccount:
    view = FakeAccount()
    key = view.add_key(account=OTHER)
    view.ciphertexts[b"theirs"] = key.arn
    grant = Grant(f"arn:aws:iam::{OTHER}:user/bob", frozenset({"Decrypt"}), "g1", token="t1")
    view.grants_by_key[key.arn] = (grant,)
    return view


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("dynamodb", "GetItem", {"TableName": THERE}),
        ("dynamodb", "DeleteTable", {"TableName": THERE}),
        ("dynamodb", "TagResource", {"ResourceArn": THERE}),
        ("dynamodb", "BatchGetItem", {"RequestItems": {THERE: {"Keys": []}}}),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {THERE: []}}),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": THERE}}, {"Delete": {"TableName": THERE}}]},
        ),
        ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": THERE}}]}),
        ("dynamodbstreams", "DescribeStream", {"StreamArn": STREAM}),
        ("dynamodbstreams", "GetRecords", {"ShardIterator": f"{STREAM}|1|abc"}),
        ("kms", "Encrypt", {"KeyId": KEY_THERE}),
        ("kms", "Decrypt", {"CiphertextBlob": b"theirs"}),
        ("kms", "ReEncrypt", {"CiphertextBlob": b"theirs", "DestinationKeyId": KEY_THERE}),
        ("kms", "RetireGrant", {"KeyId": KEY_THERE, "GrantId": "g1"}),
        ("kms", "RetireGrant", {"GrantToken": "t1"}),
        ("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::{OTHER}:role/app"}),
    ],
)
def test_what_is_named_decides(service: str, operation: str, params: Mapping[str, Any]) -> None:
    assert account_of_call(call(service, operation, params), account()) == OTHER


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("dynamodb", "GetItem", {"TableName": "orders"}),
        ("dynamodb", "GetItem", {}),
        ("dynamodb", "BatchGetItem", {"RequestItems": {THERE: {}, "orders": {}}}),
        ("dynamodb", "BatchGetItem", {"RequestItems": {THERE: {}, HERE: {}}}),
        (
            "dynamodb",
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": THERE}}, {"Get": {"TableName": "orders"}}]},
        ),
        ("dynamodb", "CreateBackup", {"TableName": THERE}),
        ("kms", "Encrypt", {"KeyId": "alias/app"}),
        ("kms", "Decrypt", {"CiphertextBlob": b"nobodys", "KeyId": KEY_THERE}),
        ("kms", "ReEncrypt", {"CiphertextBlob": b"theirs", "DestinationKeyId": key_arn()}),
        ("kms", "RetireGrant", {"GrantToken": "t2"}),
        ("kms", "ScheduleKeyDeletion", {"KeyId": KEY_THERE}),
        ("iam", "GetRole", {"RoleName": "app"}),
    ],
)
def test_all_else_stays_with_the_caller(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """A call on things of two accounts too: a backend finds none of the other's there."""
    assert account_of_call(call(service, operation, params), account()) == ACCOUNT
