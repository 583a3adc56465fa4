from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow

SOURCE = {**TABLE, "TableName": "source"}
SERVICE = f"dynamodb.{REGION}.amazonaws.com"
OPERATIONS = {
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "DescribeKey",
}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    return account.root.client("dynamodb")


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def description(dynamodb: Any) -> Any:
    return dynamodb.describe_table(TableName="orders")["Table"].get("SSEDescription")


def specification(key: str) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


@pytest.mark.parametrize("form", ["arn", "id", "alias", "alias arn"])
def test_every_form_of_a_keys_name_ends_as_its_arn(
    account: Account, dynamodb: Any, kms: Any, form: str
) -> None:
    arn = account.key()
    kms.create_alias(AliasName="alias/mine", TargetKeyId=arn)
    alias_arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine"
    name = {"arn": arn, "id": arn.split("/")[1], "alias": "alias/mine", "alias arn": alias_arn}[form]
    expected = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
    made = dynamodb.create_table(**TABLE, SSESpecification=specification(name))["TableDescription"]
    assert made["SSEDescription"] == expected
    assert description(dynamodb) == expected


def test_update_table_sticks(account: Account, dynamodb: Any) -> None:
    arn = account.key()
    dynamodb.create_table(**TABLE)
    assert description(dynamodb) is None
    updated = dynamodb.update_table(TableName="orders", SSESpecification=specification(arn))[
        "TableDescription"
    ]
    assert updated["SSEDescription"] == {"Status": "UPDATING"}
    assert updated["TableStatus"] == "ACTIVE"
    assert description(dynamodb) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}


def test_changing_the_key_first_shows_the_old_one(account: Account, dynamodb: Any, kms: Any) -> None:
    old, new = account.key(), account.key()
    dynamodb.create_table(**TABLE, SSESpecification=specification(old))
    updated = dynamodb.update_table(TableName="orders", SSESpecification=specification(new))[
        "TableDescription"
    ]
    assert updated["SSEDescription"] == {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": old}
    assert description(dynamodb)["KMSMasterKeyArn"] == new
    assert kms.list_grants(KeyId=old)["Grants"] == []
    assert len(kms.list_grants(KeyId=new)["Grants"]) == 2


def test_disabling_leaves_no_description(account: Account, dynamodb: Any, kms: Any) -> None:
    arn = account.key()
    dynamodb.create_table(**TABLE, SSESpecification=specification(arn))
    updated = dynamodb.update_table(TableName="orders", SSESpecification={"Enabled": False})[
        "TableDescription"
    ]
    assert updated["SSEDescription"]["Status"] == "UPDATING"
    assert description(dynamodb) is None
    assert kms.list_grants(KeyId=arn)["Grants"] == []


def test_an_alias_is_resolved_once(account: Account, dynamodb: Any, kms: Any) -> None:
    first, second = account.key(), account.key()
    kms.create_alias(AliasName="alias/mine", TargetKeyId=first)
    dynamodb.create_table(**TABLE, SSESpecification=specification("alias/mine"))
    kms.update_alias(AliasName="alias/mine", TargetKeyId=second)
    assert description(dynamodb)["KMSMasterKeyArn"] == first


def test_dynamodb_leaves_two_grants_and_takes_them_with_the_table(
    account: Account, dynamodb: Any, kms: Any
) -> None:
    arn = account.key()
    mine = kms.create_grant(
        KeyId=arn, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Decrypt"]
    )
    dynamodb.create_table(**TABLE, SSESpecification=specification(arn))
    grants = [grant for grant in kms.list_grants(KeyId=arn)["Grants"] if grant["GrantId"] != mine["GrantId"]]
    assert len(grants) == 2
    for grant in grants:
        assert grant["GranteePrincipal"] == grant["RetiringPrincipal"] == SERVICE
        assert set(grant["Operations"]) == OPERATIONS
        context = {"aws:dynamodb:tableName": "orders", "aws:dynamodb:subscriberId": ACCOUNT}
        assert grant["Constraints"] == {"EncryptionContextSubset": context}
    dynamodb.delete_table(TableName="orders")
    assert [grant["GrantId"] for grant in kms.list_grants(KeyId=arn)["Grants"]] == [mine["GrantId"]]


def test_an_update_of_something_else_leaves_the_encryption(account: Account, dynamodb: Any) -> None:
    arn = account.key()
    dynamodb.create_table(**TABLE, SSESpecification=specification(arn))
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=True)
    assert description(dynamodb)["KMSMasterKeyArn"] == arn


def to_now(dynamodb: Any, **changed: Any) -> None:
    """Restore the table `source` as it is, as the table `copy`."""
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="source", PointInTimeRecoverySpecification=recovery)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="source", TargetTableName="copy", UseLatestRestorableTime=True, **changed
    )


@pytest.mark.parametrize("how", ["from a backup", "to a point in time"])
def test_a_restored_table_is_under_its_sources_key(account: Account, dynamodb: Any, how: str) -> None:
    arn = account.key()
    dynamodb.create_table(**SOURCE, SSESpecification=specification(arn))
    dynamodb.put_item(TableName="source", Item={"id": {"S": "1"}})
    if how == "from a backup":
        backup = dynamodb.create_backup(TableName="source", BackupName="before")["BackupDetails"]["BackupArn"]
        dynamodb.update_table(TableName="source", SSESpecification={"Enabled": False})
        dynamodb.restore_table_from_backup(TargetTableName="copy", BackupArn=backup)
    else:
        to_now(dynamodb)
    shown = dynamodb.describe_table(TableName="copy")["Table"]["SSEDescription"]
    assert shown["KMSMasterKeyArn"] == arn
    outsider = account.user("outsider", allow("dynamodb:*")).client("dynamodb")
    with pytest.raises(ClientError, match="KMS key access denied"):
        outsider.get_item(TableName="copy", Key={"id": {"S": "1"}})


def test_a_backup_needs_the_key_it_was_made_under(account: Account, dynamodb: Any) -> None:
    dynamodb.create_table(**SOURCE, SSESpecification=specification(account.key()))
    backup = dynamodb.create_backup(TableName="source", BackupName="before")["BackupDetails"]["BackupArn"]
    dynamodb.delete_table(TableName="source")
    outsider = account.user("outsider", allow("dynamodb:*")).client("dynamodb")
    with pytest.raises(ClientError, match="KMS key access denied"):
        outsider.restore_table_from_backup(TargetTableName="copy", BackupArn=backup)


def test_a_restore_may_choose_another_key(account: Account, dynamodb: Any) -> None:
    dynamodb.create_table(**SOURCE, SSESpecification=specification(account.key()))
    other = account.key()
    to_now(dynamodb, SSESpecificationOverride=specification(other))
    assert dynamodb.describe_table(TableName="copy")["Table"]["SSEDescription"]["KMSMasterKeyArn"] == other


def test_the_partition_key_of_an_index_is_its_leading_key(account: Account, dynamodb: Any) -> None:
    index = {
        "IndexName": "by-owner",
        "KeySchema": [
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": "id", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner")]
    dynamodb.create_table(**{**SOURCE, "AttributeDefinitions": attributes}, GlobalSecondaryIndexes=[index])
    dynamodb.query(
        TableName="source",
        IndexName="by-owner",
        KeyConditionExpression="#o = :o AND id = :i",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": "ana"}, ":i": {"S": "1"}},
    )
    context = account.run.trail.since()[-1].request.context
    assert context["dynamodb:LeadingKeys"] == ("ana",)
