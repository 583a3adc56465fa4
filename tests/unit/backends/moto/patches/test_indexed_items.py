"""Values of attributes that are keys of an index, by whatever operation they are written.

The texts are those of dynalite's tests, which run against AWS too; of empty values they are moto's.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import Account

KEY = {"id": {"S": "1"}, "n": {"N": "1"}}
OF_INDEX = "Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}"
EMPTY = "The AttributeValue for a key attribute cannot contain an empty"


def index(name: str, *keys: str) -> dict[str, Any]:
    kinds = ("HASH", "RANGE")
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    client = account.root.client("dynamodb")
    kinds = {"id": "S", "n": "N", "kind": "S", "weight": "N", "mark": "B"}
    client.create_table(
        TableName="orders",
        KeySchema=index("", "id", "n")["KeySchema"],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": kind} for n, kind in kinds.items()],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index("by-kind", "kind", "weight")],
        LocalSecondaryIndexes=[index("by-mark", "id", "mark")],
    )
    client.put_item(TableName="orders", Item=KEY)
    return client


def each_way(client: Any, name: str, value: dict[str, Any]) -> dict[str, Any]:
    """What each operation that writes an attribute answers: an error's text, or None."""
    item = {**KEY, name: value}
    update = {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "SET #n = :v",
        "ExpressionAttributeNames": {"#n": name},
        "ExpressionAttributeValues": {":v": value},
    }
    ways = {
        "put": lambda: client.put_item(TableName="orders", Item=item),
        "batch": lambda: client.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": item}}]}),
        "transaction": lambda: client.transact_write_items(
            TransactItems=[{"Put": {"TableName": "orders", "Item": item}}]
        ),
        "update": lambda: client.update_item(**update),
        "transacted update": lambda: client.transact_write_items(TransactItems=[{"Update": update}]),
        "old update": lambda: client.update_item(
            TableName="orders", Key=KEY, AttributeUpdates={name: {"Value": value, "Action": "PUT"}}
        ),
        "statement": lambda: client.execute_statement(
            Statement=f"UPDATE orders SET \"{name}\"=? WHERE id='1' AND n=1", Parameters=[value]
        ),
    }
    answers: dict[str, Any] = {}
    for way, act in ways.items():
        try:
            act()
            answers[way] = None
        except ClientError as error:
            reasons = error.response.get("CancellationReasons") or [{}]
            answers[way] = reasons[0].get("Message") or error.response["Error"]["Message"]
    return answers


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("kind", {"N": "1"}, OF_INDEX.format("kind", "S", "N", "by-kind")),
        ("weight", {"S": "1"}, OF_INDEX.format("weight", "N", "S", "by-kind")),
        ("weight", {"BOOL": True}, OF_INDEX.format("weight", "N", "BOOL", "by-kind")),
        ("mark", {"S": "1"}, OF_INDEX.format("mark", "B", "S", "by-mark")),
        ("mark", {"L": []}, OF_INDEX.format("mark", "B", "L", "by-mark")),
        ("kind", {"S": ""}, EMPTY),
        ("mark", {"B": b""}, EMPTY),
    ],
)
def test_what_a_key_of_an_index_cannot_be(dynamodb: Any, name: str, value: dict[str, Any], text: str) -> None:
    answers = each_way(dynamodb, name, value)
    assert {way: text in str(answer) for way, answer in answers.items()} == dict.fromkeys(answers, True)
    assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"] == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", {"S": "a"}), ("weight", {"N": "1"}), ("mark", {"B": b"1"}), ("other", {"S": ""})],
)
def test_what_it_can_be(dynamodb: Any, name: str, value: dict[str, Any]) -> None:
    answers = each_way(dynamodb, name, value)
    assert answers == dict.fromkeys(answers)
    assert dynamodb.get_item(TableName="orders", Key=KEY)["Item"] == {**KEY, name: value}


def test_an_update_reads_the_tables_key(dynamodb: Any) -> None:
    def update(expression: str, **more: Any) -> Any:
        given = {"TableName": "orders", "Key": KEY, "UpdateExpression": expression, **more}
        return dynamodb.update_item(**given, ReturnValues="UPDATED_NEW")["Attributes"]

    assert update("SET kind = id, weight = n") == {"kind": {"S": "1"}, "weight": {"N": "1"}}
    one = {"ExpressionAttributeValues": {":one": {"N": "1"}}}
    assert update("SET weight = n + :one", **one) == {"weight": {"N": "2"}}
    assert update("ADD weight :one", **one) == {"weight": {"N": "3"}}
    texts = {"ExpressionAttributeValues": {":texts": {"SS": ["a"]}}}
    with pytest.raises(ClientError, match=OF_INDEX.format("kind", "S", "SS", "by-kind")):
        update("REMOVE weight ADD kind :texts", **texts)
    for expression in ("SET n = weight", "REMOVE id", "SET weight = n, id = kind"):
        with pytest.raises(ClientError, match="Cannot update attribute"):
            update(expression)
