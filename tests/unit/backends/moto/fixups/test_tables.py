"""Tables in forms that moto does not know: what is decided on is what is done."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow
from moto.dynamodb.models.table import Table

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
KEY = {"id": {"S": "1"}}
INDEX = {
    "IndexName": "by-team",
    "KeySchema": [{"AttributeName": "team", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    return account.root.client("dynamodb")


def error(act: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act(**params)
    told = caught.value.response["Error"]
    return told["Code"], told["Message"]


@pytest.mark.parametrize("named", ["by id", "by arn", "by no name"])
def test_a_table_of_cloudformation_needs_its_key(account: Account, dynamodb: Any, named: str) -> None:
    key = account.key()
    name = {"by id": key.rpartition("/")[2], "by arn": key, "by no name": None}[named]
    specification = {"SSEEnabled": True, **({"SSEType": "KMS", "KMSMasterKeyId": name} if name else {})}
    template = {"Properties": {**TABLE, "SSESpecification": specification}}
    Table.create_from_cloudformation_json("orders", template, ACCOUNT, REGION)
    reader = account.user("reader", allow("dynamodb:*")).client("dynamodb")
    shown = dynamodb.describe_table(TableName="orders")["Table"]["SSEDescription"]
    if name is None:  # the AWS managed key lets everybody of its account in
        assert shown["KMSMasterKeyArn"] != key
        reader.get_item(TableName="orders", Key=KEY)
    else:
        assert shown == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
        assert error(reader.get_item, TableName="orders", Key=KEY)[0] == "AccessDeniedException"


def test_a_table_of_cloudformation_may_have_the_aws_owned_key(account: Account, dynamodb: Any) -> None:
    template = {"Properties": {**TABLE, "SSESpecification": {"SSEEnabled": "false"}}}
    Table.create_from_cloudformation_json("orders", template, ACCOUNT, REGION)
    assert "SSEDescription" not in dynamodb.describe_table(TableName="orders")["Table"]


def test_a_table_is_made_by_its_own_arn(dynamodb: Any) -> None:
    dynamodb.create_table(**{**TABLE, "TableName": ARN})
    assert dynamodb.list_tables()["TableNames"] == ["orders"]


@pytest.mark.parametrize("other", [(REGION, "eu-west-1"), (ACCOUNT, "999999999999")])
def test_no_table_is_made_elsewhere(dynamodb: Any, other: tuple[str, str]) -> None:
    elsewhere = ARN.replace(*other)
    assert error(dynamodb.create_table, **{**TABLE, "TableName": elsewhere})[0] == "ValidationException"
    assert dynamodb.list_tables()["TableNames"] == []


def test_a_table_is_restored_under_a_name_only(dynamodb: Any) -> None:
    dynamodb.create_table(**TABLE)
    backup = dynamodb.create_backup(TableName="orders", BackupName="before")["BackupDetails"]["BackupArn"]
    restore = dynamodb.restore_table_from_backup
    target = ARN.replace("table/orders", "table/copy")
    assert error(restore, BackupArn=backup, TargetTableName=target)[0] == "ValidationException"
    restore(BackupArn=backup, TargetTableName="copy")


@pytest.mark.parametrize("operation", ["delete_table", "describe_time_to_live", "update_time_to_live"])
def test_a_missing_table_is_told_of_as_by_dynamodb(dynamodb: Any, operation: str) -> None:
    more = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}}
    params = {"TableName": "none", **(more if operation.startswith("update") else {})}
    assert error(getattr(dynamodb, operation), **params) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: none not found",
    )


STATEMENT = 'SELECT * FROM "orders"."by-team" WHERE team = \'red\''


def test_a_statement_reads_an_index(dynamodb: Any) -> None:
    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "team", "AttributeType": "S"}]  # type: ignore[misc]
    dynamodb.create_table(**{**TABLE, "AttributeDefinitions": attributes, "GlobalSecondaryIndexes": [INDEX]})
    item = {**KEY, "team": {"S": "red"}}
    dynamodb.put_item(TableName="orders", Item=item)
    assert dynamodb.execute_statement(Statement=STATEMENT)["Items"] == [item]


def test_a_table_is_exported_without_a_prefix(account: Account, dynamodb: Any) -> None:
    dynamodb.create_table(**TABLE)
    pitr = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=pitr)
    account.root.client("s3").create_bucket(Bucket="exports")
    dynamodb.export_table_to_point_in_time(TableArn=ARN, S3Bucket="exports")
