"""What goes by the clock, seen from outside, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account, allow

from pytest_kmslab.config.options import Settings
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.session.run import Run

KEY = {"id": {"S": "1"}}


@pytest.fixture
def caching() -> Iterator[Account]:
    run = Run(Settings(table_key_cache=300.0))
    run.install()
    run.backend.start()
    yield Account(run)
    run.backend.stop()
    run.close()


def test_a_revoked_user_goes_on_reading_for_five_minutes_on_the_same_connection(caching: Account) -> None:
    key = caching.key()
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    caching.root.client("dynamodb").create_table(**TABLE, SSESpecification=specification)
    session = caching.user("ana", allow("dynamodb:*"), allow("kms:Decrypt"))
    old = session.client("dynamodb")
    old.get_item(TableName="orders", Key=KEY)
    caching.root.client("iam").delete_user_policy(UserName="ana", PolicyName="p1")
    old.get_item(TableName="orders", Key=KEY)
    with pytest.raises(ClientError, match="KMS key access denied"):
        session.client("dynamodb").get_item(TableName="orders", Key=KEY)
    caching.run.clock.advance(200)  # not 299: the machine's own clock goes on too
    old.put_item(TableName="orders", Item=KEY)
    caching.run.clock.advance(101)
    with pytest.raises(ClientError, match="KMS key access denied"):
        old.get_item(TableName="orders", Key=KEY)


def test_a_disabled_key_goes_unnoticed_as_long(caching: Account) -> None:
    key = caching.key()
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb = caching.root.client("dynamodb")
    dynamodb.create_table(**TABLE, SSESpecification=specification)
    dynamodb.get_item(TableName="orders", Key=KEY)
    caching.root.client("kms").disable_key(KeyId=key)
    dynamodb.get_item(TableName="orders", Key=KEY)
    caching.run.clock.advance(301)
    with pytest.raises(ClientError, match="KMS key disabled error"):
        dynamodb.get_item(TableName="orders", Key=KEY)


def test_a_denial_is_not_cached(caching: Account) -> None:
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": caching.key()}
    caching.root.client("dynamodb").create_table(**TABLE, SSESpecification=specification)
    dynamodb = caching.user("ana", allow("dynamodb:*")).client("dynamodb")
    with pytest.raises(ClientError, match="KMS key access denied"):
        dynamodb.get_item(TableName="orders", Key=KEY)
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}}'
    caching.root.client("iam").put_user_policy(UserName="ana", PolicyName="key", PolicyDocument=policy)
    dynamodb.get_item(TableName="orders", Key=KEY)


def test_encryption_may_change_four_times_a_day(account: Account) -> None:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)

    def change() -> None:
        specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": account.key()}
        dynamodb.update_table(TableName="orders", SSESpecification=specification)

    for _ in range(4):
        change()
    with pytest.raises(ClientError, match="Subscriber limit exceeded"):
        change()
    account.run.clock.advance(6 * 3600)
    change()


def test_a_refused_change_does_not_count(account: Account) -> None:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)
    key = account.key()
    wrong = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/none"}
    for _ in range(6):
        with pytest.raises(ClientError, match="not found"):
            dynamodb.update_table(TableName="orders", SSESpecification=wrong)
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb.update_table(TableName="orders", SSESpecification=specification)


def test_the_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="`-1`"):
        Clock().advance(-1)


def test_a_deny_from_a_date_on_begins_on_that_date(account: Account) -> None:
    soon = datetime.fromtimestamp(account.run.clock.now() + 3600, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    deny = allow("kms:ListKeys", Condition={"DateGreaterThan": {"aws:CurrentTime": soon}})
    deny["Statement"][0]["Effect"] = "Deny"
    kms = account.user("ana", allow("kms:ListKeys"), deny).client("kms")
    kms.list_keys()
    account.run.clock.advance(3601)
    with pytest.raises(ClientError, match="explicit deny"):
        kms.list_keys()


@pytest.mark.parametrize("change", ["re-encrypted", "made again", "made again under the same key"])
def test_a_new_table_key_is_in_no_cache(caching: Account, change: str) -> None:
    key, other = caching.key(), caching.key()
    dynamodb = caching.root.client("dynamodb")

    def under(arn: str) -> dict[str, object]:
        return {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn}}

    dynamodb.create_table(**TABLE, **under(key))
    ana = caching.user("ana", allow("dynamodb:*"), allow("kms:Decrypt")).client("dynamodb")
    ana.get_item(TableName="orders", Key=KEY)
    caching.root.client("iam").delete_user_policy(UserName="ana", PolicyName="p1")
    ana.get_item(TableName="orders", Key=KEY)
    if change == "re-encrypted":
        dynamodb.update_table(TableName="orders", **under(other))
    else:
        dynamodb.delete_table(TableName="orders")
        dynamodb.create_table(**TABLE, **under(key if "same" in change else other))
    with pytest.raises(ClientError, match="KMS key access denied"):
        ana.get_item(TableName="orders", Key=KEY)


def test_a_change_that_leaves_the_encryption_leaves_the_cache(caching: Account) -> None:
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": caching.key()}
    dynamodb = caching.root.client("dynamodb")
    dynamodb.create_table(**TABLE, SSESpecification=specification)
    ana = caching.user("ana", allow("dynamodb:*"), allow("kms:Decrypt")).client("dynamodb")
    ana.get_item(TableName="orders", Key=KEY)
    caching.root.client("iam").delete_user_policy(UserName="ana", PolicyName="p1")
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=True)
    ana.get_item(TableName="orders", Key=KEY)


def test_a_replica_that_is_made_again_has_a_new_table_key(caching: Account) -> None:
    there = caching.session(caching.run.backend.root).client("kms", region_name="eu-west-1")
    keys = [caching.key(), there.create_key()["KeyMetadata"]["Arn"]]
    encrypted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": keys[0]}
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb = caching.root.client("dynamodb")
    dynamodb.create_table(**TABLE, SSESpecification=encrypted, StreamSpecification=stream)
    create = {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": keys[1]}}
    dynamodb.update_table(TableName="orders", ReplicaUpdates=[create])
    session = caching.user("ana", allow("dynamodb:*"), allow("kms:Decrypt"))
    here, replica = (session.client("dynamodb", region_name=name) for name in ("us-east-1", "eu-west-1"))
    for ana in (here, replica):
        ana.get_item(TableName="orders", Key=KEY)
    caching.root.client("iam").delete_user_policy(UserName="ana", PolicyName="p1")
    dynamodb.update_table(TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    dynamodb.update_table(TableName="orders", ReplicaUpdates=[create])
    with pytest.raises(ClientError, match="KMS key access denied"):
        replica.get_item(TableName="orders", Key=KEY)
    here.get_item(TableName="orders", Key=KEY)
