"""Which attribute values DynamoDB refuses, in its own words.

Measured on AWS: paritysuite/dynamodb-conformance, error-messages of PutItem; dynalite's tests, which were run
against AWS.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.dynamodb.numbers import as_stored, refusal_of_text
from pytest_kmslab.calls.validation_messages import PREFIX

_NOT_NULL = f"{PREFIX}Null attribute value types must have the value of true"
_EMPTY = {
    "SS": f"{PREFIX}An string set  may not be empty",
    "NS": f"{PREFIX}An number set  may not be empty",
    "BS": f"{PREFIX}Binary sets should not be empty",
}
_COLLECTION = "Input collection [{}]{}contains duplicates."
"""Blanks are where DynamoDB has them."""


def refusal_of_value(kind: str, content: Any) -> str:
    """What DynamoDB says of a value of one type that it does not take; empty for one that it takes. Values
    in lists and maps are values of their own."""
    refusal_of = _KINDS.get(kind)
    return "" if refusal_of is None else refusal_of(content)


def _number(content: Any) -> str:
    return refusal_of_text(str(content))


def _null(content: Any) -> str:
    return "" if content is True else _NOT_NULL


def _numbers(members: Sequence[Any]) -> str:
    if not members:
        return _EMPTY["NS"]
    refusal = next((text for text in map(_number, members) if text), "")
    twice = _is_twice([as_stored(str(member)) for member in members])
    return refusal or ("Input collection contains duplicates" if twice else "")


def _texts(members: Sequence[str]) -> str:
    if not members:
        return _EMPTY["SS"]
    return f"{PREFIX}{_COLLECTION.format(', '.join(members), ' ')}" if _is_twice(members) else ""


def _binaries(members: Sequence[Any]) -> str:
    if not members:
        return _EMPTY["BS"]
    written = [_written(member) for member in members]
    return f"{PREFIX}{_COLLECTION.format(', '.join(written), 'of type BS ')}" if _is_twice(written) else ""


def _written(member: Any) -> str:
    """Bytes, as botocore has them, or the base64 text of a value in a list or map."""
    return member if isinstance(member, str) else base64.b64encode(bytes(member)).decode()


def _is_twice(members: Sequence[str]) -> bool:
    return len(set(members)) < len(members)


_KINDS: Mapping[str, Callable[[Any], str]] = {
    "N": _number,
    "NULL": _null,
    "NS": _numbers,
    "SS": _texts,
    "BS": _binaries,
}
