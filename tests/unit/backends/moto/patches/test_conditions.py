"""Conditions on moto are true of the items of which they are true on AWS, and updates say what is wrong.

Read from paritysuite/dynamodb-conformance (filterOperators, expressions) and dynalite's tests.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account

KEY = {"id": {"S": "1"}}
ITEM = {
    **KEY,
    "n": {"N": "10"},
    "s": {"S": "ab"},
    "t": {"BOOL": True},
    "b": {"B": b"ab\x00"},
    "z": {"NULL": True},
    "m": {"M": {"k": {"S": "xyz"}}},
    "l": {"L": [{"N": "1"}]},
}
VALUES: dict[str, Any] = {
    ":one": {"N": "1"},
    ":two": {"N": "2"},
    ":three": {"N": "3"},
    ":nine": {"N": "9"},
    ":a": {"S": "a"},
    ":c": {"S": "c"},
    ":null": {"NULL": True},
    ":true": {"BOOL": True},
    ":bytes": {"B": b"a"},
    ":text": {"S": "YWIA"},
}


@pytest.fixture
def db(account: Account) -> Any:
    db = account.root.client("dynamodb")
    db.create_table(**TABLE)
    db.put_item(TableName="orders", Item=ITEM)
    return db


def used(expression: str) -> dict[str, Any]:
    words = expression.replace("(", " ").replace(")", " ").replace(",", " ").split()
    values = {name: value for name, value in VALUES.items() if name in words}
    return {"ExpressionAttributeValues": values} if values else {}


TRUE = [
    "(n) > (:nine)",
    "size(m.k) = :three",
    "size(b) = :three",
    "size(l) = :one AND (NOT size(n) > :one)",
    "b BETWEEN :bytes AND b",
    "begins_with(b, :bytes) AND begins_with(s, :a)",
    "s BETWEEN :a AND :c",
    "z = :null AND t = :true",
    "absent <> :null AND n <> :a",
    "(n = :one OR (s > :a AND s < :c)) AND attribute_exists(m.k)",
    "n IN (:a, :nine) OR n IN (:c, m.x, l[0]) OR n > :nine",
]
FALSE = [
    "n BETWEEN :a AND :c",
    "s < :one",
    "size(t) >= :one",
    "size(absent) < :nine",
    "absent = :null",
    "l[0] = :true",
    "t IN (:one, :two)",
    "b = :text",
    "begins_with(s, :bytes)",
    "absent BETWEEN :one AND :nine",
]


@pytest.mark.parametrize(("expressions", "number"), [(TRUE, 1), (FALSE, 0)])
def test_a_condition_holds_as_on_aws(db: Any, expressions: list[str], number: int) -> None:
    told = {
        text: db.scan(TableName="orders", FilterExpression=text, **used(text))["Count"]
        for text in expressions
    }
    assert told == dict.fromkeys(expressions, number)


def test_brackets_around_sums(db: Any) -> None:
    change = "SET n = (n + :one), x = (:two), l[0] = if_not_exists((y), :three) REMOVE s"
    updated = db.update_item(
        TableName="orders", Key=KEY, UpdateExpression=change, ReturnValues="ALL_NEW", **used(change)
    )
    item = updated["Attributes"]
    assert (item["n"], item["x"], item["l"]["L"]) == ({"N": "11"}, {"N": "2"}, [{"N": "3"}])
    assert "s" not in item


def test_tabs_and_ends_of_lines_are_blanks(db: Any) -> None:
    change = "\n\tSET\n\t\tn = n\t+\r\n:one\n"
    db.update_item(TableName="orders", Key=KEY, UpdateExpression=change, **used(change))
    key, filtered = "id\n=\t:id", "n\t>\n:nine\n"
    values = used(filtered)["ExpressionAttributeValues"] | {":id": {"S": "1"}}
    found = db.query(
        TableName="orders",
        KeyConditionExpression=key,
        FilterExpression=filtered,
        ProjectionExpression="id,\n\tn",
        ExpressionAttributeValues=values,
    )
    assert found["Items"] == [{**KEY, "n": {"N": "11"}}]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("SET s = s + :one", "An operand in the update expression has an incorrect data type"),
        (
            "SET x = absent + :one",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
    ],
)
def test_an_update_that_the_item_does_not_bear(db: Any, change: str, told: str) -> None:
    """In a transaction it is the reason of a cancellation (API_TransactWriteItems)."""
    update = {"TableName": "orders", "Key": KEY, "UpdateExpression": change, **used(change)}
    with pytest.raises(ClientError, match=told):
        db.update_item(**update)

    put = {"TableName": "orders", "Item": {"id": {"S": "2"}}}
    with pytest.raises(db.exceptions.TransactionCanceledException) as cancelled:
        db.transact_write_items(TransactItems=[{"Put": put}, {"Update": update}])
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ValidationError"]
    assert reasons[1]["Message"] == told
    assert "Item" not in db.get_item(TableName="orders", Key=put["Item"])


def test_batches_of_two_tables(db: Any) -> None:
    db.create_table(**TABLE | {"TableName": "others"})

    def writes(number: int) -> list[Any]:
        return [{"PutRequest": {"Item": {"id": {"S": str(at)}}}} for at in range(number)]

    db.batch_write_item(RequestItems={"orders": writes(13), "others": writes(12)})
    with pytest.raises(ClientError, match="Too many items requested for the BatchWriteItem call"):
        db.batch_write_item(RequestItems={"orders": writes(13), "others": writes(13)})
    keys = [{"id": {"S": str(at)}} for at in range(60)]
    with pytest.raises(ClientError, match="Too many items requested for the BatchGetItem call"):
        db.batch_get_item(RequestItems={"orders": {"Keys": keys}, "others": {"Keys": keys}})
