"""Where a Query or Scan may begin: texts are those of dynalite's tests, which were run against AWS."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount

from pytest_kmslab.calls.api_call import ServiceError

A: dict[str, Any] = {"S": "a"}
B: dict[str, Any] = {"S": "b"}
ONE: dict[str, Any] = {"N": "1"}
SCHEMAS = (
    ("local", (("id", "S"), ("price", "N"))),
    ("global", (("team", "S"),)),
    ("many", (("team", "S"), ("id", "S"), ("price", "N"))),
)
INVALID = "The provided starting key is invalid"
NOT_THE_KEY = "The provided key element does not match the schema"
OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
NO_MATCH = "The provided starting key does not match the range key predicate"
ONE_ROW = "The query can return at most one row and cannot be restarted"


def told(operation: str, start: Any, **params: Any) -> str:
    view = FakeAccount()
    view.add_table(
        "orders",
        hash_key="id",
        range_key="sort",
        key_types=("S", "N"),
        index_keys={name: schema[0][0] for name, schema in SCHEMAS},
        index_schemas=SCHEMAS,
    )
    try:
        asked(operation, {"TableName": "orders", "ExclusiveStartKey": start, **params}, view)
    except ServiceError as refusal:
        return refusal.message
    return ""


def by(condition: str, index: str = "", **values: Any) -> dict[str, Any]:
    given = {f":{name}": value for name, value in values.items()}
    chosen = {"IndexName": index} if index else {}
    return {"KeyConditionExpression": condition, "ExpressionAttributeValues": given, **chosen}


@pytest.mark.parametrize(
    ("start", "params", "text"),
    [
        ({"id": A, "sort": ONE}, by("id = :a", a=A), ""),
        ({"id": A, "sort": ONE}, by("id = :a AND sort BETWEEN :n AND :n", a=A, n=ONE), ""),
        ({"id": A, "sort": ONE}, by("id = :a AND :n <= sort", a=A, n={"N": "1.0"}), ""),
        (
            {"id": A, "sort": ONE},
            {"KeyConditions": {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [A]}}},
            "",
        ),
        ({"id": A, "sort": ONE, "team": B}, by("team = :b", "global", b=B), ""),
        ({"id": A, "sort": ONE, "price": ONE}, by("id = :a AND price > :n", "local", a=A, n={"N": "0"}), ""),
        ({"id": A, "sort": ONE, "price": ONE, "team": B}, by("team = :b", "many", b=A), ""),
        ({}, by("id = :a", a=A), INVALID),
        ({"id": A}, by("sort = :n", n=ONE), INVALID),
        ({"id": A, "other": ONE}, by("id = :a", a=A), INVALID),
        ({"id": A, "sort": A}, by("id = :a", a=A), NOT_THE_KEY),
        ({"id": A, "sort": ONE, "team": ONE}, by("team = :b", "global", b=B), NOT_THE_KEY),
        ({"id": A, "sort": A, "team": B}, by("team = :b", "global", b=B), f"{INVALID}: {NOT_THE_KEY}"),
        ({"id": A, "sort": ONE}, by("team = :b", "global", b=B), INVALID),
        ({"id": A, "sort": ONE}, by("id = :b", b=B), OUTSIDE),
        ({"id": A, "sort": ONE, "team": A}, by("team = :b", "global", b=B), OUTSIDE),
        ({"id": A, "sort": ONE}, by("id = :a AND sort > :n", a=A, n=ONE), NO_MATCH),
        ({"id": A, "sort": ONE, "price": ONE}, by("id = :a AND price < :n", "local", a=A, n=ONE), NO_MATCH),
        ({"id": A, "sort": ONE}, by("id = :b AND sort = :n", b=B, n=ONE), ONE_ROW),
    ],
)
def test_a_query_begins_within_what_it_asks_for(start: Any, params: dict[str, Any], text: str) -> None:
    assert told("Query", start, **params) == text


@pytest.mark.parametrize(
    ("start", "index", "text"),
    [
        ({"id": A, "sort": ONE}, "", ""),
        ({"id": A, "sort": ONE, "team": B}, "global", ""),
        ({"id": A}, "", f"{INVALID}: {NOT_THE_KEY}"),
        ({"id": A, "sort": A}, "", f"{INVALID}: {NOT_THE_KEY}"),
        ({"id": A, "sort": ONE}, "global", INVALID),
        ({"id": A, "sort": ONE, "other": A}, "global", INVALID),
        ({"id": A, "sort": ONE, "team": ONE}, "global", NOT_THE_KEY),
        ({"id": ONE, "sort": ONE, "team": A}, "global", f"{INVALID}: {NOT_THE_KEY}"),
    ],
)
def test_a_scan_begins_after_a_key(start: Any, index: str, text: str) -> None:
    assert told("Scan", start, **({"IndexName": index} if index else {})) == text


SCHEMA_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (by("id = :a AND price = :n", "local", a=A, n=ONE), ""),
        (by("id = :a AND price = :a", "local", a=A), SCHEMA_TYPE),
        (
            by("id = :a AND sort = :n", "local", a=A, n=ONE),
            "Query condition missed key schema element: price",
        ),
        (
            by("team = :b AND sort = :n", "global", b=B, n=ONE),
            "The number of query conditions (2) exceeds the number of key attributes defined in the schema "
            "(1)",
        ),
        (
            {
                "KeyConditions": {
                    "id": {"ComparisonOperator": "EQ", "AttributeValueList": [A]},
                    "sort": {"ComparisonOperator": "NOT_NULL"},
                }
            },
            "Attempted conditional constraint is not an indexable operation",
        ),
    ],
)
def test_conditions_fit_the_key_of_the_index(params: dict[str, Any], text: str) -> None:
    assert told("Query", None, **params) == text
