"""Restores on moto: what AWS refuses of them, in its order, and the table that is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, Account

ELSEWHERE = "eu-west-1"
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
KEY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
INDEX = {"IndexName": "one", **KEY, "Projection": {"ProjectionType": "ALL"}}
LATEST = {"UseLatestRestorableTime": True}
FUTURE = datetime.now(timezone.utc) + timedelta(hours=2)
REQUEST = "Invalid Request: "


@pytest.fixture
def dynamodb(account: Account) -> Any:
    client = account.root.client("dynamodb")
    definitions = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    for name, more in (("kept", {"GlobalSecondaryIndexes": [INDEX]}), ("off", {})):
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **KEY, **definitions, **more)
    recovery = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="kept", PointInTimeRecoverySpecification=recovery)
    client.put_item(TableName="kept", Item={"id": {"S": "1"}})
    return client


def refused(function: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        function(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"SourceTableName": "off", **LATEST}, "PointInTimeRecoveryUnavailableException", "'off'"),
        (
            {"SourceTableName": "off", "TargetTableName": "kept", **LATEST},
            "PointInTimeRecoveryUnavailableException",
            "Point in time recovery is not enabled for table 'off'",
        ),
        (
            {"SourceTableName": "missing", "TargetTableName": "kept", **LATEST},
            "TableNotFoundException",
            "Table not found: missing",
        ),
        ({"SourceTableName": "kept"}, "ValidationException", f"{REQUEST}Either one of RestoreDateTime or"),
        (
            {"SourceTableName": "kept", "UseLatestRestorableTime": False},
            "ValidationException",
            f"{REQUEST}Either one of RestoreDateTime or",
        ),
        (
            {"SourceTableName": "kept", "RestoreDateTime": FUTURE, **LATEST},
            "ValidationException",
            f"{REQUEST}Both RestoreDateTime and UseLatestRestorableTime cannot be set",
        ),
        (LATEST, "ValidationException", "The parameter 'TableName' is required"),
        (
            {"SourceTableName": "kept", "SourceTableArn": f"{ARN}kept", **LATEST},
            "ValidationException",
            "Must provide exactly one of: sourceTableArn, sourceTableName",
        ),
        ({"SourceTableArn": "kept", **LATEST}, "ValidationException", "sourceTableArn is not a valid ARN"),
        (
            {"SourceTableName": "kept", "RestoreDateTime": FUTURE, "TargetTableName": "off"},
            "InvalidRestoreTimeException",
            "must be within EarliestRestorableDateTime",
        ),
        (
            {"SourceTableName": "kept", "TargetTableName": "kept", **LATEST},
            "TableAlreadyExistsException",
            "Table already exists: kept",
        ),
    ],
)
def test_what_is_refused_of_a_restore_to_a_moment(
    dynamodb: Any, params: dict[str, Any], code: str, text: str
) -> None:
    told = refused(dynamodb.restore_table_to_point_in_time, **{"TargetTableName": "copy", **params})
    assert told[0] == code
    assert text in told[1]
    assert "copy" not in dynamodb.list_tables()["TableNames"]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"ProvisionedThroughputOverride": UNITS},
            "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
        ),
        (
            {"BillingModeOverride": "PROVISIONED"},
            "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (
            {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 0}},
            "Requested MaxReadRequestUnits for OnDemandThroughput is outside of valid range",
        ),
        (
            {
                "BillingModeOverride": "PROVISIONED",
                "ProvisionedThroughputOverride": UNITS,
                "GlobalSecondaryIndexOverride": [INDEX],
            },
            "Must specify provisioned throughput for index one",
        ),
        (
            {"GlobalSecondaryIndexOverride": [{**INDEX, "ProvisionedThroughput": UNITS}]},
            "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index "
            "one",
        ),
        (
            {"GlobalSecondaryIndexOverride": [{**INDEX, "Projection": {"ProjectionType": "KEYS_ONLY"}}]},
            "Index one does not match a secondary index that existed in the source table and cannot",
        ),
    ],
)
def test_what_is_refused_of_overrides(dynamodb: Any, params: dict[str, Any], text: str) -> None:
    backup = dynamodb.create_backup(TableName="kept", BackupName="one")["BackupDetails"]["BackupArn"]
    for restore, source in (
        (dynamodb.restore_table_from_backup, {"BackupArn": backup}),
        (dynamodb.restore_table_to_point_in_time, {"SourceTableName": "kept", **LATEST}),
    ):
        code, told = refused(restore, TargetTableName="copy", **source, **params)
        assert code == "ValidationException"
        assert text in told


def test_a_restored_table_has_what_was_overridden(dynamodb: Any) -> None:
    dynamodb.restore_table_to_point_in_time(SourceTableArn=f"{ARN}kept", TargetTableName="same", **LATEST)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="kept",
        TargetTableName="other",
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=UNITS,
        GlobalSecondaryIndexOverride=[{**INDEX, "IndexName": "two", "ProvisionedThroughput": UNITS}],
        **LATEST,
    )
    same, other = (dynamodb.describe_table(TableName=name)["Table"] for name in ("same", "other"))
    assert same["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert "RestoreSummary" not in same
    assert "BillingModeSummary" not in other
    assert [index["IndexName"] for index in same["GlobalSecondaryIndexes"]] == ["one"]
    assert [index["IndexName"] for index in other["GlobalSecondaryIndexes"]] == ["two"]
    assert other["ProvisionedThroughput"]["ReadCapacityUnits"] == 2
    assert dynamodb.scan(TableName="other")["Count"] == 1


def test_a_table_is_restored_without_indexes_by_an_empty_list(dynamodb: Any) -> None:
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="kept", TargetTableName="bare", GlobalSecondaryIndexOverride=[], **LATEST
    )
    assert "GlobalSecondaryIndexes" not in dynamodb.describe_table(TableName="bare")["Table"]


def test_the_moment_that_is_shown_can_be_restored_to(dynamodb: Any) -> None:
    shown = dynamodb.describe_continuous_backups(TableName="kept")["ContinuousBackupsDescription"]
    moment = shown["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="kept", TargetTableName="then", RestoreDateTime=moment
    )
    assert dynamodb.describe_table(TableName="then")["Table"]["TableStatus"] == "ACTIVE"


def test_a_restore_in_another_region_says_how_it_is_encrypted(account: Account, dynamodb: Any) -> None:
    backup = dynamodb.create_backup(TableName="kept", BackupName="one")["BackupDetails"]["BackupArn"]
    there = account.root.client("dynamodb", region_name=ELSEWHERE)
    for restore, source, name in (
        (there.restore_table_from_backup, {"BackupArn": backup}, "first"),
        (there.restore_table_to_point_in_time, {"SourceTableArn": f"{ARN}kept", **LATEST}, "second"),
    ):
        _, told = refused(restore, TargetTableName=name, **source)
        assert told == f"{REQUEST}sseSpecificationOverride must be provided for cross-region restores"
        restore(TargetTableName=name, SSESpecificationOverride={"Enabled": True}, **source)
        table = there.describe_table(TableName=name)["Table"]
        assert f":{ELSEWHERE}:" in table["TableArn"]
        assert f":{ELSEWHERE}:" in table["SSEDescription"]["KMSMasterKeyArn"]
    gone = backup.replace(REGION, "xx-fake-1")
    code, _ = refused(
        there.restore_table_from_backup,
        BackupArn=gone,
        TargetTableName="third",
        SSESpecificationOverride={"Enabled": True},
    )
    assert code == "BackupNotFoundException"


def test_days_are_not_given_for_what_is_turned_off(dynamodb: Any) -> None:
    recovery = {"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 7}
    _, told = refused(
        dynamodb.update_continuous_backups, TableName="kept", PointInTimeRecoverySpecification=recovery
    )
    assert told == f"{REQUEST}Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
