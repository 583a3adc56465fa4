"""What DynamoDB asks of KMS as its caller, and what of that a policy can look at."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from helpers.account import REGION
from helpers.world import (
    DENIED,
    FULL_ACCESS,
    ITEM,
    ITEM_KEY,
    KEY_DENIED,
    World,
    allow,
    deny,
    encryption,
    refused,
    to,
)

DYNAMODB = f"dynamodb.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        ({"StringEquals": {"kms:ViaService": DYNAMODB}}, True),
        ({"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}, False),
        ({"StringEquals": {"kms:CallerAccount": "999999999999"}}, False),
        ({"Bool": {"aws:ViaAWSService": "true"}}, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"Null": {"kms:EncryptionContext:aws:dynamodb:tableName": "false"}}, True),
    ],
)
def test_a_condition_on_how_the_key_is_used(world: World, condition: dict[str, object], reads: bool) -> None:
    user = world.user(managed=FULL_ACCESS)
    table = world.table(world.key(to(user.arn, "kms:Decrypt", Condition=condition)))
    if reads:
        assert user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)["Item"] == ITEM
        user.dynamodb.put_item(TableName=table, Item=ITEM)
        return
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)


def test_a_right_through_dynamodb_is_none_to_the_key_itself(world: World) -> None:
    user = world.user(managed=FULL_ACCESS)
    through = {"StringEquals": {"kms:ViaService": DYNAMODB, "kms:CallerAccount": world.account}}
    key = world.key(to("*", ["kms:Decrypt", "kms:DescribeKey"], Condition=through))
    table = world.table(key)
    user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    with refused(DENIED):
        user.kms.decrypt(CiphertextBlob=world.encrypted(key))


def test_a_right_for_one_table_is_none_for_another(world: World) -> None:
    key, user = world.key(), world.user(managed=FULL_ACCESS)
    table, other = world.table(key), world.table(key)
    context = {"tableName": table, "subscriberId": world.account}
    named = {f"kms:EncryptionContext:aws:dynamodb:{name}": value for name, value in context.items()}
    world.put_key_policy(key, to(user.arn, "kms:Decrypt", Condition={"StringEquals": named}))
    user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(TableName=other, Key=ITEM_KEY)


def test_a_deny_of_the_key_closes_the_table(world: World) -> None:
    user = world.user(allow("dynamodb:*"), deny("kms:Decrypt"))
    table = world.table(world.key(to(user.arn)))
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)


def test_encryption_is_changed_and_taken_off_by_who_may_use_the_key(world: World) -> None:
    user, key, table = world.user(managed=FULL_ACCESS), world.key(), world.table()
    read = {"TableName": table, "Key": ITEM_KEY}
    user.dynamodb.get_item(**read)
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.update_table(TableName=table, SSESpecification=encryption(key))
    world.dynamodb.update_table(TableName=table, SSESpecification=encryption(key))
    shown = world.dynamodb.describe_table(TableName=table)["Table"]["SSEDescription"]
    assert (shown["Status"], shown["KMSMasterKeyArn"]) == ("ENABLED", key)
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(**read)
    world.dynamodb.update_table(TableName=table, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in world.dynamodb.describe_table(TableName=table)["Table"]
    user.dynamodb.get_item(**read)


def test_the_aws_managed_key_is_open_through_dynamodb_only(world: World) -> None:
    user, table = world.user(managed=FULL_ACCESS), world.table()
    managed = {"Enabled": True, "SSEType": "KMS"}
    world.dynamodb.update_table(TableName=table, SSESpecification=managed)
    user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    user.dynamodb.put_item(TableName=table, Item=ITEM)
    key = world.dynamodb.describe_table(TableName=table)["Table"]["SSEDescription"]["KMSMasterKeyArn"]
    metadata = world.kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert (metadata["Arn"], metadata["KeyManager"]) == (key, "AWS")
    assert (
        metadata["Description"] == "Default key that protects my DynamoDB data when no other key is defined"
    )
    assert json.loads(world.kms.get_key_policy(KeyId=key)["Policy"])["Id"] == "auto-dynamodb-1"
    with refused(DENIED):
        world.kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_key_that_is_off_is_no_denial(world: World) -> None:
    user = world.user(managed=FULL_ACCESS)
    key = world.key(to(user.arn))
    table = world.table(key)
    read = {"TableName": table, "Key": ITEM_KEY}
    world.kms.disable_key(KeyId=key)
    with refused("ValidationException", "KMS key disabled error: ", f"{key} is disabled."):
        user.dynamodb.get_item(**read)
    with refused("DisabledException", f"{key} is disabled."):
        user.kms.encrypt(KeyId=key, Plaintext=b"x")
    user.dynamodb.describe_table(TableName=table)
    world.kms.enable_key(KeyId=key)
    user.dynamodb.get_item(**read)
    world.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("ValidationException", f"{key} is pending deletion."):
        user.dynamodb.get_item(**read)
    with refused("KMSInvalidStateException", f"{key} is pending deletion."):
        user.kms.encrypt(KeyId=key, Plaintext=b"x")
    world.kms.cancel_key_deletion(KeyId=key)
    assert world.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_a_key_that_cannot_encrypt_a_table(world: World) -> None:
    with refused("InternalServerError", "KMS internal error: "):
        world.table(world.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"))
    with refused("ValidationException", "KMS validation error: ", "does not exist"):
        world.table(f"arn:aws:kms:{REGION}:{world.account}:key/{uuid4()}")


def test_a_boundary_without_the_key_closes_the_table(world: World) -> None:
    boundary = world.policy(allow("dynamodb:*"))
    user = world.user(allow(["dynamodb:*", "kms:*"]), PermissionsBoundary=boundary)
    table = world.table(world.key())
    user.dynamodb.describe_table(TableName=table)
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
