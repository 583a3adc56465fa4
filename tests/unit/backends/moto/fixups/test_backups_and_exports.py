"""Backups and exports where moto does otherwise than DynamoDB.

What AWS does is measured: findings DDB-BACKUP-nnn and DDB-EXPORT-nnn of
aws-controllers-k8s/dynamodb-controller.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow
from helpers.asserts import code

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"


@pytest.fixture
def dynamodb(account: Account) -> Any:
    client = account.root.client("dynamodb")
    client.create_table(**TABLE)
    on = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=on)
    return client


def backup(client: Any) -> dict[str, Any]:
    made: dict[str, Any] = client.create_backup(TableName="orders", BackupName="one")["BackupDetails"]
    return made


def export(client: Any, **params: Any) -> str:
    named = {"TableArn": ARN, "S3Bucket": "nowhere", **params}
    return str(client.export_table_to_point_in_time(**named)["ExportDescription"]["ExportArn"])


def said(error: Any) -> str:
    return str(error.value).partition(" operation: ")[2]


def test_a_backup_is_found_by_the_arn_of_any_region(account: Account, dynamodb: Any) -> None:
    made = backup(dynamodb)
    assert made["BackupStatus"] == "CREATING"
    elsewhere = made["BackupArn"].replace(REGION, "eu-west-1")
    for arn in (made["BackupArn"], elsewhere):
        shown = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        assert (shown["BackupArn"], shown["BackupStatus"]) == (arn, "AVAILABLE")
    there = account.root.client("dynamodb", region_name="eu-west-1")
    assert code(there.describe_backup, BackupArn=made["BackupArn"]) == "BackupNotFoundException"
    assert dynamodb.delete_backup(BackupArn=elsewhere)["BackupDescription"]["BackupDetails"] is not None
    assert code(dynamodb.describe_backup, BackupArn=made["BackupArn"]) == "BackupNotFoundException"


@pytest.mark.parametrize("other", [REGION, "eu-west-1"])
def test_both_arns_of_a_backup_are_decided(account: Account, dynamodb: Any, other: str) -> None:
    """Which of the two AWS decides about is not known: neither of them may be denied."""
    arn = backup(dynamodb)["BackupArn"]
    named = arn.replace(REGION, "eu-west-1")
    deny = {"Effect": "Deny", "Action": "dynamodb:DeleteBackup", "Resource": arn.replace(REGION, other)}
    granted = allow("dynamodb:*")
    user = account.user("ana", {**granted, "Statement": [*granted["Statement"], deny]})
    assert code(user.client("dynamodb").delete_backup, BackupArn=named) == "AccessDeniedException"
    dynamodb.describe_backup(BackupArn=arn)


@pytest.mark.parametrize(("old", "new"), [(REGION, "xx-fake-1"), ("arn:aws:", "arn:aws-cn:")])
def test_an_arn_of_no_region_or_another_partition(dynamodb: Any, old: str, new: str) -> None:
    arn = backup(dynamodb)["BackupArn"].replace(old, new)
    with pytest.raises(ClientError, match="Invalid Request: BackupArn is not valid"):
        dynamodb.describe_backup(BackupArn=arn)


def test_backups_are_listed_by_type_time_and_page(dynamodb: Any) -> None:
    first, second = backup(dynamodb), backup(dynamodb)

    def listed(**params: Any) -> list[str]:
        return [row["BackupArn"] for row in dynamodb.list_backups(**params)["BackupSummaries"]]

    both = [first["BackupArn"], second["BackupArn"]]
    assert sorted(both) == listed() == listed(BackupType="ALL") == listed(TableName=ARN)
    assert listed(BackupType="SYSTEM") == listed(TableName="nope") == []
    page = dynamodb.list_backups(Limit=1)
    last = page["LastEvaluatedBackupArn"]
    assert [last, *listed(ExclusiveStartBackupArn=last)] == sorted(both)
    assert "LastEvaluatedBackupArn" not in dynamodb.list_backups(Limit=2)
    hour = time.time() - 3600
    assert listed(TimeRangeUpperBound=hour) == []
    assert listed(TimeRangeLowerBound=hour) == sorted(both)
    for params, text in (
        ({"TimeRangeLowerBound": 2, "TimeRangeUpperBound": 1}, "Time range lower bound must be less than"),
        ({"ExclusiveStartBackupArn": last.replace(REGION, "eu-west-1")}, "does not match the region"),
    ):
        with pytest.raises(ClientError, match=text):
            listed(**params)


def test_the_token_of_an_export_is_for_one_export(dynamodb: Any) -> None:
    """DDB-EXPORT-009."""
    begun = export(dynamodb, ClientToken="token")
    assert export(dynamodb, ClientToken="token") == begun
    for changed in ({"S3Prefix": "x"}, {"ExportFormat": "ION"}, {"TableArn": f"{ARN}s"}):
        with pytest.raises(ClientError) as refused:
            export(dynamodb, ClientToken="token", **changed)
        assert refused.value.response["Error"]["Code"] == "ExportConflictException"
        assert said(refused) == "Export conflict: Duplicate request detected with conflicting parameters"
    assert export(dynamodb, ClientToken="another") != begun
    assert len({export(dynamodb), export(dynamodb)}) == 2


def test_an_export_outlives_its_table_and_is_listed_no_more(dynamodb: Any) -> None:
    """DDB-EXPORT-006, 020."""
    begun = export(dynamodb)
    with pytest.raises(ClientError) as refused:
        dynamodb.describe_export(ExportArn=f"{begun}0")
    assert said(refused) == f"Export not found: Export not found: {begun}0"
    with pytest.raises(ClientError) as refused:
        dynamodb.describe_export(ExportArn=begun.replace(REGION, "eu-west-1"))
    assert said(refused) == "Export not found: Invalid export arn"
    for _ in range(2):
        dynamodb.delete_table(TableName="orders")
        assert dynamodb.list_exports(TableArn=ARN)["ExportSummaries"] == []
        assert dynamodb.describe_export(ExportArn=begun)["ExportDescription"]["TableArn"] == ARN
        dynamodb.create_table(**TABLE)


def test_the_moments_of_an_export(account: Account, dynamodb: Any) -> None:
    now = int(time.time())
    account.run.clock.advance(1000)
    export(dynamodb, ExportTime=now + 900)
    increment = {"ExportType": "INCREMENTAL_EXPORT"}

    def of(**period: int) -> str:
        return export(dynamodb, **increment, IncrementalExportSpecification=period)

    of(ExportFromTime=now + 1)
    of(ExportFromTime=now + 1, ExportToTime=now + 901)
    for act, text in (
        (lambda: export(dynamodb, ExportTime=now + 5000), "Export Time is invalid"),
        (lambda: export(dynamodb, ExportTime=now - 5000), "Export Time is invalid"),
        (lambda: of(ExportFromTime=now - 60), "from time cannot be less than the table creation time : 2"),
        (
            lambda: of(ExportFromTime=now + 1, ExportToTime=now + 5000),
            "to time cannot be greater than the current time : 2",
        ),
        (lambda: of(ExportFromTime=now + 500), "is less than 15 minutes"),
    ):
        with pytest.raises(ClientError, match=text) as refused:
            act()
        assert refused.value.response["Error"]["Code"] == "InvalidExportTimeException"
    account.run.clock.advance(100_000)
    with pytest.raises(ClientError, match="is greater than 24 hours"):
        of(ExportFromTime=now + 1)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"TableArn": "orders"}, "One or more parameter values were invalid: tableArn is not a valid ARN"),
        ({"TableArn": f"{ARN}/index/one"}, "Invalid Request: Table ARN is invalid."),
        ({"S3SseKmsKeyId": "alias/x"}, "KMS Key Id is not supported for this encryption type"),
        (
            {"S3SseKmsKeyId": "alias/x", "S3SseAlgorithm": "AES256"},
            "KMS Key Id is not supported for this encryption type",
        ),
        ({"ExportType": "INCREMENTAL_EXPORT"}, "Incremental Export Specification expected when export type"),
        ({"IncrementalExportSpecification": {}}, "Export Type expected to be Incremental Export when"),
        (
            {"ExportType": "FULL_EXPORT", "IncrementalExportSpecification": {}},
            "When Export Type is Full Export , Incremental Export Specification should not be provided",
        ),
        (
            {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {}},
            "ExportFromTime must be provided in IncrementalExportSpecification",
        ),
    ],
)
def test_what_does_not_go_together_in_an_export(dynamodb: Any, params: dict[str, Any], text: str) -> None:
    """DDB-EXPORT-001 to 005."""
    with pytest.raises(ClientError, match=text) as refused:
        export(dynamodb, **params)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_tokens_and_markers_that_nobody_gave_out(account: Account, dynamodb: Any) -> None:
    iam = account.root.client("iam")
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="all")
    for act in (iam.list_roles, iam.list_policies, iam.list_users, iam.list_virtual_mfa_devices):
        for marker in ("none", "-1", "é"):
            assert code(act, Marker=marker) == "ValidationError"
    assert code(iam.list_attached_user_policies, UserName="ana", Marker="none") == "ValidationError"
    assert code(iam.list_attached_group_policies, GroupName="all", Marker="none") == "ValidationError"
    for name in ("r1", "r2"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    page = iam.list_roles(MaxItems=1)
    (rest,) = iam.list_roles(MaxItems=1, Marker=page["Marker"])["Roles"]
    assert {page["Roles"][0]["RoleName"], rest["RoleName"]} == {"r1", "r2"}

    tags = [{"Key": f"{number:02}", "Value": "x"} for number in range(12)]
    dynamodb.tag_resource(ResourceArn=ARN, Tags=tags)
    token = dynamodb.list_tags_of_resource(ResourceArn=ARN)["NextToken"]
    assert len(dynamodb.list_tags_of_resource(ResourceArn=ARN, NextToken=token)["Tags"]) == 2
    for act, params in (
        (dynamodb.list_tags_of_resource, {"ResourceArn": ARN, "NextToken": "none"}),
        (dynamodb.list_exports, {"NextToken": "none"}),
        (dynamodb.list_imports, {"NextToken": "0" * 112}),
    ):
        with pytest.raises(ClientError, match="Provided nextToken is invalid: "):
            act(**params)
