"""What DynamoDB refuses of conditions and functions before it looks for a table.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar and partiqlFunctions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_kmslab.calls.dynamodb.partiql.refusals import (
    EMPTY_SET,
    NO_RIGHT_SIDE,
    NO_TERM,
    NO_TYPE,
    OPERATOR_FIRST,
    RefusedStatementError,
    StatementError,
)
from pytest_kmslab.calls.dynamodb.partiql.tokens import Token, Tokens, closing, is_sign
from pytest_kmslab.calls.dynamodb.partiql.values import between_commas
from pytest_kmslab.calls.validation_messages import PREFIX

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


# `set_add` and `set_delete`, which only SET may call, and functions in an item that is inserted.

SET_FUNCTIONS = ("set_add", "set_delete")


def check_assigned(path: Tokens, value: Tokens) -> None:
    """Raise what DynamoDB answers to a value of SET that is a function of sets, and to an empty set."""
    called = value[0] if value else None
    if called is not None and called.value.lower() in SET_FUNCTIONS and is_sign(value, 1, "("):
        _check_set_call(called, path, list(between_commas(value[2 : closing(value, 1)])))
    for at, token in enumerate(value):
        if token.value == "<<" and token.kind == "sign":
            _check_members(value[at + 1 : closing(value, at)])


def check_no_call(item: Tokens) -> None:
    """Raise what DynamoDB answers to a function in an item that is inserted."""
    for at, token in enumerate(item):
        if token.kind == "word" and not token.keyword and is_sign(item, at + 1, "("):
            name = token.value
            raise RefusedStatementError(f"Unsupported data type: {name} under key root at {_at(token)}")


def _check_set_call(called: Token, path: Tokens, operands: list[Tokens]) -> None:
    name = called.value.upper()
    if len(operands) != 2:
        raise RefusedStatementError(f"{name} must have exactly two arguments at {_at(called)}")
    first, second = operands
    if tuple(first) != tuple(path):
        text = f"The first argument to {name} must equal the assignment value at {_at(called)}"
        raise RefusedStatementError(text)
    if not (is_sign(second, 0, "<<") or (second and second[0].kind == "parameter")):
        text = f"The second argument to {name} must be a value with type SET at {_at(first[0])}"
        raise RefusedStatementError(text)


def _check_members(members: Tokens) -> None:
    if not members:
        raise RefusedStatementError(EMPTY_SET)
    values = [tuple((token.kind, token.value) for token in member) for member in between_commas(members)]
    if len(set(values)) < len(values):
        texts = ["".join(text for _, text in value) for value in values]
        shown = f"Input collection [{', '.join(texts)}] contains duplicates."
        raise RefusedStatementError(f"{PREFIX}{shown}")


def _at(token: Token) -> str:
    return f"{token.place}:{len(token.value)}"
