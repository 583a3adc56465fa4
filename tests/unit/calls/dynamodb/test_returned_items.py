"""What a read answers: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import FakeAccount, call

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.returned_items import (
    answered_attributes,
    check_consistent,
    check_filter,
    check_projected,
    keep_named_attributes,
)

ITEM = {"id": {"S": "1"}, "a": {"S": "x"}, "b": {"M": {"c": {"S": "y"}}}}
NAMING = {"ProjectionExpression": "#a, b.c", "ExpressionAttributeNames": {"#a": "a"}}
NAMED = {"a": ITEM["a"], "b": ITEM["b"]}
GLOBAL = {"index_keys": {"by-day": "day", "local": "id"}, "local_indexes": ("local",), "hash_key": "id"}


@pytest.mark.parametrize(
    ("operation", "params", "response", "expected"),
    [
        ("GetItem", NAMING, {"Item": ITEM}, {"Item": NAMED}),
        ("GetItem", {"AttributesToGet": ["a"]}, {"Item": ITEM}, {"Item": {"a": ITEM["a"]}}),
        ("GetItem", {}, {"Item": ITEM}, {"Item": ITEM}),
        ("GetItem", NAMING, {}, {}),
        ("Query", NAMING, {"Items": [ITEM, ITEM]}, {"Items": [NAMED, NAMED]}),
        ("Scan", NAMING, {"Items": [ITEM]}, {"Items": [NAMED]}),
        ("Scan", NAMING, {"Count": 2}, {"Count": 2}),
        (
            "BatchGetItem",
            {"RequestItems": {"t": NAMING, "u": {}}},
            {"Responses": {"t": [ITEM], "u": [ITEM], "v": [ITEM]}},
            {"Responses": {"t": [NAMED], "u": [ITEM], "v": [ITEM]}},
        ),
        ("BatchGetItem", {"RequestItems": {"t": NAMING}}, {}, {}),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": NAMING}, {"Get": {}}, {"Get": NAMING}]},
            {"Responses": [{"Item": ITEM}, {"Item": ITEM}, {}]},
            {"Responses": [{"Item": NAMED}, {"Item": ITEM}, {}]},
        ),
        ("TransactGetItems", {"TransactItems": [{"Get": NAMING}]}, {}, {}),
        ("PutItem", NAMING, {"Attributes": ITEM}, {"Attributes": ITEM}),
    ],
)
def test_no_attribute_that_is_not_named(
    operation: str, params: dict[str, Any], response: dict[str, Any], expected: dict[str, Any]
) -> None:
    def copied(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: copied(inner) for name, inner in value.items()}
        return [copied(inner) for inner in value] if isinstance(value, list) else value

    answer = copied(response)
    keep_named_attributes(call("dynamodb", operation, params), answer)
    assert answer == expected


def test_what_is_named_in_order_and_once() -> None:
    part = {**NAMING, "AttributesToGet": ["b", "z"]}
    assert answered_attributes(part) == ("a", "b", "z")
    assert answered_attributes({}) == ()


def test_a_global_index_answers_what_it_projects_and_the_keys() -> None:
    table = FakeAccount().add_table(**GLOBAL, projected=(("by-day", ("day", "v")),))
    check_projected(table, "by-day", ("day", "v", "id"))
    check_projected(table, "local", ("other",))
    check_projected(table, "", ("other",))
    check_projected(None, "by-day", ("other",))
    with pytest.raises(ServiceError) as refused:
        check_projected(table, "by-day", ("v", "w", "x"))
    assert str(refused.value) == (
        "ValidationException: One or more parameter values were invalid: "
        "Global secondary index by-day does not project [w, x]"
    )


def test_a_global_index_is_not_read_consistently() -> None:
    table = FakeAccount().add_table(**GLOBAL)
    check_consistent(table, "local")
    check_consistent(table, "")
    check_consistent(table, "none")
    check_consistent(None, "by-day")
    with pytest.raises(ServiceError) as refused:
        check_consistent(table, "by-day")
    assert str(refused.value) == (
        "ValidationException: Strongly consistent read is not supported on Global Secondary Indexes"
    )


KEYS = ("id", "day")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"FilterExpression": "attribute_exists(id.b) AND b = :b"}, "Filter Expression {}: id"),
        (
            {"FilterExpression": "#k[1] = :b", "ExpressionAttributeNames": {"#k": "day"}},
            "Filter Expression {}: day",
        ),
        ({"QueryFilter": {"day": {"ComparisonOperator": "NULL"}}}, "QueryFilter {}: day"),
    ],
)
def test_a_query_is_not_filtered_by_its_key(params: dict[str, Any], text: str) -> None:
    said = text.format("can only contain non-primary key attributes: Primary key attribute")
    with pytest.raises(ServiceError, match=f"ValidationException: {said}"):
        check_filter(params, KEYS)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {
            "FilterExpression": "price.id = :id AND size(#d) > :day",
            "ExpressionAttributeNames": {"#d": "days"},
        },
        {"QueryFilter": {"price": {"ComparisonOperator": "NULL"}}},
    ],
)
def test_by_anything_else_it_is(params: dict[str, Any]) -> None:
    check_filter(params, KEYS)
