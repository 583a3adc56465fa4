from __future__ import annotations

import re
from typing import Any

import pytest
from helpers.authorizations import actions, asked
from helpers.fake_account import READING, FakeAccount, call, key_arn, table_arn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.operations import DYNAMODB

KEY = {"id": {"S": "1"}}
GET = {"TableName": "orders", "Key": KEY}
CONFIRMED = {"ConfirmRemoveSelfResourceAccess": True}


def encrypted(**key: Any) -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", view.add_key(**key), hash_key="id", stream_arn=STREAM)
    return view


def without_request_id(message: str) -> str:
    return re.sub(r"Request ID: [0-9a-f-]{36}", "Request ID: <uuid>", message)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            "Disabled",
            "KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {key} is disabled.",
        ),
        (
            "PendingDeletion",
            "KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: "
            "{key} is pending deletion.",
        ),
        (
            "PendingImport",
            "KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: "
            "{key} is pending import.",
        ),
    ],
)
def test_a_key_that_cannot_be_used_fails_the_call_after_the_table_was_allowed(
    state: str, message: str
) -> None:
    required_authorizations = DYNAMODB["GetItem"](call("dynamodb", "GetItem", GET), encrypted(state=state))

    assert next(required_authorizations).request.action == "dynamodb:GetItem"
    with pytest.raises(ServiceError) as refusal:
        next(required_authorizations)
    code = message.split("model.")[1].split(":", maxsplit=1)[0]
    assert refusal.value.code == "ValidationException"
    assert refusal.value.status == 400
    assert without_request_id(refusal.value.message) == (
        message.format(key=key_arn())
        + f" (Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: <uuid>; Proxy: null)"
    )


def test_a_key_that_is_gone_is_not_found() -> None:
    view = FakeAccount()
    view.add_table("orders", key_arn(), hash_key="id")

    with pytest.raises(
        ServiceError, match=r"KMS validation error: .*NotFoundException: Key '.*' does not exist"
    ):
        asked("GetItem", GET, view)


def test_a_key_that_aws_manages_is_asked_for_as_every_other() -> None:
    """Its fixed policy lets the account in, so that none but a Deny keeps anybody out."""
    required_authorizations = asked("GetItem", GET, encrypted(manager="AWS"))
    assert actions(required_authorizations) == ["dynamodb:GetItem", "kms:Decrypt"]
    assert required_authorizations[-1].request.context["kms:ViaService"] == (
        "dynamodb.us-east-1.amazonaws.com",
    )


STREAM = table_arn() + "/stream/2026-01-01T00:00:00.000"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateBackup", {"TableName": "orders", "BackupName": "b"}),
        ("UpdateTimeToLive", {"TableName": "orders"}),
        ("UpdateContributorInsights", {"TableName": "orders"}),
        ("ExportTableToPointInTime", {"TableArn": table_arn()}),
        ("StartBulkPutItems", {"TableName": "orders"}),
        ("SearchVectors", {"TableName": "orders", "IndexName": "ix"}),
        ("ExecuteStatement", {"Statement": 'SELECT * FROM "orders"'}),
        ("GetRecords", {"ShardIterator": f"{STREAM}|1|opaque"}),
    ],
)
def test_what_fails_with_a_disabled_key_needs_the_right_to_it(operation: str, params: dict[str, Any]) -> None:
    assert actions(asked(operation, params, encrypted()))[-1] == "kms:Decrypt"

    with pytest.raises(ServiceError, match="KMS key disabled error"):
        asked(operation, params, encrypted(state="Disabled"))


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeTable", {"TableName": "orders"}),
        ("DeleteTable", {"TableName": "orders"}),
        ("UpdateTable", {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST"}),
        ("UpdateTable", {"TableName": "orders", "SSESpecification": {}}),
        ("TagResource", {"ResourceArn": table_arn(), "Tags": [{"Key": "a", "Value": "1"}]}),
        ("ListTagsOfResource", {"ResourceArn": table_arn()}),
        ("DescribeTimeToLive", {"TableName": "orders"}),
        ("DescribeContinuousBackups", {"TableName": "orders"}),
        ("UpdateContinuousBackups", {"TableName": "orders"}),
        ("DescribeKinesisStreamingDestination", {"TableName": "orders"}),
        ("DescribeContributorInsights", {"TableName": "orders"}),
        ("ListBackups", {"TableName": "orders"}),
        ("GetResourcePolicy", {"ResourceArn": table_arn()}),
        ("PutResourcePolicy", {"ResourceArn": table_arn(), "Policy": READING, **CONFIRMED}),
        ("GetShardIterator", {"StreamArn": STREAM}),
    ],
)
def test_what_works_with_a_disabled_key_needs_no_right_to_it(operation: str, params: dict[str, Any]) -> None:
    assert actions(asked(operation, params, encrypted(state="Disabled"))) == [f"dynamodb:{operation}"]
