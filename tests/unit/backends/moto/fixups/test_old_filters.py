"""The parameters that expressions have replaced: refused on moto as DynamoDB refuses them, and done.

What is refused, and in which words, is in tests/unit/calls/dynamodb/test_old_parameters.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account

INVALID = "One or more parameter values were invalid: "
BOTH = "Can not use both expression and non-expression parameters in the same request: "
KEY = {"id": {"S": "1"}}
ITEM = {**KEY, "n": {"N": "3"}, "s": {"S": "red"}, "l": {"L": [{"S": "x"}]}}
BY_ID = {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}}
CONDITION = {"ConditionExpression": "s = :s", "ExpressionAttributeValues": {":s": {"S": "red"}}}


@pytest.fixture
def db(account: Account) -> Any:
    db = account.root.client("dynamodb")
    db.create_table(**TABLE)
    db.put_item(TableName="orders", Item=ITEM)
    return db


def message(db: Any, operation: str, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        getattr(db, operation)(TableName="orders", **params)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value.response["Error"]["Message"])


def old(operator: str, *values: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


TOGETHER = [
    ("get_item", {"Key": KEY, "AttributesToGet": ["id"], "ProjectionExpression": "id"}, "AttributesToGet"),
    ("put_item", {"Item": ITEM, "Expected": {"s": {"Exists": False}}, **CONDITION}, "Expected"),
    ("delete_item", {"Key": KEY, "Expected": {"s": {"Exists": False}}, **CONDITION}, "Expected"),
    (
        "update_item",
        {"Key": KEY, "AttributeUpdates": {"a": {"Action": "DELETE"}}, **CONDITION},
        "AttributeUpdates",
    ),
    ("scan", {"ScanFilter": {"s": old("NOT_NULL")}, "ProjectionExpression": "id"}, "ScanFilter"),
    (
        "query",
        {
            "KeyConditionExpression": "id = :i",
            "ExpressionAttributeValues": {":i": {"S": "1"}},
            "KeyConditions": BY_ID,
        },
        "KeyConditions",
    ),
]


@pytest.mark.parametrize(("operation", "params", "named"), TOGETHER, ids=[each[0] for each in TOGETHER])
def test_old_and_new_do_not_go_together(db: Any, operation: str, params: Any, named: str) -> None:
    told = message(db, operation, **params)
    (expression,) = [name for name in params if name.endswith("Expression")]
    assert told == f"{BOTH}Non-expression parameters: {{{named}}} Expression parameters: {{{expression}}}"


def test_a_part_of_a_batch_names_its_attributes_once(db: Any) -> None:
    wanted = {"Keys": [KEY], "AttributesToGet": ["id"], "ProjectionExpression": "id"}
    with pytest.raises(ClientError, match="Can not use both expression"):
        db.batch_get_item(RequestItems={"orders": wanted})


def test_old_key_conditions_go_with_a_projection(db: Any) -> None:
    found = db.query(TableName="orders", KeyConditions=BY_ID, ProjectionExpression="n")
    assert found["Items"] == [{"n": {"N": "3"}}]


def test_what_says_nothing_is_refused(db: Any) -> None:
    told = message(db, "update_item", Key=KEY, AttributeUpdates={"a": {}})
    assert told == f"{INVALID}Only DELETE action is allowed when no attribute value is specified"
    told = message(db, "put_item", Item=ITEM, Expected={"s": {}})
    assert told == f"{INVALID}Value must be provided when Exists is null for Attribute: s"


FILTERS: list[tuple[dict[str, Any], bool]] = [
    (old("EQ", {"N": "3"}), True),
    (old("NE", {"N": "3"}), False),
    (old("GT", {"N": "2"}), True),
    (old("BETWEEN", {"N": "2"}, {"N": "4"}), True),
    (old("IN", {"N": "1"}, {"N": "2"}), False),
    (old("NOT_NULL"), True),
    ({"ComparisonOperator": "NULL"}, False),
]


@pytest.mark.parametrize(("condition", "found"), FILTERS)
def test_an_old_filter_is_kept_to(db: Any, condition: Any, found: bool) -> None:
    expected = [ITEM] if found else []
    assert db.scan(TableName="orders", ScanFilter={"n": condition})["Items"] == expected
    query = db.query(TableName="orders", KeyConditions=BY_ID, QueryFilter={"n": condition})
    assert query["Items"] == expected


def test_filters_are_joined_as_asked(db: Any) -> None:
    both = {"n": old("EQ", {"N": "9"}), "s": old("BEGINS_WITH", {"S": "r"})}
    assert db.scan(TableName="orders", ScanFilter=both)["Items"] == []
    assert db.scan(TableName="orders", ScanFilter=both, ConditionalOperator="OR")["Items"] == [ITEM]
    assert db.scan(TableName="orders", ScanFilter={"l": old("CONTAINS", {"S": "x"})})["Items"] == [ITEM]
    assert db.scan(TableName="orders", ScanFilter={"q": old("GT", {"N": "1"})})["Items"] == []


VALUE_3, EXISTS = {"Value": {"N": "3"}}, {"Exists": True, "Value": {"N": "4"}}


@pytest.mark.parametrize(
    ("expected", "more", "holds"),
    [
        ({"n": VALUE_3}, {}, True),
        ({"n": EXISTS}, {}, False),
        ({"n": {"Exists": False}}, {}, False),
        ({"x": {"Exists": False}, "s": old("BEGINS_WITH", {"S": "r"})}, {}, True),
        ({"n": {"ComparisonOperator": "GT", "Value": {"N": "2"}}}, {}, True),
        ({"n": EXISTS, "s": {"Value": {"S": "red"}}}, {"ConditionalOperator": "OR"}, True),
        ({"n": EXISTS, "s": {"Value": {"S": "red"}}}, {"ConditionalOperator": "AND"}, False),
        ({"x": old("NULL"), "l": old("NOT_NULL")}, {}, True),
    ],
)
def test_what_an_item_is_expected_to_be_counts(db: Any, expected: Any, more: Any, holds: bool) -> None:
    """paritysuite/dynamodb-conformance, legacy-api/expected, and dynalite's tests."""
    put = {"TableName": "orders", "Item": ITEM}
    change = {"TableName": "orders", "Key": KEY, "AttributeUpdates": {"v": {"Value": {"S": "new"}}}}
    calls = (("put_item", put), ("update_item", change), ("delete_item", {"TableName": "orders", "Key": KEY}))
    for operation, params in calls:
        if holds:
            getattr(db, operation)(**params, Expected=expected, **more)
        else:
            with pytest.raises(db.exceptions.ConditionalCheckFailedException):
                getattr(db, operation)(**params, Expected=expected, **more)
    assert ("Item" in db.get_item(TableName="orders", Key=KEY)) is not holds


def test_an_item_may_have_400_kb(db: Any) -> None:
    """moto stopped at 405,000 bytes, and counted what is written over twice."""
    whole = {**KEY, "v": {"S": "x" * (400 * 1024 - 4)}}
    db.put_item(TableName="orders", Item=whole)
    change = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": whole["v"]}}
    db.update_item(TableName="orders", Key=KEY, **change)

    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        db.put_item(TableName="orders", Item={**whole, "w": {"S": ""}})
