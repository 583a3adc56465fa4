"""The document's story, by every call that reads or writes items."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.world import (
    DENIED,
    FULL_ACCESS,
    ITEM,
    ITEM_KEY,
    KEY_DENIED,
    USE_OF_KEY,
    Someone,
    World,
    refused,
    to,
)
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

Call = Callable[[Any, str], Any]

_AT_LEISURE = Retrying(
    retry=retry_if_exception_type(ClientError),
    stop=stop_after_delay(60),
    wait=wait_fixed(0.25),
    reraise=True,
)
"""LocalStack makes streams some time after their tables."""

ITEM_CALLS: dict[str, Call] = {
    "get": lambda db, table: db.get_item(TableName=table, Key=ITEM_KEY),
    "put": lambda db, table: db.put_item(TableName=table, Item=ITEM),
    "update": lambda db, table: db.update_item(
        TableName=table,
        Key=ITEM_KEY,
        UpdateExpression="SET team = :t",
        ExpressionAttributeValues={":t": {"S": "red"}},
    ),
    "delete": lambda db, table: db.delete_item(TableName=table, Key={"id": {"S": "none"}}),
    "query": lambda db, table: db.query(
        TableName=table, KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "1"}}
    ),
    "scan": lambda db, table: db.scan(TableName=table),
    "batch get": lambda db, table: db.batch_get_item(RequestItems={table: {"Keys": [ITEM_KEY]}}),
    "batch write": lambda db, table: db.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": ITEM}}]}
    ),
    "statement": lambda db, table: db.execute_statement(Statement=f"SELECT * FROM \"{table}\" WHERE id='1'"),
    "insert": lambda db, table: db.execute_statement(
        Statement=f"INSERT INTO \"{table}\" VALUE {{'id': 'new'}}"
    ),
}
TRANSACTIONS: dict[str, Call] = {
    "get": lambda db, table: db.transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": ITEM_KEY}}]
    ),
    "write": lambda db, table: db.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": ITEM}}]
    ),
}


@pytest.fixture(scope="module")
def outsider(world: World) -> Someone:
    return world.user(managed=FULL_ACCESS)


@pytest.fixture(scope="module")
def closed(world: World) -> str:
    """A table whose key the outsider may not use."""
    return world.table(world.key())


@pytest.fixture(scope="module")
def opened(world: World, outsider: Someone) -> str:
    """A table whose key's policy was changed so that the outsider is a key user."""
    key = world.key()
    table = world.table(key)
    policy = json.loads(world.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append({"Sid": "Allow use of the key", **to(outsider.arn, USE_OF_KEY)})
    world.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    return table


@pytest.mark.parametrize("name", ITEM_CALLS)
def test_full_access_is_no_access_to_items_under_the_key(outsider: Someone, closed: str, name: str) -> None:
    with refused(DENIED, KEY_DENIED):
        ITEM_CALLS[name](outsider.dynamodb, closed)


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_nor_in_a_transaction(outsider: Someone, closed: str, name: str) -> None:
    with pytest.raises(outsider.dynamodb.exceptions.ClientError, match=r"AccessDenied|Transaction"):
        TRANSACTIONS[name](outsider.dynamodb, closed)


@pytest.mark.parametrize("calls", [ITEM_CALLS, TRANSACTIONS], ids=["items", "transactions"])
def test_a_key_user_reads_and_writes(outsider: Someone, opened: str, calls: dict[str, Call]) -> None:
    for call in calls.values():
        call(outsider.dynamodb, opened)


def test_a_key_user_gets_what_is_there(outsider: Someone, opened: str) -> None:
    db = outsider.dynamodb
    assert ITEM_CALLS["get"](db, opened)["Item"] == ITEM
    assert ITEM_CALLS["batch get"](db, opened)["Responses"] == {opened: [ITEM]}
    assert ITEM_CALLS["statement"](db, opened)["Items"] == [ITEM]
    select = {"Statement": f"SELECT * FROM \"{opened}\" WHERE id='1'"}
    assert db.batch_execute_statement(Statements=[select])["Responses"][0]["Item"] == ITEM
    assert db.execute_transaction(TransactStatements=[select])["Responses"][0]["Item"] == ITEM


def test_the_table_itself_needs_no_key(world: World, outsider: Someone) -> None:
    table = world.table(world.key())
    db, arn = outsider.dynamodb, world.table_arn(table)
    db.describe_table(TableName=table)
    db.list_tags_of_resource(ResourceArn=arn)
    db.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    db.describe_time_to_live(TableName=table)
    db.list_tables()
    db.update_table(TableName=table, DeletionProtectionEnabled=True)
    with refused("ValidationException", "protected against deletion"):
        db.delete_table(TableName=table)
    db.update_table(TableName=table, DeletionProtectionEnabled=False)
    db.delete_table(TableName=table)


def test_records_of_its_stream_need_the_key(world: World, outsider: Someone) -> None:
    key = world.key()
    streamed = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    table = world.table(key, StreamSpecification=streamed)
    stream = world.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    streams = outsider.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    start = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    records = _AT_LEISURE(streams.get_shard_iterator, **start)["ShardIterator"]
    with refused(DENIED):
        streams.get_records(ShardIterator=records)
    # Nor are they read by the name of a stream that needs no key.
    other = world.table(StreamSpecification=streamed)
    open_stream = world.dynamodb.describe_table(TableName=other)["Table"]["LatestStreamArn"]
    with refused("ValidationException"):
        streams.get_records(ShardIterator=records.replace(stream, open_stream))
    world.kms.create_grant(KeyId=key, GranteePrincipal=outsider.arn, Operations=["Decrypt"])
    streams.get_records(ShardIterator=records)


def test_a_restored_copy_needs_the_key(world: World, outsider: Someone) -> None:
    table = world.table(world.key())
    restore = outsider.dynamodb.restore_table_to_point_in_time
    with refused(DENIED, KEY_DENIED):
        restore(SourceTableName=table, TargetTableName=f"{table}-copy", UseLatestRestorableTime=True)
