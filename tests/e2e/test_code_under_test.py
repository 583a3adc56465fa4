"""Code that knows nothing of the lab, and makes a plain client of its own, is decided like ours."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
import pytest
from e2e.item_calls import ITEM, KEY

from pytest_kmslab import DynamoDBTable, IamUser, Lab, allowed, denied

pytestmark = pytest.mark.usefixtures("encrypted_item")


def read_with_a_client(table: str) -> Any:
    """Code under test: who it is, and where it calls, is said by the environment alone."""
    return boto3.client("dynamodb").get_item(TableName=table, Key=KEY)["Item"]["note"]["S"]


def read_with_a_resource(table: str) -> Any:
    return boto3.resource("dynamodb").Table(table).get_item(Key={"id": "1"})["Item"]["note"]


def read_with_a_session(table: str) -> Any:
    return boto3.Session().client("dynamodb").scan(TableName=table)["Items"][0]["note"]["S"]


@cache
def kept_client() -> Any:
    return boto3.client("dynamodb")


def read_with_a_kept_client(table: str) -> Any:
    """As a handler does it: the client was made once, by whoever came first."""
    return kept_client().get_item(TableName=table, Key=KEY)["Item"]["note"]["S"]


READERS = [read_with_a_client, read_with_a_resource, read_with_a_session, read_with_a_kept_client]


@pytest.mark.parametrize("read", READERS)
def test_it_is_denied_as_the_outsider(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser, read: Any
) -> None:
    with kmslab.environ(outsider), denied("kms:Decrypt"):
        read(encrypted_table.name)


@pytest.mark.parametrize("read", READERS)
def test_it_is_allowed_as_a_key_user(
    kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, read: Any
) -> None:
    with kmslab.environ(key_user), allowed():
        assert read(encrypted_table.name) == ITEM["note"]["S"]


@pytest.mark.parametrize("read", READERS)
def test_it_is_the_administrator_otherwise(
    encrypted_table: DynamoDBTable, iam_admin: IamUser, read: Any
) -> None:
    assert boto3.client("sts").get_caller_identity()["Arn"] == iam_admin.arn
    with allowed():
        assert read(encrypted_table.name) == ITEM["note"]["S"]


def test_who_it_is_changes_with_the_block(kmslab: Lab, outsider: IamUser, key_user: IamUser) -> None:
    def who() -> str:
        return str(boto3.client("sts").get_caller_identity()["Arn"])

    with kmslab.environ(outsider):
        assert who() == outsider.arn
        with kmslab.environ(key_user):
            assert who() == key_user.arn
        assert who() == outsider.arn
    assert who() == kmslab.admin.arn


def test_the_labs_own_resource_is_decided_too(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    table = kmslab.as_(outsider).resource("dynamodb").Table(encrypted_table.name)
    with denied("kms:Decrypt"):
        table.put_item(Item={"id": "2"})
    with denied("kms:Decrypt"), table.batch_writer() as batch:
        batch.put_item(Item={"id": "2"})
