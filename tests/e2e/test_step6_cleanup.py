"""Step 6: delete everything, and look whether it is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import IamUser, Lab, TeardownError

Client = Callable[[IamUser, str], Any]


def alarms(cloudwatch: Any) -> list[str]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate()
    return [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]


def test_the_tables_alarms_go_with_it_and_no_others(kmslab: Lab, client: Client, iam_admin: IamUser) -> None:
    table, other = kmslab.create_table(), kmslab.create_table()
    mine, others = [kmslab.create_alarm(table) for _ in range(2)], kmslab.create_alarm(other)
    table.delete()
    left = alarms(client(iam_admin, "cloudwatch"))
    assert not set(mine) & set(left)
    assert others in left


def test_the_table_is_gone_and_no_backup_was_made(kmslab: Lab, client: Client, iam_admin: IamUser) -> None:
    table = kmslab.create_table()
    table.delete()
    dynamodb = client(iam_admin, "dynamodb")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.describe_table(TableName=table.name)
    assert not table.exists()
    assert dynamodb.list_backups(TableName=table.name)["BackupSummaries"] == []


def test_a_table_can_be_deleted_twice(kmslab: Lab) -> None:
    table = kmslab.create_table()
    table.delete()
    table.delete()


def test_the_key_is_scheduled_for_deletion_in_seven_days(kmslab: Lab) -> None:
    key = kmslab.create_key()
    due = key.schedule_deletion()
    described = key.describe()
    assert described["KeyState"] == "PendingDeletion"
    assert described["DeletionDate"] == due
    assert abs(due - datetime.now(timezone.utc) - timedelta(days=7)) < timedelta(minutes=10)


def test_a_key_that_will_be_deleted_refuses_use(kmslab: Lab, client: Client, iam_admin: IamUser) -> None:
    key, kms = kmslab.create_key(), client(iam_admin, "kms")
    sealed = kms.encrypt(KeyId=key.arn, Plaintext=b"x")["CiphertextBlob"]
    key.schedule_deletion()
    for use in (
        lambda: kms.encrypt(KeyId=key.arn, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.generate_data_key(KeyId=key.arn, KeySpec="AES_256"),
    ):
        with pytest.raises(ClientError, match=r"KMSInvalidStateException.*is pending deletion"):
            use()


def test_the_key_loses_its_alias_when_it_is_removed(kmslab: Lab, client: Client, iam_admin: IamUser) -> None:
    key = kmslab.create_key()
    alias = key.alias
    key.remove()
    key.remove()
    pages = client(iam_admin, "kms").get_paginator("list_aliases").paginate()
    assert alias not in [alias_there["AliasName"] for page in pages for alias_there in page["Aliases"]]
    assert key.state() == "PendingDeletion"


def test_the_user_goes_with_everything_that_blocks_it(
    kmslab: Lab, client: Client, iam_admin: IamUser
) -> None:
    user = kmslab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
    iam = client(iam_admin, "iam")
    group = f"group-of-{user.name}"
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    iam.create_access_key(UserName=user.name)
    iam.put_user_policy(UserName=user.name, PolicyName="inline", PolicyDocument=everything)
    iam.create_group(GroupName=group)
    try:
        iam.add_user_to_group(GroupName=group, UserName=user.name)
        with pytest.raises(ClientError, match="DeleteConflict"):
            iam.delete_user(UserName=user.name)
        user.delete()
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.get_user(UserName=user.name)
        assert iam.get_group(GroupName=group)["Users"] == []
    finally:
        iam.delete_group(GroupName=group)


def test_the_credentials_file_goes_with_the_user(kmslab: Lab) -> None:
    user = kmslab.create_user(console=True)
    assert user.console is not None
    assert user.console.csv_path.exists()
    user.delete()
    assert not user.console.csv_path.exists()


def test_nothing_of_a_run_is_left(kmslab: Lab) -> None:
    before = kmslab.inventory()
    with kmslab.nested() as lab:
        key, table = lab.create_key(), lab.create_table()
        table.encrypt(key)
        lab.create_alarm(table)
        user = lab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
        made = set(lab.inventory()) - set(before)
    assert {key.arn, table.arn, user.arn} < made
    assert len(made) == 4
    assert kmslab.inventory() == before


def make_what_cannot_be_removed(lab: Lab, dynamodb: Any) -> str:
    """A key, a protected table and a user; returns the table's name."""
    lab.create_key()
    table = lab.create_table()
    lab.create_user()
    dynamodb.update_table(TableName=table.name, DeletionProtectionEnabled=True)
    return table.name


def test_an_error_does_not_stop_the_clean_up_and_is_told(
    kmslab: Lab, client: Client, iam_admin: IamUser
) -> None:
    before, dynamodb = kmslab.inventory(), client(iam_admin, "dynamodb")
    with pytest.raises(TeardownError) as caught, kmslab.nested() as lab:
        name = make_what_cannot_be_removed(lab, dynamodb)
    assert [what for what, _ in caught.value.failures] == [f"table `{name}`"]
    assert [arn.rsplit("/", 1)[-1] for arn in set(kmslab.inventory()) - set(before)] == [name]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    lab.close()
    assert kmslab.inventory() == before
