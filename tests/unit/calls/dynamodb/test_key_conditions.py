"""The key condition of a Query: what it holds to a value, and what DynamoDB says of other forms.

Texts are those of dynalite's tests of Query, which were run against AWS.
"""

from __future__ import annotations

import contextlib
from random import Random
from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.key_conditions import MEMBER, in_plain_form, key_equalities

NAMES = {"#i": "id", "#s": "sort"}
VALUES: dict[str, Any] = {":me": {"S": "me"}, ":you": {"S": "you"}, ":x": {"S": "x"}}
MORE: dict[str, Any] = {
    ":n": {"N": "10"},
    ":b": {"BOOL": True},
    ":n2": {"N": "9"},
    # As botocore has bytes, and as they are written: `2` and `3`.
    ":two": {"B": b"2"},
    ":three": {"B": "Mw=="},
    ":broken": {"B": "M"},
}


def query(expression: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": VALUES | MORE,
    }


ME, X = {"S": "me"}, {"S": "x"}


@pytest.mark.parametrize(
    ("expression", "equalities"),
    [
        ("id = :me", [("id", ME)]),
        ("#i=:me AND #s >= :x", [("id", ME)]),
        ("sort = :x and id = :me", [("sort", X), ("id", ME)]),
        ("(id = :me) AND (sort BETWEEN :x AND :you)", [("id", ME)]),
        ("sort between :x and :you AND id = :me", [("id", ME)]),
        ("id = :me AND sort BETWEEN :n2 AND :n", [("id", ME)]),
        ("id = :me AND sort BETWEEN :two AND :three", [("id", ME)]),
        ("id = :me AND sort BETWEEN :three AND :three", [("id", ME)]),
        ("((id = :me) AND begins_with(sort, :x))", [("id", ME)]),
        ("(id = :me)AND(sort = :x)", [("id", ME), ("sort", X)]),
        ("id = :me\n  AND sort < :x", [("id", ME)]),
        (":me = id", [("id", ME)]),
        (":x < sort AND :me=#i", [("id", ME)]),
        ("(id) = :me AND (begins_with((sort), :x))", [("id", ME)]),
        ("id = (:me) AND (sort) BETWEEN (:x) AND (:you)", [("id", ME)]),
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
        "(id = :me",
        ":me = :me",
        "id = :me) AND (sort = :x",
        "id = :me AND #i = :you",
        "(" * 4000 + "id = :me" + ")" * 4000,
        "size(id) = :me",
        "id IN (:me)",
        "id = :me sort = :x",
        "id.part = :me",
        "#a-b = :me",
        "AND = :me",
        "contains = ",
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


INVALID = f"Invalid {MEMBER}: "
OPERAND = f"Invalid {MEMBER}: Incorrect operand type for operator or function; operator or function: "
UNDEFINED = (
    f"Invalid {MEMBER}: An expression attribute value used in expression is not defined; attribute value: "
)
OPERATOR, CONDITION = f"Invalid operator used in {MEMBER}: ", f"Invalid condition in {MEMBER}: "


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("id = :me OR id = :you", f"{OPERATOR}OR"),
        ("NOT id = :me", f"{OPERATOR}NOT"),
        ("id <> :me", f"{OPERATOR}<>"),
        ("id IN (:me, :you)", f"{OPERATOR}IN"),
        ("attribute_exists(id)", f"{OPERATOR}attribute_exists"),
        ("id = :me AND contains(sort, :x)", f"{OPERATOR}contains"),
        (
            ":me BETWEEN :x AND :you",
            f"{CONDITION}BETWEEN operator must have the key attribute as its first operand",
        ),
        (
            "begins_with(:x, sort)",
            f"{CONDITION}begins_with operator must have the key attribute as its first operand",
        ),
        ("id = me", f"{CONDITION}Multiple attribute names used in one condition"),
        ("begins_with(id, sort)", f"{CONDITION}Multiple attribute names used in one condition"),
        (":me = :you", f"{CONDITION}No key attribute specified"),
        ("id = size(sort)", "KeyConditionExpressions cannot contain nested operations"),
        ("id.part = :me", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("id[0] = :me", "KeyConditionExpressions cannot have conditions on nested attributes"),
        (
            "id = :me AND #i = :you",
            f"{INVALID}KeyConditionExpressions must only contain one condition per key",
        ),
        ("id = :me AND begins_with(sort, :n)", f"{OPERAND}begins_with, operand type: N"),
        (":b >= sort", f"{OPERAND}>=, operand type: BOOL"),
        ("sort BETWEEN :b AND :b", f"{OPERAND}BETWEEN, operand type: BOOL"),
        # What is written first is told first.
        ("begins_with(sort, :n) AND id = :none", f"{OPERAND}begins_with, operand type: N"),
        ("id = :none AND begins_with(sort, :n)", f"{UNDEFINED}:none"),
        ("id = :me AND begins_with(sort, :n) AND #i = :you", f"{OPERAND}begins_with, operand type: N"),
        (
            "sort BETWEEN :you AND :me",
            f"{INVALID}The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {S:you}, upper bound operand: AttributeValue: {S:me}",
        ),
        ("sort BETWEEN :two AND :broken", "`M` is not base64"),
        (
            "sort BETWEEN :three AND :two",
            f"{INVALID}The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {B:Mw==}, upper bound operand: AttributeValue: {B:Mg==}",
        ),
        (
            "sort BETWEEN :you AND :n",
            f"{INVALID}The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
            "operand: AttributeValue: {S:you}, upper bound operand: AttributeValue: {N:10}",
        ),
        ("BegIns_WiTh(sort, :x)", f"Invalid {MEMBER}: Invalid function name; function: BegIns_WiTh"),
        (
            "begins_with(sort)",
            f"Invalid {MEMBER}: Incorrect number of operands for operator or function; operator or function: "
            "begins_with, number of operands: 1",
        ),
        (
            "begins_with(sort, :x) = :me",
            f"Invalid {MEMBER}: The function is not allowed to be used this way in an expression; function: "
            "begins_with",
        ),
        (
            "size(id)",
            f"Invalid {MEMBER}: The function is not allowed to be used this way in an expression; function: "
            "size",
        ),
        (
            "begins_with sort, :x",
            f'Invalid {MEMBER}: Syntax error; token: "sort", near: "begins_with sort,"',
        ),
    ],
)
def test_what_is_refused_is_worded_as_dynamodb_words_it(expression: str, message: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        key_equalities(query(expression))

    assert refusal.value.message == message


def old(operator: str) -> dict[str, Any]:
    return {"KeyConditions": {"id": {"ComparisonOperator": operator, "AttributeValueList": [ME]}}}


MISSED, UNSUPPORTED = "Query condition missed key schema element: id", "Query key condition not supported"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"QueryFilter": {"price": {}}},
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        ),
        ({"KeyConditionExpression": "sort = :x", "ExpressionAttributeValues": {":x": X}}, MISSED),
        ({"KeyConditionExpression": "id > :x", "ExpressionAttributeValues": {":x": X}}, UNSUPPORTED),
        ({"KeyConditionExpression": ":x <= id", "ExpressionAttributeValues": {":x": X}}, UNSUPPORTED),
        (
            {"KeyConditionExpression": "begins_with(id, :x)", "ExpressionAttributeValues": {":x": X}},
            UNSUPPORTED,
        ),
        (old("BEGINS_WITH"), UNSUPPORTED),
        (old("NE"), "Attempted conditional constraint is not an indexable operation"),
    ],
)
def test_a_query_holds_the_partition_key_to_a_value(params: dict[str, Any], message: str) -> None:
    view = FakeAccount()
    view.add_table("orders", hash_key="id")

    with pytest.raises(ServiceError) as refusal:
        asked("Query", {"TableName": "orders"} | params, view)
    assert str(refusal.value) == f"ValidationException: {message}"


SCHEMA_TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("id = :me AND sort > :n", ""),
        ("id = :me", ""),
        ("id = :n", SCHEMA_TYPE),
        ("id = :me AND sort = :x", SCHEMA_TYPE),
        ("id = :me AND begins_with(sort, :x)", SCHEMA_TYPE),
        ("id = :me AND sort = :b", SCHEMA_TYPE),
        (
            "id = :me AND sort > :n AND extra = :x",
            "The number of query conditions (3) exceeds the number of key attributes defined in the schema "
            "(2)",
        ),
    ],
)
def test_a_condition_fits_the_key_of_the_table(expression: str, message: str) -> None:
    view = FakeAccount()
    view.add_table("orders", hash_key="id", range_key="sort", key_types=("S", "N"))
    used = {name: value for name, value in (VALUES | MORE).items() if name in expression.split()}
    used |= {":x": X} if ":x" in expression else {}
    params = {"TableName": "orders", MEMBER: expression, "ExpressionAttributeValues": used}

    try:
        asked("Query", params, view)
        said = ""
    except ServiceError as refusal:
        said = refusal.message
    assert said == message


@pytest.mark.parametrize(
    ("expression", "sent"),
    [
        (":me = id AND :x < sort", "id = :me AND sort > :x"),
        ("(id) = :me AND :x >= #s", "id = :me AND #s <= :x"),
        ("(id = (:me)) AND (sort BETWEEN :x AND :you)", "id = :me AND sort BETWEEN :x AND :you"),
        (":me = id and begins_with((sort), :x)", "id = :me AND begins_with(sort, :x)"),
        # As boto3's own conditions are written, and everybody's: left as it is.
        ("(#i = :me AND begins_with(#s, :x))", None),
        ("id=:me and sort between :x and :you", None),
    ],
)
def test_a_form_that_not_every_backend_reads_is_sent_in_another(expression: str, sent: str | None) -> None:
    assert in_plain_form(query(expression)).get(MEMBER) == sent


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
    if chance.random() < 0.2:
        partition = f"{chance.choice((':me', ':you'))} = {chance.choice(('id', '(#i)'))}"
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
            theirs = partitions_that_moto_reads(in_plain_form(query(text)).get(MEMBER, text))
            assert all(value in held for value in theirs), text
            read += bool(theirs)
    assert read > 500
