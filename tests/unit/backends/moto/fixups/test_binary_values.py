"""Binary values stay what they are, whichever operation writes them: on the wire they are base64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.account import Account

KEY = {"id": {"B": b"\x00\x01"}}
VALUE = {"B": b"\xff\x00"}
ITEM = {**KEY, "v": VALUE, "l": {"L": [VALUE, {"M": {"a": VALUE}}]}, "s": {"BS": [b"\x02", b"\xff"]}}
TABLE: dict[str, Any] = {
    "TableName": "files",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "B"}],
    "BillingMode": "PAY_PER_REQUEST",
}
INSERT = "INSERT INTO files VALUE {'id': ?, 'v': ?, 'l': ?, 's': ?}"
PARAMETERS = [ITEM["id"], ITEM["v"], ITEM["l"], ITEM["s"]]
OTHER = {"id": {"B": b"other"}}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    client = account.root.client("dynamodb")
    client.create_table(**TABLE)
    return client


WRITES: dict[str, Callable[[Any], object]] = {
    "ExecuteStatement": lambda client: client.execute_statement(Statement=INSERT, Parameters=PARAMETERS),
    "BatchExecuteStatement": lambda client: client.batch_execute_statement(
        Statements=[{"Statement": INSERT, "Parameters": PARAMETERS}]
    ),
    "ExecuteTransaction": lambda client: client.execute_transaction(
        TransactStatements=[{"Statement": INSERT, "Parameters": PARAMETERS}]
    ),
    "BatchWriteItem": lambda client: client.batch_write_item(
        RequestItems={"files": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": OTHER}}]}
    ),
    "AttributeUpdates": lambda client: client.update_item(
        TableName="files",
        Key=KEY,
        AttributeUpdates={name: {"Value": ITEM[name]} for name in ("v", "l", "s")},
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_what_is_written(dynamodb: Any, write: str) -> None:
    WRITES[write](dynamodb)
    assert dynamodb.get_item(TableName="files", Key=KEY)["Item"] == ITEM


def test_what_is_read(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="files", Item=ITEM)
    for where, values in (
        ("id = ?", [KEY["id"]]),
        ("v = ?", [VALUE]),
        ("id = ? AND v IN [?]", [KEY["id"], VALUE]),
    ):
        read = dynamodb.execute_statement(Statement=f"SELECT * FROM files WHERE {where}", Parameters=values)
        assert read["Items"] == [ITEM]
    get = {"Get": {"TableName": "files", "Key": KEY, "ProjectionExpression": "v, l[1].a"}}
    (answer,) = dynamodb.transact_get_items(TransactItems=[get])["Responses"]
    assert answer["Item"] == {"v": VALUE, "l": {"L": [{"M": {"a": VALUE}}]}}


def test_what_old_updates_put_keeps_its_type(dynamodb: Any) -> None:
    values = {"no": {"BOOL": False}, "none": {"NULL": True}, "number": {"N": "1"}, "map": {"M": {}}}
    updates = {name: {"Value": value, "Action": "PUT"} for name, value in values.items()}
    dynamodb.update_item(TableName="files", Key=KEY, AttributeUpdates=updates)
    assert dynamodb.get_item(TableName="files", Key=KEY)["Item"] == {**KEY, **values}
