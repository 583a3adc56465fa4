from __future__ import annotations

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.expressions import attributes_of, updated_attributes


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
    kind = "UpdateExpression" if expression.startswith("SET") else "FilterExpression"
    assert list(attributes_of(kind, expression)) == attributes


@pytest.mark.parametrize(
    ("kind", "expression", "attributes"),
    [
        # What is a keyword elsewhere is a name here, and moto reads it so; AWS has `remove` in no list of
        # reserved words.
        ("ProjectionExpression", "remove, a.set", ["remove", "a"]),
        ("FilterExpression", "remove = :x AND NOT a in (:y)", ["remove", "a"]),
        ("UpdateExpression", "REMOVE a[0] set b = and", ["a", "b", "and"]),
        # A number is a place in a list only within brackets.
        ("FilterExpression", "5 = :x OR a[ 5 ] = :x", ["5", "a"]),
        ("ConditionExpression", "size(a) > 5", ["a", "5"]),
    ],
)
def test_only_what_is_no_name_where_it_stands_is_left_out(
    kind: str, expression: str, attributes: list[str]
) -> None:
    assert list(attributes_of(kind, expression)) == attributes


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
    with pytest.raises(ServiceError) as refused:
        attributes_of(kind, expression)
    assert str(refused.value) == (
        f"ValidationException: Invalid {kind}: Syntax error; `{expression}` holds what cannot be read (said "
        "by pytest-kmslab)"
    )


@pytest.mark.parametrize(
    ("expression", "attributes"),
    [
        ("SET a = b, c.d = :e REMOVE f, #g[0] ADD h :i DELETE j :k", ("a", "c", "f", "#g", "h", "j")),
        ("set a = if_not_exists(b, :c), d = list_append(e, f) remove g", ("a", "d", "g")),
        ("SET a = (b + :c), d = e", ("a", "d")),
        ("SET #set = :remove, add_on = #delete", ("#set", "add_on")),
        ("REMOVE a", ("a",)),
        ("", ()),
    ],
)
def test_the_attributes_that_an_update_changes(expression: str, attributes: tuple[str, ...]) -> None:
    assert updated_attributes(expression) == attributes
