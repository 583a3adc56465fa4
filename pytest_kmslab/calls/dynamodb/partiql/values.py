"""PartiQL's literals and parameters as DynamoDB attribute values.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.data-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pytest_kmslab.calls.dynamodb.attribute_values import refusal_of_number
from pytest_kmslab.calls.dynamodb.partiql.refusals import (
    NOT_WELL_FORMED,
    RefusedStatementError,
    StatementError,
)
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens, at_depth, check_neighbours, closing, is_sign

AttributeValue = Mapping[str, Any]

_OF_KEYWORDS: Mapping[str, AttributeValue] = {
    "TRUE": {"BOOL": True},
    "FALSE": {"BOOL": False},
    "NULL": {"NULL": True},
}


def attribute_value(tokens: Tokens, values: Sequence[Any]) -> AttributeValue:
    """The value that these tokens write out; raises StatementError for what is no literal or parameter."""
    value = literal(tokens, values)
    if value is None:
        raise StatementError(
            f"`{' '.join(token.value for token in tokens)}` is not a value that is read here"
        )
    return value


def literal(tokens: Tokens, values: Sequence[Any]) -> AttributeValue | None:
    """The same, None for what is no literal or parameter; a parameter that is not given is an error."""
    if len(tokens) == 1:
        return _plain(tokens, values)
    if len(tokens) == 2 and is_sign(tokens, 0, "-") and tokens[1].kind == "number":
        return {"N": f"-{tokens[1].value}"}
    brackets = (tokens[0].value, tokens[-1].value) if tokens and tokens[0].kind == "sign" else ("", "")
    inner = tokens[1:-1]
    if brackets == ("[", "]"):
        return {"L": [attribute_value(part, values) for part in between_commas(inner)]}
    if brackets == ("<<", ">>"):
        members = [attribute_value(part, values) for part in between_commas(inner)]
        kinds = {kind for member in members for kind in member}
        if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
            raise StatementError("a set holds strings, numbers or binary values, all of one kind")
        (kind,) = kinds
        return {f"{kind}S": [member[kind] for member in members]}
    if brackets == ("{", "}"):
        return {"M": dict(_member(part, values) for part in between_commas(inner))}
    return None


def between_commas(tokens: Tokens) -> Iterator[Tokens]:
    """The parts between commas outside of brackets; none where there is nothing."""
    start = 0
    for at, (depth, token) in enumerate(at_depth(tokens)):
        if depth == 0 and (token.kind, token.value) == ("sign", ","):
            yield tokens[start:at]
            start = at + 1
    if tokens:
        yield tokens[start:]


def _plain(tokens: Tokens, values: Sequence[Any]) -> AttributeValue | None:
    token = tokens[0]
    if token.kind == "text":
        return {"S": token.value}
    if token.kind == "number":
        return {"N": token.value}
    if token.kind == "parameter":
        if int(token.value) >= len(values):
            raise StatementError("it has more parameters than the request gives values")
        value: AttributeValue = values[int(token.value)]
        return value
    return _OF_KEYWORDS.get(token.keyword)


def _member(tokens: Tokens, values: Sequence[Any]) -> tuple[str, AttributeValue]:
    _check_member(tokens)
    return tokens[0].value, attribute_value(tokens[2:], values)


def _check_member(tokens: Tokens) -> None:
    if len(tokens) < 3 or tokens[0].kind not in ("text", "quoted") or not is_sign(tokens, 1, ":"):
        raise StatementError("a map has members of the form `'name': value`")


def check_item(tokens: Tokens) -> None:
    """Refuse an item that is neither a map, whose attributes can be told, nor one parameter."""
    if len(tokens) == 1 and tokens[0].kind == "parameter":
        return
    if not is_sign(tokens, 0, "{") or closing(tokens, 0) != len(tokens) - 1:
        raise StatementError("`VALUE` takes one item: a map")
    check_neighbours(tokens)
    for member in between_commas(tokens[1:-1]):
        _check_member(member)


# Numbers that are written out in a statement: which of them DynamoDB refuses, and with which path.
# Measured on AWS: paritysuite/dynamodb-conformance, partiqlGrammar.

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
