"""What DynamoDB says of a statement that it does not take.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar and partiqlFunctions.
"""

from __future__ import annotations

import pytest

from pytest_kmslab.calls.dynamodb.attribute_values import OVERFLOW, TOO_LONG, UNDERFLOW
from pytest_kmslab.calls.dynamodb.partiql import refusals
from pytest_kmslab.calls.dynamodb.partiql.refusals import RefusedStatementError, StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import read_statement

SET_ADD = "The {} argument to SET_ADD must {} at 1:{}"
COUNT = (
    "Incorrect number of operands for operator or function; operator or function: {}, number of operands: {}"
)
PATH = "Operator or function requires a document path; operator or function: {}"
EQUAL = "equal the assignment value"
LONG = "1" * 39


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM t WHERE id = 1 e5", refusals.LEFTOVER),
        ("INSERT INTO t VALUE {'id': 1} more", refusals.LEFTOVER),
        ("INSERT INTO t VALUE ? more", refusals.LEFTOVER),
        ("INSERT INTO t u VALUE {'id': 1}", refusals.LEFTOVER),
        ("UPDATE t SET a = 9 WHERE id = 1 more", refusals.LEFTOVER),
        ("DELETE FROM t WHERE id = 'x' 'y'", refusals.LEFTOVER),
        ("SELECT * FROM t WHERE id = 1 'y'", refusals.LEFTOVER),
        ("SELECT * FROM t WHERE id = ? 1", refusals.LEFTOVER),
        ("SELECT * FROM t WHERE id = 1)", refusals.LEFTOVER),
        ("DELETE FROM t WHERE id = 1 ORDER BY id", refusals.LEFTOVER),
        ("SELECT * FROM t ORDER BY id WHERE id = 1", refusals.LEFTOVER),
        ("FROM t SET a = 1 WHERE id = 'x'", refusals.LEFTOVER),
        ("FROM t SET a = 1 WHERE id = 'x' SET b = 2", refusals.LEFTOVER),
        ("SELECT * FROM t AS u WHERE id = 1", refusals.ALIASING),
        ("SELECT * FROM t u", refusals.ALIASING),
        ("UPDATE t u SET a = 3 WHERE id = 1", refusals.ALIASING),
        ("DELETE FROM t u WHERE id = 1", refusals.ALIASING),
        ("FROM t u WHERE id = 1 SET a = 3", refusals.ALIASING),
        ("SELECT * FROM t WHERE id = 1 # note", refusals.NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE id = 1 /* note", refusals.NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE id = 1e2147483648", refusals.NOT_WELL_FORMED),
        ("INSERT INTO t VALUE {'id': 1.5e-2147483647}", refusals.NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE", refusals.NO_TERM),
        ("DELETE FROM t WHERE  ", refusals.NO_TERM),
        ("SELECT * FROM t WHERE NOT", refusals.NO_TERM),
        ("UPDATE t SET a = 1 WHERE (", refusals.NO_TERM),
        ("SELECT * FROM", refusals.NO_TERM),
        ("SELECT * FROM t WHERE id = 1 AND", refusals.NO_RIGHT_SIDE),
        ("DELETE FROM t WHERE id = 1 or", refusals.NO_RIGHT_SIDE),
        ("SELECT * FROM t WHERE ORDER BY id", refusals.KEYWORD_FIRST),
        ("SELECT * FROM t WHERE IS NULL", refusals.OPERATOR_FIRST),
        ("SELECT * FROM t WHERE id = LIKE", refusals.OPERATOR_FIRST),
        ("SELECT * FROM t WHERE a IS FOO", refusals.NO_TYPE),
        ("SELECT * FROM t WHERE a IS NOT", refusals.NO_TERM),
        ("DELETE FROM WHERE id = 1", refusals.NO_TABLE),
        ("DELETE FROM", refusals.NO_TABLE),
    ],
)
def test_the_grammar(text: str, told: str) -> None:
    with pytest.raises(RefusedStatementError) as refused:
        read_statement(text)

    assert str(refused.value) == told


@pytest.mark.parametrize("term", ["a", "(a)", "a[0]", "a.b", "size(a)"])
@pytest.mark.parametrize("asked", ["IS NULL", "IS NOT MISSING", "IS STRING"])
def test_an_operator_comes_after_a_term(term: str, asked: str) -> None:
    read_statement(f"SELECT * FROM t WHERE {term} {asked}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM t WHERE id = 1e126", f"{OVERFLOW} under root"),
        ("DELETE FROM t WHERE id = -1e126", f"{OVERFLOW} under root"),
        ("SELECT * FROM t WHERE id IN [1, 1e-131]", f"{UNDERFLOW} under root"),
        (f"SELECT * FROM t WHERE id = {LONG}", f"{TOO_LONG} under root"),
        ("INSERT INTO t VALUE {'id': 1e126}", f"{OVERFLOW} under root"),
        ("INSERT INTO t VALUE {'id': 1, 'm': {'x': 1e126}}", f"{OVERFLOW} under root.x"),
        ("INSERT INTO t VALUE {'id': 1, 'l': [1, {'x': [1e126]}]}", f"{OVERFLOW} under root[1].x[0]"),
        ("UPDATE t SET a = 1e-131 WHERE id = 1", f"{UNDERFLOW} under root"),
    ],
)
def test_numbers_that_nothing_can_hold(text: str, told: str) -> None:
    with pytest.raises(RefusedStatementError) as refused:
        read_statement(text)

    assert str(refused.value) == told


@pytest.mark.parametrize("number", ["9.9e125", "-1e-130", "0e200", "1" * 38, "1" * 38 + "000", ".5e1", "0.0"])
def test_numbers_that_fit(number: str) -> None:
    read_statement(f"SELECT * FROM t WHERE id = {number}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM t WHERE attribute_exists('a')", PATH.format("attribute_exists")),
        ("SELECT * FROM t WHERE Attribute_Not_Exists(?)", PATH.format("attribute_not_exists")),
        ("SELECT * FROM t WHERE attribute_exists()", COUNT.format("attribute_exists", 0)),
        ("DELETE FROM t WHERE attribute_not_exists(a, b)", COUNT.format("attribute_not_exists", 2)),
        ("SELECT * FROM t WHERE EXISTS(a)", "Unrecognized function: exists at 1:23:6"),
        ("SELECT *\nFROM t WHERE\n set_add(a, b) = a", "Unrecognized function: set_add at 3:2:7"),
        ("SELECT size(a) FROM t", "Unexpected path component at 1:8:4"),
        ("INSERT INTO t VALUE {'a': f(1)}", "Unsupported data type: f under key root at 1:27:1"),
        (
            "UPDATE t SET b = set_add(a, <<'x'>>)",
            SET_ADD.format("first", "equal the assignment value", "18:7"),
        ),
        (
            "UPDATE t SET a = set_add(a, ['x'])",
            SET_ADD.format("second", "be a value with type SET", "26:1"),
        ),
        ("UPDATE t SET a = set_delete(a)", "SET_DELETE must have exactly two arguments at 1:18:10"),
        ("UPDATE t SET a = set_add(a, <<>>)", refusals.EMPTY_SET),
        (
            "UPDATE t SET a = set_add(a, <<'x', 'x'>>)",
            "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
        ),
    ],
)
def test_functions(text: str, told: str) -> None:
    with pytest.raises(RefusedStatementError) as refused:
        read_statement(text)

    assert str(refused.value) == told


def test_a_type_whose_values_are_not_known_is_not_guessed() -> None:
    with pytest.raises(StatementError, match="is not known"):
        read_statement("SELECT * FROM t WHERE a IS DECIMAL")
