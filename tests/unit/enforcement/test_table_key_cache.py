"""DynamoDB's cache of table keys: for how long a connection needs no KMS, and what ends it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import FakeAccount, call, key_arn, table_arn, user

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.enforcement.table_key_cache import TableKeyCache

ORDERS, THERE = table_arn(), table_arn(region="eu-west-1")
READ = call("dynamodb", "GetItem", {"TableName": "orders"})


class Reader(FakeAccount):
    """Tables in memory; nothing else is read."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Connection:
    """Of a client."""


class Cached:
    """A cache of 300 seconds, and a connection that has asked for the key of `orders` in two Regions."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cache = TableKeyCache(300, lambda: self.now)
        self.reader = Reader()
        for region in ("us-east-1", "eu-west-1"):
            self.reader.add_table("orders", key_arn(region=region), region)
        self.connection = Connection()
        self.needs_kms(ORDERS)
        self.needs_kms(THERE)

    def needs_kms(self, arn: str, connection: Any = None, asking: Any = READ) -> bool:
        """Whether a read asks KMS; the key is kept then."""
        view: Any = AccountView(self.reader)
        seen = self.cache.view(view, asking, connection or self.connection)
        table = seen.table(arn, "us-east-1", "123456789012")
        self.cache.keep(seen)
        return table is not None and table.key_arn is not None


def test_a_key_is_held_by_its_connection_for_its_caller_for_a_time() -> None:
    cached = Cached()
    cached.now = 299.9
    assert not cached.needs_kms(ORDERS)
    assert cached.needs_kms(ORDERS, Connection())
    assert cached.needs_kms(ORDERS, asking=READ._replace(caller=user("eve")))
    assert cached.needs_kms(ORDERS, asking=READ._replace(operation="DescribeTable"))
    cached.now = 300.0
    assert cached.needs_kms(ORDERS)
    assert not cached.needs_kms(ORDERS)


def test_another_key_of_the_table_is_asked_for() -> None:
    cached = Cached()
    cached.reader.add_table("orders", key_arn("another"))
    assert cached.needs_kms(ORDERS)


REPLICA = {"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]}


@pytest.mark.parametrize(
    ("operation", "params", "forgotten"),
    [
        ("UpdateTable", {"SSESpecification": {}}, (True, False)),
        ("UpdateTable", REPLICA, (False, True)),
        ("UpdateTable", {**REPLICA, "SSESpecification": {}}, (True, True)),
        ("UpdateTable", {"TableClass": "STANDARD"}, (False, False)),
        ("DeleteTable", {}, (True, False)),
        ("CreateTable", {}, (True, False)),
        ("RestoreTableFromBackup", {}, (True, False)),
        ("PutItem", {}, (False, False)),
    ],
)
def test_a_table_with_a_new_key_needs_it(
    operation: str, params: dict[str, Any], forgotten: tuple[bool, bool]
) -> None:
    cached = Cached()
    response = {"TableDescription": {"TableArn": ORDERS}}
    cached.cache.forget_changed(call("dynamodb", operation, {"TableName": "orders", **params}), response)
    assert (cached.needs_kms(ORDERS), cached.needs_kms(THERE)) == forgotten


def test_a_table_that_is_imported_needs_its_key() -> None:
    cached = Cached()
    response = {"ImportTableDescription": {"TableArn": ORDERS}}
    cached.cache.forget_changed(call("dynamodb", "ImportTable", {}), response)
    assert cached.needs_kms(ORDERS)
