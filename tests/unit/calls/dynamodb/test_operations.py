from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import ACCOUNT, READING, FakeAccount, table_arn, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ServiceError

TABLE = table_arn()
BACKUP = f"{TABLE}/backup/01489173575360-b308cd7d"
EXPORT = f"{TABLE}/export/01595639957000-a1"
IMPORT = f"{TABLE}/import/01658528578619-c4"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
GLOBAL = f"arn:aws:dynamodb::{ACCOUNT}:global-table/orders"
NAMED = {"TableName": "orders"}
CONFIRMED = {"ConfirmRemoveSelfResourceAccess": True}


@pytest.mark.parametrize(
    ("operation", "params", "resources"),
    [
        (
            "CancelBulkOperation",
            {"BulkOperationArn": f"{TABLE}/bulk-operation/1"},
            [f"{TABLE}/bulk-operation/1"],
        ),
        ("CreateBackup", NAMED | {"BackupName": "b"}, [TABLE]),
        (
            "CreateGlobalTable",
            {"GlobalTableName": "orders", "ReplicationGroup": [{"RegionName": "eu-west-1"}]},
            [GLOBAL, TABLE, table_arn(region="eu-west-1")],
        ),
        ("CreateTable", NAMED, [TABLE]),
        ("DeleteBackup", {"BackupArn": BACKUP}, [BACKUP]),
        ("DeleteItem", NAMED | {"Key": {"id": {"S": "1"}}}, [TABLE]),
        ("DeleteResourcePolicy", {"ResourceArn": TABLE}, [TABLE]),
        ("DeleteTable", NAMED, [TABLE]),
        ("DescribeBackup", {"BackupArn": BACKUP}, [BACKUP]),
        (
            "DescribeBulkOperation",
            {"BulkOperationArn": f"{TABLE}/bulk-operation/1"},
            [f"{TABLE}/bulk-operation/1"],
        ),
        ("DescribeContinuousBackups", NAMED, [TABLE]),
        ("DescribeContributorInsights", NAMED, [TABLE]),
        ("DescribeContributorInsights", NAMED | {"IndexName": "ix"}, [TABLE, f"{TABLE}/index/ix"]),
        ("DescribeEndpoints", {}, ["*"]),
        ("DescribeExport", {"ExportArn": EXPORT}, [EXPORT]),
        ("DescribeGlobalTable", {"GlobalTableName": "orders"}, [GLOBAL]),
        ("DescribeGlobalTableSettings", {"GlobalTableName": "orders"}, [GLOBAL]),
        ("DescribeImport", {"ImportArn": IMPORT}, [IMPORT]),
        ("DescribeKinesisStreamingDestination", NAMED, [TABLE]),
        ("DescribeLimits", {}, ["*"]),
        ("DescribeStream", {"StreamArn": STREAM}, [STREAM]),
        ("DescribeTable", NAMED, [TABLE]),
        (
            "DescribeTable",
            {"TableName": table_arn(account="999988887777")},
            [table_arn(account="999988887777")],
        ),
        ("DescribeTableReplicaAutoScaling", NAMED, [TABLE]),
        ("DescribeTimeToLive", NAMED, [TABLE]),
        ("DisableKinesisStreamingDestination", NAMED | {"StreamArn": "x"}, [TABLE]),
        ("EnableKinesisStreamingDestination", NAMED | {"StreamArn": "x"}, [TABLE]),
        ("ExportTableToPointInTime", {"TableArn": TABLE, "S3Bucket": "b"}, [TABLE]),
        ("GetItem", NAMED | {"Key": {"id": {"S": "1"}}}, [TABLE]),
        ("GetRecords", {"ShardIterator": f"{STREAM}|1|opaque"}, [STREAM]),
        ("GetResourcePolicy", {"ResourceArn": STREAM}, [STREAM]),
        ("GetShardIterator", {"StreamArn": STREAM, "ShardId": "s", "ShardIteratorType": "LATEST"}, [STREAM]),
        ("ImportTable", {"TableCreationParameters": NAMED}, [TABLE]),
        ("ListBackups", NAMED, ["*"]),
        ("ListBulkOperations", {}, ["*"]),
        ("ListContributorInsights", NAMED, ["*"]),
        ("ListExports", {}, ["*"]),
        ("ListExports", {"TableArn": TABLE}, [TABLE]),
        ("ListGlobalTables", {}, ["*"]),
        ("ListImports", {"TableArn": TABLE}, [TABLE]),
        ("ListStreams", NAMED, ["*"]),
        ("ListTables", {}, [table_arn("*")]),
        ("ListTagsOfResource", {"ResourceArn": TABLE}, [TABLE]),
        ("PutItem", NAMED | {"Item": {"id": {"S": "1"}}}, [TABLE]),
        ("PutResourcePolicy", {"ResourceArn": TABLE, "Policy": READING, **CONFIRMED}, [TABLE]),
        ("Query", NAMED, [TABLE]),
        ("Query", NAMED | {"IndexName": "ix"}, [f"{TABLE}/index/ix"]),
        ("Scan", NAMED, [TABLE]),
        ("Scan", NAMED | {"IndexName": "ix"}, [f"{TABLE}/index/ix"]),
        ("SearchVectors", NAMED | {"IndexName": "ix"}, [f"{TABLE}/index/ix"]),
        ("StartBulkPutItems", NAMED, [TABLE]),
        ("TagResource", {"ResourceArn": TABLE, "Tags": [{"Key": "a", "Value": "1"}]}, [TABLE]),
        ("UntagResource", {"ResourceArn": TABLE, "TagKeys": ["a"]}, [TABLE]),
        ("UpdateContinuousBackups", NAMED, [TABLE]),
        ("UpdateContributorInsights", NAMED | {"IndexName": "ix"}, [TABLE, f"{TABLE}/index/ix"]),
        (
            "UpdateGlobalTable",
            {"GlobalTableName": "orders", "ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]},
            [GLOBAL, TABLE, table_arn(region="eu-west-1")],
        ),
        ("UpdateItem", NAMED | {"Key": {"id": {"S": "1"}}}, [TABLE]),
        ("UpdateKinesisStreamingDestination", NAMED | {"StreamArn": "x"}, [TABLE]),
        ("UpdateTable", NAMED | {"DeletionProtectionEnabled": True}, [TABLE]),
        ("UpdateTableReplicaAutoScaling", NAMED, [TABLE]),
        ("UpdateTimeToLive", NAMED, [TABLE]),
    ],
)
def test_an_operation_is_asked_for_by_its_own_name_on_its_resources(
    operation: str, params: dict[str, Any], resources: list[str]
) -> None:
    view = FakeAccount()
    view.add_table("orders", stream_arn=STREAM)

    assert pairs(asked(operation, params, view)) == [(f"dynamodb:{operation}", arn) for arn in resources]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetItem", {"TableName": "orders/index/ix"}),
        ("GetItem", {"TableName": "*"}),
        ("GetItem", {"TableName": f"{TABLE}/index/ix"}),
        ("GetItem", {"TableName": "arn:aws:dynamodb:us-east-1:1:table/orders"}),
        ("GetItem", {}),
        ("Query", NAMED | {"IndexName": "../x"}),
        ("DeleteBackup", {"BackupArn": TABLE}),
        ("DeleteBackup", {"BackupArn": EXPORT}),
        ("DescribeStream", {"StreamArn": TABLE}),
        ("GetRecords", {"ShardIterator": "opaque"}),
        ("TagResource", {"ResourceArn": "arn:aws:s3:::bucket", "Tags": []}),
        ("TagResource", {"ResourceArn": "orders", "Tags": []}),
        ("DescribeGlobalTable", {"GlobalTableName": "a/b"}),
        ("BatchGetItem", {"RequestItems": {}}),
        ("TransactGetItems", {"TransactItems": []}),
        ("TransactGetItems", {"TransactItems": [{"Put": NAMED}]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": NAMED, "Delete": NAMED}]}),
        ("BatchExecuteStatement", {"Statements": []}),
    ],
)
def test_what_names_no_resource_is_refused_before_anything_is_asked(
    operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ServiceError) as refusal:
        asked(operation, params, FakeAccount())

    assert refusal.value.code == "ValidationException"


def test_the_partition_is_that_of_the_caller() -> None:
    ana = user()
    there = Caller(ana.arn.replace("arn:aws:", "arn:aws-cn:"), ana.account, ana.arn, ana.user_id, "User")

    ((_, resource),) = pairs(asked("DescribeTable", NAMED, FakeAccount(), there))

    assert resource == TABLE.replace("arn:aws:", "arn:aws-cn:")


@pytest.mark.parametrize("operation", ["DescribeTable", "Query"])
def test_tags_of_the_table_are_in_the_context_of_table_and_index(operation: str) -> None:
    view = FakeAccount()
    view.add_table("orders", tags={"team": "blue"})

    (authorization,) = asked(operation, NAMED | {"IndexName": "ix"}, view)

    assert authorization.request.context["aws:ResourceTag/team"] == ("blue",)


@pytest.fixture
def view() -> FakeAccount:
    """An account with a table."""
    view = FakeAccount()
    view.add_table("orders")
    return view


def test_tagging_carries_the_tags_of_the_request(view: FakeAccount) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    (authorization,) = asked("TagResource", {"ResourceArn": TABLE, "Tags": tags}, view)

    assert authorization.request.context["aws:RequestTag/a"] == ("1",)
    assert authorization.request.context["aws:TagKeys"] == ("a",)


def test_untagging_carries_the_keys(view: FakeAccount) -> None:
    (authorization,) = asked("UntagResource", {"ResourceArn": TABLE, "TagKeys": ["a", "b"]}, view)

    assert authorization.request.context["aws:TagKeys"] == ("a", "b")


@pytest.mark.parametrize("tags", [[], [{"Key": "a", "Value": "1"}]])
def test_a_table_created_with_tags_needs_the_right_to_tag(tags: list[dict[str, str]]) -> None:
    required_authorizations = asked("CreateTable", NAMED | {"Tags": tags}, FakeAccount())

    assert pairs(required_authorizations) == [
        ("dynamodb:CreateTable", TABLE),
        ("dynamodb:TagResource", TABLE),
    ]
    for authorization in required_authorizations:
        assert ("aws:TagKeys" in authorization.request.context) == bool(tags)
        assert ("aws:RequestTag/a" in authorization.request.context) == bool(tags)


def test_a_table_created_with_a_policy_needs_the_right_to_put_it() -> None:
    required_authorizations = asked("CreateTable", NAMED | {"ResourcePolicy": READING}, FakeAccount())

    put = ("dynamodb:PutResourcePolicy", TABLE)
    assert pairs(required_authorizations) == [("dynamodb:CreateTable", TABLE), put, put]
    assert [authorization.resource_policy is not None for authorization in required_authorizations] == [
        False,
        False,
        True,
    ]


def test_who_asks_and_whose_table_it_is_are_said() -> None:
    (authorization,) = asked("DescribeTable", {"TableName": table_arn(account="999988887777")}, FakeAccount())

    assert authorization.request.principal == f"arn:aws:iam::{ACCOUNT}:user/ana"
    assert authorization.request.resource_account == "999988887777"
    assert authorization.request.context["aws:PrincipalAccount"] == (ACCOUNT,)
    assert authorization.request.context["aws:ResourceAccount"] == ("999988887777",)
