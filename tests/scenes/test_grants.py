"""Grants: to whom, for what, and until when."""

from __future__ import annotations

from helpers.world import (
    DENIED,
    FULL_ACCESS,
    ITEM,
    ITEM_KEY,
    KEY_DENIED,
    SHAPE,
    USE_OF_KEY,
    Someone,
    World,
    allow,
    deny,
    encryption,
    refused,
    to,
    unique,
)

from pytest_kmslab.backends.protocol import Credentials


def test_a_grant_allows_its_grantee_its_operations_until_it_is_revoked(world: World) -> None:
    key, user, other = world.key(), world.user(), world.user()
    sealed = world.encrypted(key)
    grant = world.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt"])
    tokens = [grant["GrantToken"]]
    assert user.kms.decrypt(CiphertextBlob=sealed, GrantTokens=tokens)["Plaintext"] == b"text"
    user.kms.decrypt(CiphertextBlob=sealed)
    with refused(DENIED):
        user.kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=tokens)
    with refused(DENIED):
        other.kms.decrypt(CiphertextBlob=sealed, GrantTokens=tokens)
    world.kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    with refused(DENIED):
        user.kms.decrypt(CiphertextBlob=sealed, GrantTokens=tokens)


def test_a_grant_for_one_table_opens_that_table(world: World) -> None:
    key, user = world.key(), world.user(managed=FULL_ACCESS)
    table, other = world.table(key), world.table(key)
    subset = {"EncryptionContextSubset": {"aws:dynamodb:tableName": table}}
    world.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt"], Constraints=subset)
    assert user.dynamodb.get_item(TableName=table, Key=ITEM_KEY)["Item"] == ITEM
    with refused(DENIED, KEY_DENIED):
        user.dynamodb.get_item(TableName=other, Key=ITEM_KEY)


def test_a_constraint_is_met_exactly_or_not(world: World) -> None:
    key, user = world.key(), world.user()
    equals = {"EncryptionContextEquals": {"a": "1"}}
    world.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"], Constraints=equals)
    user.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})
    for context in ({}, {"a": "2"}, {"A": "1"}, {"a": "1", "b": "2"}):
        with refused(DENIED):
            user.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_a_deny_beats_a_grant(world: World) -> None:
    key, user = world.key(), world.user(deny("kms:Decrypt"))
    world.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt"])
    with refused(DENIED, "explicit deny in an identity-based policy"):
        user.kms.decrypt(CiphertextBlob=world.encrypted(key))


def test_a_grant_is_retired_by_whom_it_names(world: World) -> None:
    key, user, retiring = world.key(), world.user(), world.user()
    named = {"KeyId": key, "GranteePrincipal": user.arn, "RetiringPrincipal": retiring.arn}
    grant = world.kms.create_grant(**named, Operations=["Decrypt"])
    with refused(DENIED):
        user.kms.retire_grant(KeyId=key, GrantId=grant["GrantId"])
    retiring.kms.retire_grant(KeyId=key, GrantId=grant["GrantId"])
    with refused(DENIED):
        user.kms.decrypt(CiphertextBlob=world.encrypted(key))
    again = world.kms.create_grant(**named, Operations=["Decrypt", "DescribeKey"])
    retiring.kms.retire_grant(GrantToken=again["GrantToken"])
    assert world.kms.list_grants(KeyId=key)["Grants"] == []


def test_a_grant_for_aws_resources_is_dynamodbs_to_make(world: World) -> None:
    user = world.user(allow("dynamodb:*"))
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    persistent = to(user.arn, ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], Condition=for_aws)
    key = world.key(to(user.arn, USE_OF_KEY), persistent)
    with refused(DENIED, "kms:CreateGrant"):
        user.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt"])
    table = unique("table")
    user.dynamodb.create_table(TableName=table, **SHAPE, SSESpecification=encryption(key))
    user.dynamodb.put_item(TableName=table, Item=ITEM)
    grantees = {grant["GranteePrincipal"] for grant in world.kms.list_grants(KeyId=key)["Grants"]}
    assert grantees == {"dynamodb.us-east-1.amazonaws.com"}


def test_without_the_right_to_grant_no_table_is_made(world: World) -> None:
    key, table = world.key(), unique("table")
    user = world.user(allow(["dynamodb:*", "kms:DescribeKey", "kms:Decrypt"]))
    with refused(DENIED, KEY_DENIED, "kms:CreateGrant"):
        user.dynamodb.create_table(TableName=table, **SHAPE, SSESpecification=encryption(key))
    with refused("ResourceNotFoundException"):
        world.dynamodb.describe_table(TableName=table)


def test_a_grant_is_not_that_of_whoever_gets_the_name(world: World) -> None:
    key, gone = world.key(), world.user()
    world.kms.create_grant(KeyId=key, GranteePrincipal=gone.arn, Operations=["DescribeKey"])
    gone.kms.describe_key(KeyId=key)
    made_for = world.iam.get_user(UserName=gone.name)["User"]["UserId"]
    world.iam.delete_access_key(UserName=gone.name, AccessKeyId=gone.credentials.access_key_id)
    world.iam.delete_user(UserName=gone.name)
    grants = world.kms.list_grants(KeyId=key)["Grants"]
    assert [one["GranteePrincipal"] for one in grants] == [made_for]
    world.iam.create_user(UserName=gone.name)
    made = world.iam.create_access_key(UserName=gone.name)["AccessKey"]
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    again = Someone(gone.url, gone.arn, gone.name, credentials)
    with refused(DENIED):
        again.kms.describe_key(KeyId=key)
