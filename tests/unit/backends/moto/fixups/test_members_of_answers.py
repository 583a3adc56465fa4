"""Answers that moto does not give, or gives otherwise: with every member that AWS documents of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, TABLE, Account
from helpers.tables import index as index_of
from helpers.tables import indexed, table

KEY = {"id": {"S": "1"}}
STREAM: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
KINESIS = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"


@pytest.fixture
def db(account: Account) -> Any:
    return account.root.client("dynamodb")


def refused(call: Any, **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response
    return error["Error"]["Code"], error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_keys_of_several_regions_name_each_other(account: Account) -> None:
    here = account.root.client("kms")
    made = here.create_key(MultiRegion=True)["KeyMetadata"]
    there = account.root.client("kms", region_name="eu-west-1")
    answer = here.replicate_key(KeyId=made["KeyId"], ReplicaRegion="eu-west-1")
    replica = answer["ReplicaKeyMetadata"]["Arn"]
    policy = there.get_key_policy(KeyId=made["KeyId"], PolicyName="default")["Policy"]
    assert answer["ReplicaPolicy"] == policy

    def told(kms: Any) -> tuple[str, str, list[str]]:
        shown = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
        others = [other["Arn"] for other in shown["ReplicaKeys"]]
        return shown["MultiRegionKeyType"], shown["PrimaryKey"]["Arn"], others

    assert told(here) == ("PRIMARY", made["Arn"], [replica])
    assert told(there) == ("REPLICA", made["Arn"], [replica])
    here.update_primary_region(KeyId=made["KeyId"], PrimaryRegion="eu-west-1")
    assert told(here) == ("REPLICA", replica, [made["Arn"]])
    assert told(there) == ("PRIMARY", replica, [made["Arn"]])


def test_what_signs_names_its_key(account: Account) -> None:
    kms: Any = account.root.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    algorithm = {"KeyId": key["KeyId"], "SigningAlgorithm": "ECDSA_SHA_256"}
    made = kms.sign(Message=b"x", **algorithm)
    assert (made["KeyId"], made["SigningAlgorithm"]) == (key["Arn"], "ECDSA_SHA_256")
    checked = kms.verify(Message=b"x", Signature=made["Signature"], **algorithm)
    assert (checked["KeyId"], checked["SignatureValid"]) == (key["Arn"], True)


def test_key_stores_are_none(account: Account) -> None:
    kms: Any = account.root.client("kms")
    shown = kms.describe_custom_key_stores()
    assert (shown["CustomKeyStores"], shown["Truncated"]) == ([], False)
    told = ("CustomKeyStoreNotFoundException", "Custom key store cks-1 does not exist.", 400)
    assert refused(kms.describe_custom_key_stores, CustomKeyStoreId="cks-1") == told


def test_capacity_and_collections_are_told_only_to_who_asks(db: Any) -> None:
    db.create_table(**TABLE)
    nothing = {"ReturnConsumedCapacity": "NONE", "ReturnItemCollectionMetrics": "NONE"}
    for more in (nothing, {}):
        put = db.put_item(TableName="orders", Item=KEY, **more)
        writes = {"orders": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": {"id": {"S": "2"}}}}]}
        batch = db.batch_write_item(RequestItems=writes, **more)
        for answer in (put, batch):
            assert not {"ConsumedCapacity", "ItemCollectionMetrics"} & set(answer)
    found = db.get_item(TableName="orders", Key=KEY, ReturnConsumedCapacity="TOTAL")
    assert found["ConsumedCapacity"]["TableName"] == "orders"


def test_a_batch_writes_to_a_table_by_its_arn_too(account: Account) -> None:
    there: Any = account.root.client("dynamodb", region_name="eu-west-1")
    arn = there.create_table(**TABLE)["TableDescription"]["TableArn"]
    there.put_item(TableName="orders", Item=KEY)
    writes = [{"DeleteRequest": {"Key": KEY}}, {"PutRequest": {"Item": {"id": {"S": "2"}}}}]
    there.batch_write_item(RequestItems={arn: writes})
    assert there.scan(TableName="orders")["Items"] == [{"id": {"S": "2"}}]


def test_a_stream_that_is_off_is_described_as_it_was(account: Account, db: Any) -> None:
    made = db.create_table(**table(**STREAM))["TableDescription"]
    streams = account.root.client("dynamodbstreams")
    before = streams.describe_stream(StreamArn=made["LatestStreamArn"])["StreamDescription"]
    db.update_table(TableName="orders", StreamSpecification={"StreamEnabled": False})
    after = streams.describe_stream(StreamArn=made["LatestStreamArn"])["StreamDescription"]
    made_at = "CreationRequestDateTime"
    assert after == {**before, "StreamStatus": "DISABLED", made_at: after[made_at]}
    assert abs(after[made_at] - before[made_at]) < timedelta(milliseconds=1)
    assert {"TableName", "KeySchema", "StreamViewType", "StreamLabel"} <= set(after)


def test_warmth_that_is_not_asked_for_stays(db: Any) -> None:
    db.create_table(**TABLE)
    db.update_table(TableName="orders", WarmThroughput={"ReadUnitsPerSecond": 13_000})
    db.update_table(TableName="orders", WarmThroughput={"WriteUnitsPerSecond": 5_000})
    warm = db.describe_table(TableName="orders")["Table"]["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (13_000, 5_000)


def test_a_table_is_protected_in_dynamodbs_words(db: Any) -> None:
    db.create_table(**TABLE, DeletionProtectionEnabled=True)
    code, text, status = refused(db.delete_table, TableName="orders")
    assert (code, status) == ("ValidationException", 400)
    assert "protected against deletion" in text


def test_local_indexes_are_restored_as_chosen(db: Any) -> None:
    made = indexed(index_of("lx1", "id", "a"), index_of("lx2", "id", "b"), local=True)
    shown = db.create_table(**made)["TableDescription"]["LocalSecondaryIndexes"]
    backup = db.create_backup(TableName="orders", BackupName="one")["BackupDetails"]["BackupArn"]
    (chosen,) = [each for each in shown if each["IndexName"] == "lx2"]
    wanted = {member: chosen[member] for member in ("IndexName", "KeySchema", "Projection")}
    restored = db.restore_table_from_backup(
        TargetTableName="copy", BackupArn=backup, LocalSecondaryIndexOverride=[wanted]
    )["TableDescription"]
    assert [each["IndexName"] for each in restored["LocalSecondaryIndexes"]] == ["lx2"]
    assert (restored["TableStatus"], restored["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    units = restored["ProvisionedThroughput"]
    assert (units["ReadCapacityUnits"], units["WriteCapacityUnits"]) == (0, 0)


def test_destinations_of_a_table_are_told_with_their_state(db: Any) -> None:
    db.create_table(**TABLE)
    given = {"TableName": "orders", "StreamArn": KINESIS}
    db.enable_kinesis_streaming_destination(**given)
    assert db.disable_kinesis_streaming_destination(**given)["DestinationStatus"] == "DISABLING"
    (shown,) = db.describe_kinesis_streaming_destination(TableName="orders")["KinesisDataStreamDestinations"]
    assert shown == {"StreamArn": KINESIS, "DestinationStatus": "DISABLED"}


def times_in(answer: Any) -> Iterator[datetime]:
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield from [value] if name.endswith(("Date", "DateTime")) else times_in(value)


def test_times_have_a_zone_as_boto3_gives_them(account: Account, db: Any) -> None:
    both: dict[str, Any] = {
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    }
    for region in ("us-east-1", "eu-west-1"):
        client: Any = account.root.client("dynamodb", region_name=region)
        client.create_table(**table(**both))
    regions = [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1"}]
    backup = db.create_backup(TableName="orders", BackupName="one")["BackupDetails"]["BackupArn"]
    iam: Any = account.root.client("iam")
    iam.create_user(UserName="ana")
    answers = [
        db.create_global_table(GlobalTableName="orders", ReplicationGroup=regions),
        db.describe_global_table(GlobalTableName="orders"),
        db.restore_table_from_backup(TargetTableName="copy", BackupArn=backup),
        iam.create_service_specific_credential(UserName="ana", ServiceName="codecommit.amazonaws.com"),
    ]
    now = datetime.now(timezone.utc)
    for answer in answers:
        moments = list(times_in(answer))
        assert moments
        assert all(timedelta() <= now - moment < timedelta(minutes=5) for moment in moments)


def test_tokens_of_lists_that_nobody_gave_out_are_told(db: Any) -> None:
    arn = db.create_table(**TABLE)["TableDescription"]["TableArn"]
    text = "Invalid Request: Provided nextToken is invalid: x"
    assert refused(db.list_exports, NextToken="x")[1] == text
    assert refused(db.list_tags_of_resource, ResourceArn=arn, NextToken="x")[1] == text


def test_a_login_profile_takes_a_new_password(account: Account) -> None:
    iam: Any = account.root.client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Str0ng-enough!", PasswordResetRequired=True)
    iam.update_login_profile(UserName="ana", Password="Str0ng-enough?", PasswordResetRequired=False)
    profile = iam.get_login_profile(UserName="ana")["LoginProfile"]
    assert (profile["UserName"], profile["PasswordResetRequired"]) == ("ana", False)


def test_a_credential_that_is_reset_says_whose_it_is(account: Account) -> None:
    iam: Any = account.root.client("iam")
    iam.create_user(UserName="ana")
    made = iam.create_service_specific_credential(UserName="ana", ServiceName="codecommit.amazonaws.com")
    its = {"ServiceSpecificCredentialId": made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]}
    again = iam.reset_service_specific_credential(UserName="ana", **its)["ServiceSpecificCredential"]
    assert again["UserName"] == "ana"
    assert set(again) == set(made["ServiceSpecificCredential"])


def test_what_is_attached_and_what_is_not_there_are_told_in_iams_words(account: Account) -> None:
    iam: Any = account.root.client("iam")
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_user(UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    told = ("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    assert refused(iam.delete_policy, PolicyArn=arn) == told
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com"
    told = ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {provider}", 404)
    add = iam.add_client_id_to_open_id_connect_provider
    assert refused(add, OpenIDConnectProviderArn=provider, ClientID="one") == told


def test_a_role_that_a_service_makes_lasts_as_long_as_others(account: Account) -> None:
    account.root.client("kms").create_key(MultiRegion=True)
    name = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
    role = account.root.client("iam").get_role(RoleName=name)["Role"]
    assert role["MaxSessionDuration"] == 3600


def test_tokens_of_requests_are_let_go_after_a_time(account: Account, db: Any) -> None:
    db.create_table(**TABLE)
    put = {"Put": {"TableName": "orders", "Item": KEY}}
    for token in ("one", "two"):
        db.transact_write_items(TransactItems=[put], ClientRequestToken=token)
        account.run.clock.advance(9 * 60 * 60)
    db.transact_write_items(TransactItems=[put], ClientRequestToken="one")


def test_a_transaction_of_statements_that_comes_again_is_answered_again(db: Any) -> None:
    db.create_table(**TABLE)
    statements = [{"Statement": "INSERT INTO orders VALUE {'id': '1'}"}]
    for _ in range(2):
        answer = db.execute_transaction(TransactStatements=statements, ClientRequestToken="one")
        assert answer["Responses"] in ([], [{}])
