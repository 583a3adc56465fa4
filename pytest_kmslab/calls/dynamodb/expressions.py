"""What DynamoDB's expressions name, read as strictly as DynamoDB reads them.

A backend that takes a looser form, as moto does for key conditions, would read another item than
the one that was asked for: such an expression is refused.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.placeholders import undefined

_KEYWORDS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"))
_WORD = re.compile(r"(?P<before>[:.]\s*)?(?P<name>#?\w+)(?P<call>\s*\()?", re.ASCII)
_ALLOWED = re.compile(r"[\w\s#:.,\[\]()=<>+-]*", re.ASCII)
_PATH_ONLY = re.compile(r"[\w\s#.,\[\]]*", re.ASCII)
_LOOSE_DOT = re.compile(r"(?:^|[^\w\]])\.|\.(?![\w#])", re.ASCII)

_UPDATE_CLAUSE = re.compile(r"(?<![#:.\w])(?:SET|REMOVE|ADD|DELETE)(?=[\s#])", re.ASCII | re.IGNORECASE)
_TARGET = re.compile(r"\s*(#?\w+)", re.ASCII)

_NAME, _VALUE = r"(?P<name>#\w+|[A-Za-z]\w*)", r":\w+"
_COMPARISON = re.compile(rf"{_NAME}\s*(?P<operator>=|<=|<|>=|>)\s*(?P<value>{_VALUE})", re.ASCII)
_BETWEEN = re.compile(rf"{_NAME}\s+BETWEEN\s+{_VALUE}\s+AND\s+{_VALUE}", re.ASCII | re.IGNORECASE)
_BEGINS = re.compile(rf"begins_with\s*\(\s*{_NAME}\s*,\s*{_VALUE}\s*\)", re.ASCII)
_AND = re.compile(r"\s*\bAND\b\s*", re.IGNORECASE)


def _refuse(kind: str, problem: str) -> NoReturn:
    raise ServiceError("ValidationException", f"Invalid {kind}: {problem}")


@lru_cache(maxsize=1024)
def attributes_of(kind: str, expression: str) -> tuple[str, ...]:
    """The top-level attributes of an expression (`kind` is its parameter's name), `#name` as it stands.

    No values, functions, keywords or nested parts. Raises ServiceError for what no expression holds.
    """
    allowed = _PATH_ONLY if kind == "ProjectionExpression" else _ALLOWED
    if allowed.fullmatch(expression) is None or _LOOSE_DOT.search(expression):
        _refuse(kind, f"Syntax error; `{expression}` holds what cannot be read (said by pytest-kmslab)")
    words = (word["name"] for word in _WORD.finditer(expression) if not (word["before"] or word["call"]))
    return tuple(name for name in words if not (name.isdigit() or name.upper() in _KEYWORDS))


@lru_cache(maxsize=1024)
def updated_attributes(expression: str) -> tuple[str, ...]:
    """The top-level attributes that an update expression changes, `#name` as it stands."""
    _, *clauses = _UPDATE_CLAUSE.split(expression)
    targets = (_TARGET.match(part) for clause in clauses for part in _between_commas(clause))
    return tuple(target[1] for target in targets if target is not None)


def _between_commas(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        # The arguments of a function are between commas too.
        if character == "," and not depth:
            yield part
            part = ""
        else:
            part += character
    yield part


def key_equalities(params: Params) -> list[tuple[str, Any]]:
    """The attributes that a Query's key condition holds to a value, with that value.

    Raises ServiceError for a condition that is not in the form that DynamoDB takes, and for a placeholder
    that is not defined.
    """
    equalities = [
        (attribute, operand)
        for attribute, condition in (params.get("KeyConditions") or {}).items()
        if condition.get("ComparisonOperator") == "EQ"
        for operand in condition.get("AttributeValueList") or ()
    ]
    expression = params.get("KeyConditionExpression")
    if expression:
        names = params.get("ExpressionAttributeNames") or {}
        values = params.get("ExpressionAttributeValues") or {}
        for name, value in _key_condition(expression):
            equalities.append((_defined(name, names), _defined(value, values)))
    return equalities


def _defined(placeholder: str, known: Mapping[str, Any]) -> Any:
    if placeholder[0] not in "#:":
        return placeholder
    if placeholder not in known:
        raise undefined("KeyConditionExpression", placeholder)
    return known[placeholder]


@lru_cache(maxsize=1024)
def _key_condition(expression: str) -> tuple[tuple[str, str], ...]:
    """The equalities of a key condition: conditions joined by AND, with or without brackets."""
    conditions = []
    for condition in _conditions(expression):
        comparison = _COMPARISON.fullmatch(condition)
        if comparison is not None:
            if comparison["operator"] == "=":
                conditions.append((comparison["name"], comparison["value"]))
        elif _BETWEEN.fullmatch(condition) is None and _BEGINS.fullmatch(condition) is None:
            _refuse(
                "KeyConditionExpression",
                f"Syntax error; `{condition}` is not a condition on a key (said by pytest-kmslab)",
            )
    return tuple(conditions)


def _conditions(expression: str) -> Iterator[str]:
    bare = expression.strip()
    while bare.startswith("(") and _closing(bare) == len(bare) - 1:
        bare = bare[1:-1].strip()
    parts = _divided(bare)
    if len(parts) == 1:
        yield bare
        return
    for part in parts:
        yield from _conditions(part)


def _closing(text: str) -> int:
    """Where the bracket that a text begins with is closed; -1 where it is not."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at
    return -1


def _divided(text: str) -> list[str]:
    """The parts between AND outside of brackets; the AND of a BETWEEN divides nothing."""
    parts, start = [], 0
    for conjunction in _AND.finditer(text):
        part = text[start : conjunction.start()]
        if part.count("(") == part.count(")") and not (
            re.search(r"\bBETWEEN\s+:\w+\s*$", part, re.IGNORECASE) is not None
        ):
            parts.append(part)
            start = conjunction.end()
    return [*parts, text[start:]]
