from __future__ import annotations

import contextlib
from random import Random
from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.expressions import attributes_of, key_equalities

NAMES = {"#i": "id", "#s": "sort"}
VALUES: dict[str, Any] = {":me": {"S": "me"}, ":you": {"S": "you"}, ":x": {"S": "x"}}


def query(expression: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": VALUES,
    }


@pytest.mark.parametrize(
    ("expression", "attributes"),
    [
        ("price", ["price"]),
        ("a.b[0].c, d", ["a", "d"]),
        ("#n.first, #x", ["#n", "#x"]),
        ("attribute_exists(a) AND size(b) > :c", ["a", "b"]),
        ("a BETWEEN :low AND :high OR NOT b IN (:x, :y)", ["a", "b"]),
        ("SET a = if_not_exists(b, :zero) + :one REMOVE c ADD d :n DELETE e :s", ["a", "b", "c", "d", "e"]),
        ("", []),
    ],
)
def test_the_top_level_attributes_of_an_expression(expression: str, attributes: list[str]) -> None:
    assert list(attributes_of("UpdateExpression", expression)) == attributes


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("ProjectionExpression", "a = :b"),
        ("ProjectionExpression", "my-attribute"),
        ("ProjectionExpression", ".secret"),
        ("ProjectionExpression", "a, .secret"),
        ("ProjectionExpression", "a."),
        ("FilterExpression", "a = 'b'"),
        ("FilterExpression", "\u017fecret = :b"),
        ("FilterExpression", "a; b"),
    ],
)
def test_an_expression_that_holds_anything_else_is_refused(kind: str, expression: str) -> None:
    with pytest.raises(ServiceError, match=f"^ValidationException: Invalid {kind}: Syntax error"):
        attributes_of(kind, expression)


ME, X = {"S": "me"}, {"S": "x"}


@pytest.mark.parametrize(
    ("expression", "equalities"),
    [
        ("id = :me", [("id", ME)]),
        ("#i=:me AND #s >= :x", [("id", ME)]),
        ("sort = :x and id = :me", [("sort", X), ("id", ME)]),
        ("(id = :me) AND (sort BETWEEN :x AND :you)", [("id", ME)]),
        ("sort between :x and :you AND id = :me", [("id", ME)]),
        ("((id = :me) AND begins_with(sort, :x))", [("id", ME)]),
        ("(id = :me)AND(sort = :x)", [("id", ME), ("sort", X)]),
        ("id = :me\n  AND sort < :x", [("id", ME)]),
    ],
)
def test_a_key_condition_holds_attributes_to_values(
    expression: str, equalities: list[tuple[str, Any]]
) -> None:
    assert key_equalities(query(expression)) == equalities


@pytest.mark.parametrize(
    "expression",
    [
        "id = me",
        "id = you AND sort = :x",
        "id = :me OR id = :you",
        "NOT id = :me",
        "id <> :me",
        "id = :me AND",
        "(id) = :me",
        "(id = :me",
        "id = :me) AND (sort = :x",
        ":me = id",
        "size(id) = :me",
        "id IN (:me)",
        "id = :me sort = :x",
        "id.part = :me",
        "#a-b = :me",
        "",
    ],
)
def test_any_other_key_condition_is_refused_or_holds_nothing(expression: str) -> None:
    found: list[tuple[str, Any]] = []
    with contextlib.suppress(ServiceError):
        found = key_equalities(query(expression))
    assert found == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "id = :none",
            "An expression attribute value used in expression is not defined; attribute value: :none",
        ),
        (
            "#none = :me",
            "An expression attribute name used in the document path is not defined; attribute name: #none",
        ),
    ],
)
def test_an_undefined_placeholder_is_named(expression: str, message: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        key_equalities(query(expression))

    assert refusal.value.message == f"Invalid KeyConditionExpression: {message}"


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"QueryFilter": {"price": {}}},
        {"KeyConditionExpression": "sort = :x", "ExpressionAttributeValues": {":x": X}},
        {"KeyConditions": {"id": {"ComparisonOperator": "NE", "AttributeValueList": [ME]}}},
    ],
)
def test_a_query_holds_the_partition_key_to_a_value(params: dict[str, Any]) -> None:
    view = FakeAccount()
    view.add_table("orders", hash_key="id")

    with pytest.raises(
        ServiceError, match=r"^ValidationException: Query condition missed key schema element: id$"
    ):
        asked("Query", {"TableName": "orders"} | params, view)


SCHEMA = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}]
PIECES = (
    "id",
    "sort",
    "#i",
    "#s",
    ":me",
    ":you",
    ":x",
    "=",
    " = ",
    "<",
    " AND ",
    " and ",
    "(",
    ")",
    " ",
    ",",
)


def misleading_condition(chance: Random) -> str:
    partition = (
        chance.choice(("id", "#i")) + chance.choice(("=", " = ", " =", "= ")) + chance.choice((":me", ":you"))
    )
    other = chance.choice(
        ("sort = :x", "#s > :x", "begins_with(sort, :x)", "sort BETWEEN :x AND :you", "id = :you")
    )
    text = chance.choice(
        (partition, f"{partition} AND {other}", f"{other} AND {partition}", f"({partition}) AND ({other})")
    )
    for _ in range(chance.choice((0, 0, 1, 2))):
        at = chance.randint(0, len(text))
        text = text[:at] + chance.choice((*PIECES, " OR ", "NOT ", "BETWEEN", "begins_with(")) + text[at:]
    return text


def partitions_that_moto_reads(text: str) -> list[Any]:
    """The values that moto holds the partition key to; none where it fails."""
    with contextlib.suppress(Exception):
        held, _, _ = parse_expression(text, VALUES, NAMES, SCHEMA)
        return [value for _, value in held]
    return []


def test_moto_reads_no_other_partition_than_the_one_that_was_read() -> None:
    chance = Random(1)
    read = 0
    for _ in range(4000):
        text = misleading_condition(chance)
        with contextlib.suppress(ServiceError):
            held = [value for name, value in key_equalities(query(text)) if name == "id"]
            theirs = partitions_that_moto_reads(text)
            assert all(value in held for value in theirs), text
            read += bool(theirs)
    assert read > 500
