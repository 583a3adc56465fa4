"""What of a call's parameters is shown; what is not shown is a secret, or the data of a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.report.evidence.request_parameters import request_parameters

ANA = Caller("arn:aws:iam::111122223333:user/ana", "111122223333", "", "", "User", "ana")
SECRET = "hunter2-hunter2"
ITEM = {"id": {"S": "1"}, "pin": {"S": SECRET}}


def shown(name: str, params: dict[str, Any]) -> dict[str, Any] | None:
    service, _, operation = name.partition(":")
    return request_parameters(ApiCall(service, operation, params, "us-east-1", ANA))


HIDDEN = [
    ("kms:Encrypt", {"KeyId": "k", "Plaintext": SECRET.encode()}, {"keyId": "k"}),
    (
        "kms:Decrypt",
        {"CiphertextBlob": SECRET.encode(), "EncryptionContext": {"a": "b"}},
        {"encryptionContext": {"a": "b"}},
    ),
    ("kms:Decrypt", {"KeyId": "k", "GrantTokens": [SECRET]}, {"keyId": "k"}),
    ("kms:Sign", {"KeyId": "k", "Message": SECRET.encode()}, {"keyId": "k"}),
    ("iam:CreateLoginProfile", {"UserName": "ana", "Password": SECRET}, {"userName": "ana"}),
    ("iam:UpdateLoginProfile", {"UserName": "ana", "Password": SECRET}, {"userName": "ana"}),
    ("iam:ChangePassword", {"OldPassword": SECRET, "NewPassword": SECRET}, None),
    ("sts:AssumeRole", {"RoleArn": "r", "TokenCode": SECRET}, {"roleArn": "r"}),
    ("sts:AssumeRoleWithWebIdentity", {"RoleArn": "r", "WebIdentityToken": SECRET}, {"roleArn": "r"}),
    ("sts:AssumeRoleWithSAML", {"RoleArn": "r", "SAMLAssertion": SECRET}, {"roleArn": "r"}),
    ("dynamodb:PutItem", {"TableName": "t", "Item": ITEM}, {"tableName": "t"}),
    (
        "dynamodb:GetItem",
        {"TableName": "t", "Key": {"id": {"S": "1"}}},
        {"tableName": "t", "key": {"id": {"S": "1"}}},
    ),
    (
        "dynamodb:UpdateItem",
        {
            "TableName": "t",
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET pin = :pin",
            "ExpressionAttributeValues": {":pin": {"S": SECRET}},
        },
        {"tableName": "t", "key": {"id": {"S": "1"}}, "updateExpression": "SET pin = :pin"},
    ),
    (
        "dynamodb:BatchWriteItem",
        {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}]}},
        {"requestItems": {"t": [{}]}},
    ),
    (
        "dynamodb:TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": ITEM}}], "ClientRequestToken": SECRET},
        {"transactItems": [{"put": {"tableName": "t"}}]},
    ),
    (
        "dynamodb:Scan",
        {"TableName": "t", "ScanFilter": {"pin": {"AttributeValueList": [{"S": SECRET}]}}},
        None,
    ),
    (
        "dynamodb:ExecuteStatement",
        {"Statement": f"SELECT * FROM t WHERE id = '{SECRET}' AND pin = 1234"},
        {"statement": "SELECT * FROM t WHERE id = ***(Redacted) AND pin = ***(Redacted)"},
    ),
    (
        "dynamodb:ExecuteStatement",
        {"Statement": f"INSERT INTO t1 VALUE {{'id': 'it''s {SECRET}'}}", "Parameters": [{"S": SECRET}]},
        {"statement": "INSERT INTO t1 VALUE {***(Redacted): ***(Redacted)}", "parameters": []},
    ),
    (
        "dynamodb:ExecuteStatement",
        {"Statement": f"""SELECT * FROM "t-7"."it's 8" WHERE "a-9" = '"{SECRET}' AND b = -1"""},
        {"statement": """SELECT * FROM "t-7"."it's 8" WHERE "a-9" = ***(Redacted) AND b = ***(Redacted)"""},
    ),
    (
        "dynamodb:ExecuteStatement",
        {"Statement": f"""SELECT "a '{SECRET}"""},
        {"statement": 'SELECT "a ***(Redacted)'},
    ),
    ("dynamodb:BatchExecuteStatement", {"Statements": [{"Statement": f"SELECT '{SECRET}"}]}, None),
]


@pytest.mark.parametrize(
    ("name", "params", "expected"), HIDDEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_secret_or_an_item_is_left_out(
    name: str, params: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    told = shown(name, params)
    assert SECRET not in json.dumps(told)
    if expected is not None:
        assert told == expected


def test_names_and_policies_are_shown_in_cloudtrails_spelling() -> None:
    policy = {"KeyId": "k", "PolicyName": "default", "Policy": "{}", "BypassPolicyLockoutSafetyCheck": True}
    assert shown("kms:PutKeyPolicy", policy) == {
        "keyId": "k",
        "policyName": "default",
        "policy": "{}",
        "bypassPolicyLockoutSafetyCheck": True,
    }
    table = {"TableName": "t", "SSESpecification": {"Enabled": True, "KMSMasterKeyId": "k"}}
    assert shown("dynamodb:UpdateTable", table) == {
        "tableName": "t",
        "sSESpecification": {"enabled": True, "kMSMasterKeyId": "k"},
    }


def test_an_operation_that_takes_nothing_or_is_unknown_shows_nothing() -> None:
    assert shown("sts:GetCallerIdentity", {}) is None
    assert shown("kms:NoSuchOperation", {"Anything": SECRET}) is None
