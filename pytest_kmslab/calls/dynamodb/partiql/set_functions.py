"""What DynamoDB refuses of `set_add` and `set_delete`, and of functions in an item that is inserted.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlFunctions.
"""

from __future__ import annotations

from pytest_kmslab.calls.dynamodb.partiql.refusals import EMPTY_SET, RefusedStatementError
from pytest_kmslab.calls.dynamodb.partiql.tokens import Token, Tokens, closing, is_sign
from pytest_kmslab.calls.dynamodb.partiql.values import between_commas
from pytest_kmslab.calls.validation_messages import PREFIX

SET_FUNCTIONS = ("set_add", "set_delete")


def check_assigned(path: Tokens, value: Tokens) -> None:
    """Raise what DynamoDB answers to a value of SET that is a function of sets, and to an empty set."""
    called = value[0] if value else None
    if called is not None and called.value.lower() in SET_FUNCTIONS and is_sign(value, 1, "("):
        _check_call(called, path, list(between_commas(value[2 : closing(value, 1)])))
    for at, token in enumerate(value):
        if token.value == "<<" and token.kind == "sign":
            _check_members(value[at + 1 : closing(value, at)])


def check_no_call(item: Tokens) -> None:
    """Raise what DynamoDB answers to a function in an item that is inserted."""
    for at, token in enumerate(item):
        if token.kind == "word" and not token.keyword and is_sign(item, at + 1, "("):
            name = token.value
            raise RefusedStatementError(f"Unsupported data type: {name} under key root at {_at(token)}")


def _check_call(called: Token, path: Tokens, operands: list[Tokens]) -> None:
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
