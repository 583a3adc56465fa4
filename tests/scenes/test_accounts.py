"""Two accounts behind one gateway: a root user goes by the number of its account."""

from __future__ import annotations

import pytest
from helpers.world import DENIED, ITEM, ITEM_KEY, KEY_DENIED, World, allow, assume, refused, to

OTHER = "444455556666"
HIDDEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a "
    "resource-based policy explicitly denies access"
)


@pytest.fixture(scope="module")
def other(gateway_url: str) -> World:
    world = World(gateway_url, OTHER)
    assert world.account == OTHER
    return world


def test_accounts_do_not_see_each_other(world: World, other: World) -> None:
    here, there = world.user(), other.user()
    assert f"::{OTHER}:user/" in there.arn
    pages = other.iam.get_paginator("list_users").paginate()
    users = {user["UserName"] for page in pages for user in page["Users"]}
    assert there.name in users
    assert here.name not in users


def test_a_key_and_the_callers_account_must_both_allow(world: World, other: World) -> None:
    key = world.key(to(other.root_arn, ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]))
    without, user = other.user(), other.user(allow("kms:*", key))
    with refused(DENIED):
        without.kms.encrypt(KeyId=key, Plaintext=b"x")
    sealed = user.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert user.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert user.kms.decrypt(CiphertextBlob=sealed, KeyId=key)["KeyId"] == key
    assert user.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    with refused(DENIED):
        user.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    with refused(DENIED):
        user.kms.disable_key(KeyId=key)


def test_a_key_that_allows_no_other_account_is_hidden_from_it(world: World, other: World) -> None:
    user, key = other.user(allow("kms:*")), world.key()
    with refused(DENIED, HIDDEN):
        user.kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused(DENIED, HIDDEN):
        user.kms.describe_key(KeyId=key)


def test_a_role_of_another_account_is_a_principal_of_that_account(world: World, other: World) -> None:
    role = other.role(allow("kms:ListKeys"), trusts=world.root_arn)
    with refused("AccessDenied"):
        assume(world.user(), role)
    running = assume(world.user(allow("sts:AssumeRole", role)), role)
    assert running.sts.get_caller_identity()["Account"] == OTHER
    running.kms.list_keys()
    with refused(DENIED):
        running.kms.list_aliases()


def test_a_table_of_another_account_asks_for_table_and_key(world: World, other: World) -> None:
    role = other.role(allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"]), trusts=world.root_arn)
    running = assume(world.user(allow("sts:AssumeRole")), role)
    key = world.key(to(role, "kms:Decrypt"))
    table = world.table_arn(world.table(key))
    read = {"TableName": table, "Key": ITEM_KEY}
    with refused(DENIED, "dynamodb:GetItem"):
        running.dynamodb.get_item(**read)
    reading = {**to(role, ["dynamodb:GetItem", "dynamodb:BatchGetItem"]), "Resource": table}
    world.put_table_policy(table, reading)
    with refused(DENIED, KEY_DENIED):
        running.dynamodb.get_item(**read)
    other.give(role, allow("kms:Decrypt", key))
    assert running.dynamodb.get_item(**read)["Item"] == ITEM
    batch = running.dynamodb.batch_get_item(RequestItems={table: {"Keys": [ITEM_KEY]}})
    assert batch["Responses"] == {table: [ITEM]}
    with refused(DENIED):
        running.dynamodb.scan(TableName=table)


def test_two_accounts_have_tables_of_one_name(world: World, other: World) -> None:
    here = world.table()
    other.make_table(here)
    both = other.user(allow("dynamodb:*"))
    assert both.dynamodb.get_item(TableName=here, Key=ITEM_KEY).get("Item") is None
    with refused(DENIED):
        both.dynamodb.get_item(TableName=world.table_arn(here), Key=ITEM_KEY)


def test_a_grant_can_be_another_accounts(world: World, other: World) -> None:
    user, key = other.user(allow("kms:Decrypt")), world.key()
    sealed = world.encrypted(key)
    with refused(DENIED):
        user.kms.decrypt(CiphertextBlob=sealed)
    world.kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt"])
    assert user.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
