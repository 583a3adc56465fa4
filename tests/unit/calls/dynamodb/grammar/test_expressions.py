"""Expressions that DynamoDB takes, and what it says of those that it does not.

Texts are those of dynalite's tests, which were run against AWS; of syntax errors those that people met
(floci-io/floci#1512, kritish-dhaubanjar/dynamodb-dashboard#735) or paritysuite/dynamodb-conformance measured.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.grammar.checks import check_expression

NAMES = {"#a": "a", "#b": "b", "#status": "status"}
VALUES: dict[str, Any] = {
    ":s": {"S": "x"},
    ":t": {"S": "y"},
    ":type": {"S": "SS"},
    ":n": {"N": "10"},
    ":m": {"N": "9"},
    ":b": {"BOOL": True},
    ":list": {"L": []},
    ":set": {"SS": ["x"]},
    ":bin": {"B": b"1"},
}
FILTER, UPDATE, PROJECTION = "FilterExpression", "UpdateExpression", "ProjectionExpression"


def refusal_of(member: str, expression: str) -> str:
    try:
        check_expression(member, expression, NAMES, VALUES)
    except ServiceError as refusal:
        return refusal.message.removeprefix(f"Invalid {member}: ")
    return ""


@pytest.mark.parametrize(
    "expression",
    [
        "a = :s",
        ":s = a",
        "(a) = (:s)",
        "(a = :s)",
        "NOT a = :s and not (b = :s or #status=:s)",
        "(a = :s AND b = :s) OR (a = :t)",
        "((a = :s) AND (b = :s))",
        "( ( size ( a ) ) < #b.maximum ) AND ( #a > :n )",
        "a[0].b[12].#status IN (:s, :n, a)",
        "(a.b)[0].c <> :s",
        "a BETWEEN :m AND :n AND b between :bin and c",
        "attribute_exists(a.b) AND attribute_not_exists(#a) AND attribute_type(a, :type)",
        "begins_with(a, :s) AND contains(:s, a) AND begins_with(a, b)",
        "attribute_exists(\n a\t)",
        "setting = :s AND android = :n AND between_us = :n",
        " AND ".join(["a = :s"] * 150),
        "a IN (" + ", ".join([":s"] * 100) + ")",
    ],
)
def test_a_condition_is_taken(expression: str) -> None:
    assert refusal_of(FILTER, expression) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "SET a = :s",
        "set #a.b[1] = if_not_exists(a.b, :n) + :n, c = list_append(:list, c) remove d, e[0] add f :set "
        "delete g :set",
        "SET a = (b - :n), c = (d)",
        "ADD a :n REMOVE #b",
        "SET a.b = :s, a.c = :s, d[0] = :s, d[1] = :s",
    ],
)
def test_an_update_is_taken(expression: str) -> None:
    assert refusal_of(UPDATE, expression) == ""


def test_a_projection_is_taken() -> None:
    assert refusal_of(PROJECTION, "a, #b.c[0] , d[1].e, d[2]") == ""


OPERAND = "Incorrect operand type for operator or function; operator or function: "
MISUSED = "The function is not allowed to be used this way in an expression; function: "
NUMBER = "Incorrect number of operands for operator or function; operator or function: "
PATH = "Operator or function requires a document path; operator or function: "
DISTINCT = (
    "The first operand must be distinct from the remaining operands for this operator or function; operator: "
)
PARENTHESES = "The expression has redundant parentheses;"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("a-b", 'Syntax error; token: "-", near: "a-b"'),
        (
            "#a attribute_not_exists :s",
            'Syntax error; token: "attribute_not_exists", near: "#a attribute_not_exists :s"',
        ),
        ("a = :s AND __typename = :t", 'Syntax error; token: "_", near: "AND __"'),
        ("a in ()", 'Syntax error; token: ")", near: "()"'),
        ("contains (a, :s", 'Syntax error; token: "<EOF>", near: ":s"'),
        ("a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("NOT NOT a = :s", 'Syntax error; token: "NOT", near: "NOT NOT a"'),
        ("a = b = c", 'Syntax error; token: "=", near: "b = c"'),
        ("a = 'x'", 'Syntax error; token: "\'", near: "= \'x"'),
        ("a IN :s", 'Syntax error; token: ":s", near: "IN :s"'),
        ("a = :s b = :t", 'Syntax error; token: "b", near: ":s b ="'),
        ("((a = :s))", PARENTHESES),
        ("((a)) = :s", PARENTHESES),
        ("a = :s AND ((b = :s) )", PARENTHESES),
        ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("a.Data = :s", "Attribute name is a reserved keyword; reserved keyword: Data"),
        ("Size(a) > :n", "Invalid function name; function: Size"),
        ("size(a)", f"{MISUSED}size"),
        ("contains(attribute_exists(a), :s)", f"{MISUSED}attribute_exists"),
        ("begins_with(a, :s) = :b", f"{MISUSED}begins_with"),
        ("contains(a)", f"{NUMBER}contains, number of operands: 1"),
        (
            "#c = :s",
            "An expression attribute name used in the document path is not defined; attribute name: #c",
        ),
        (
            "a < :none",
            "An expression attribute value used in expression is not defined; attribute value: :none",
        ),
        ("a = a", f"{DISTINCT}=, first operand: [a]"),
        ("contains(a[1].b, #a[1].#b)", f"{DISTINCT}contains, first operand: [a, [1], b]"),
        ("begins_with(a, :n)", f"{OPERAND}begins_with, operand type: N"),
        ("a > :b", f"{OPERAND}>, operand type: BOOL"),
        ("size(:n) > :n", f"{OPERAND}size, operand type: N"),
        ("attribute_exists(:s)", f"{PATH}attribute_exists"),
        ("attribute_type(a, b)", f"{OPERAND}attribute_type, operand type: {{NS,SS,L,BS,N,M,B,BOOL,NULL,S}}"),
        (
            "attribute_type(a, :s)",
            "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
        ),
        (
            "a IN (" + ", ".join([":s"] * 101) + ")",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
        (
            " AND ".join(["a = :s"] * 151),
            "The expression contains too many operators; operator count: 301",
        ),
        (
            "a = :s" + " " * 4091,
            "Expression size has exceeded the maximum allowed size; expression size: 4097",
        ),
        (
            "a BETWEEN :n AND :m",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:9}",
        ),
    ],
)
def test_what_is_refused_of_a_condition(expression: str, told: str) -> None:
    assert refusal_of(FILTER, expression) == told


OVERLAP = (
    "Two document paths {} with each other; must remove or rewrite one of these paths; path one: {}, "
    "path two: {}"
)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
        ("INVALID SYNTAX", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("SET a = b + c + d", 'Syntax error; token: "+", near: "c + d"'),
        ("SET a = :s,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET a = if_not_exists(a, 0)", 'Syntax error; token: "0", near: ", 0)"'),
        ("SET a = (b.c)[0] + e", 'Syntax error; token: "[", near: ")[0"'),
        ("ADD a b", 'Syntax error; token: "b", near: "a b"'),
        ("SET a = :s SET b = :s", 'The "SET" section can only be used once in an update expression;'),
        ("SET a = attribute_exists(b)", "Invalid function name; function: attribute_exists"),
        ("SET a = if_not_exists(:s, b)", f"{PATH}if_not_exists"),
        ("SET a = list_append(:s, b)", f"{OPERAND}list_append, operand type: S"),
        ("SET a = b + :s", f"{OPERAND}+, operand type: S"),
        (
            "ADD a :s",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
        ),
        (
            "DELETE a :n",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER",
        ),
        ("SET a.b = :s REMOVE a", OVERLAP.format("overlap", "[a, b]", "[a]")),
        ("SET a.b = :s, a[1] = :s", OVERLAP.format("conflict", "[a, b]", "[a, [1]]")),
        ("SET #a = :s, a = :t", OVERLAP.format("overlap", "[a]", "[a]")),
        ("SET key = :s", "Attribute name is a reserved keyword; reserved keyword: key"),
        ("SET a = :s" + " " * 4087, "Expression size has exceeded the maximum allowed size;"),
    ],
)
def test_what_is_refused_of_an_update(expression: str, told: str) -> None:
    assert refusal_of(UPDATE, expression) == told


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("!!!", 'Syntax error; token: "!", near: "!!"'),
        ("a b", 'Syntax error; token: "b", near: "a b"'),
        ("a, ", 'Syntax error; token: "<EOF>", near: ","'),
        ("a[01x]", 'Syntax error; token: "x", near: "01x]"'),
        ("a.count", "Attribute name is a reserved keyword; reserved keyword: count"),
        ("a.b, #a", OVERLAP.format("overlap", "[a, b]", "[a]")),
        ("a.b, a[1]", OVERLAP.format("conflict", "[a, b]", "[a, [1]]")),
    ],
)
def test_what_is_refused_of_a_projection(expression: str, told: str) -> None:
    assert refusal_of(PROJECTION, expression) == told


def test_many_brackets_are_no_crash() -> None:
    assert refusal_of(FILTER, "(" * 4000).startswith("Brackets are nested more than 60 deep")
    assert refusal_of(FILTER, "size(" * 400).startswith("Brackets are nested more than 60 deep")
    assert refusal_of(FILTER, "NOT (" * 60 + "a = :s" + ")" * 60) == ""
