"""What DynamoDB refuses of a condition before it looks for a table: its shape and its functions.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar and partiqlFunctions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_kmslab.calls.dynamodb.partiql.refusals import (
    NO_RIGHT_SIDE,
    NO_TERM,
    NO_TYPE,
    OPERATOR_FIRST,
    RefusedStatementError,
    StatementError,
)
from pytest_kmslab.calls.dynamodb.partiql.tokens import Token, Tokens, closing, is_sign
from pytest_kmslab.calls.dynamodb.partiql.values import between_commas

TYPES: Mapping[str, str] = {"BOOL": "BOOL", "STRING": "S"}
"""DynamoDB's types by PartiQL's names for them, as far as they were seen: partiql/whereFunctions."""
_PARSED_TYPES = frozenset(
    (
        *(
            "BOOLEAN",
            "SMALLINT",
            "INTEGER",
            "INT",
            "INT2",
            "INT4",
            "INT8",
            "BIGINT",
            "FLOAT",
            "REAL",
            "DOUBLE",
        ),
        *("DECIMAL", "NUMERIC", "TIMESTAMP", "CHAR", "CHARACTER", "VARCHAR", "SYMBOL", "CLOB", "BLOB"),
        *("STRUCT", "TUPLE", "LIST", "SEXP", "BAG", "ANY", "DATE", "TIME"),
    )
)
"""PartiQL's other names of types: which values of DynamoDB they match is not known."""
_BEFORE_A_TERM = ("AND", "OR", "NOT")


def check_condition(tokens: Tokens) -> None:
    """Raise what DynamoDB answers to a condition (what follows WHERE) that it cannot read."""
    if not tokens or tokens[-1].keyword == "NOT":
        raise RefusedStatementError(NO_TERM)
    if tokens[-1].keyword in ("AND", "OR"):
        raise RefusedStatementError(NO_RIGHT_SIDE)
    for at, token in enumerate(tokens):
        if _is_operator(token) and _begins_a_term(tokens, at):
            raise RefusedStatementError(OPERATOR_FIRST)
        if token.keyword == "IS":
            _check_type(tokens, at + 1)
        if token.kind == "word" and is_sign(tokens, at + 1, "("):
            _check_call(token, tokens[at + 2 : closing(tokens, at + 1)])


def type_after_is(tokens: Tokens, at: int) -> Token | None:
    """The name of a type that an `IS` before it (with or without `NOT`) asks for; None where it is none."""
    before = at - 2 if at > 1 and tokens[at - 1].keyword == "NOT" else at - 1
    is_name = at < len(tokens) and tokens[at].kind == "word" and not tokens[at].keyword
    return tokens[at] if is_name and before >= 0 and tokens[before].keyword == "IS" else None


def _is_operator(token: Token) -> bool:
    return token.keyword == "IS" or (token.kind == "word" and token.value.upper() == "LIKE")


def _begins_a_term(tokens: Tokens, at: int) -> bool:
    if at == 0:
        return True
    before = tokens[at - 1]
    return before.keyword in _BEFORE_A_TERM or (before.kind == "sign" and before.value not in (")", "]"))


def _check_type(tokens: Tokens, at: int) -> None:
    at += at < len(tokens) and tokens[at].keyword == "NOT"
    if at < len(tokens) and tokens[at].keyword in ("NULL", "MISSING"):
        return
    type_name = type_after_is(tokens, at)
    if type_name is None or type_name.value.upper() not in {*TYPES, *_PARSED_TYPES}:
        raise RefusedStatementError(NO_TYPE)
    if type_name.value.upper() not in TYPES:
        raise StatementError(f"which values are {type_name.value} to DynamoDB is not known")


def _check_call(called: Token, inner: Tokens) -> None:
    if called.keyword in ("IN", "AND", "OR", "NOT", "BETWEEN"):
        return
    name = called.value.lower()
    operands = list(between_commas(inner))
    check = _FUNCTIONS.get(name)
    if check is None:
        raise RefusedStatementError(f"Unrecognized function: {name} at {called.place}:{len(name)}")
    check(name, operands)


def _any_operands(_name: str, _operands: list[Tokens]) -> None:
    """Not measured: what does the statement says what is wrong with them."""


def _one_path(name: str, operands: list[Tokens]) -> None:
    if len(operands) != 1:
        raise RefusedStatementError(
            f"Incorrect number of operands for operator or function; operator or function: {name}, "
            f"number of operands: {len(operands)}"
        )
    if operands[0] and operands[0][0].kind not in ("word", "quoted"):
        raise RefusedStatementError(
            f"Operator or function requires a document path; operator or function: {name}"
        )


_FUNCTIONS: Mapping[str, Callable[[str, list[Tokens]], None]] = {
    "attribute_exists": _one_path,
    "attribute_not_exists": _one_path,
    "attribute_type": _any_operands,
    "begins_with": _any_operands,
    "contains": _any_operands,
    "size": _any_operands,
}
