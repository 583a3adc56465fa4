"""Numbers that are written out in a statement: which of them DynamoDB refuses, and with which path.

Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar.
"""

from __future__ import annotations

import re
from decimal import Decimal

from pytest_kmslab.calls.dynamodb.numbers import refusal_of_number
from pytest_kmslab.calls.dynamodb.partiql.refusals import NOT_WELL_FORMED, RefusedStatementError
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens, is_sign
from pytest_kmslab.calls.dynamodb.partiql.values import between_commas

_NUMBER = re.compile(r"\d*\.?(?P<fraction>\d*)(?:[eE](?P<exponent>[+-]?\d+))?")
_INTEGERS = range(-(2**31), 2**31)


def check_exponents(tokens: Tokens) -> None:
    """Raise what DynamoDB answers to a number that it cannot read: of its exponent and of the digits after
    the point it makes integers of 32 bits."""
    for token in tokens:
        match = _NUMBER.fullmatch(token.value) if token.kind == "number" else None
        if match is not None and match["exponent"]:
            exponent = int(match["exponent"])
            if exponent not in _INTEGERS or len(match["fraction"]) - exponent not in _INTEGERS:
                raise RefusedStatementError(NOT_WELL_FORMED)


def check_compared(tokens: Tokens) -> None:
    """Raise what DynamoDB answers to a number in a condition that it cannot hold."""
    for token in tokens:
        if token.kind == "number":
            _check(token.value, "root")


def check_written(tokens: Tokens, path: str = "root") -> None:
    """The same of a value that is written; the text names where in the value the number stands."""
    inner = tokens[1:-1]
    if is_sign(tokens, 0, "{"):
        for member in between_commas(inner):
            check_written(member[2:], f"{path}.{member[0].value}" if member else path)
    elif is_sign(tokens, 0, "["):
        for at, member in enumerate(between_commas(inner)):
            check_written(member, f"{path}[{at}]")
    else:
        for token in tokens:
            if token.kind == "number":
                _check(token.value, path)


def check_inserted(tokens: Tokens) -> None:
    """The same of an item."""
    # Each attribute of an item is a value of its own: paths begin at it.
    for member in between_commas(tokens[1:-1]):
        check_written(member[2:])


def _check(text: str, path: str) -> None:
    refusal = refusal_of_number(Decimal(text))
    if refusal:
        raise RefusedStatementError(f"{refusal} under {path}")
