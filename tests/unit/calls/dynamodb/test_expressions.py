from __future__ import annotations

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.expressions import attributes_of


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
