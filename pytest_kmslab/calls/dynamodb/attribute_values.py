"""Which attribute values DynamoDB refuses, in its own words, and how it writes numbers.

Measured on AWS: paritysuite/dynamodb-conformance, error-messages of PutItem; dynalite's tests, which were run
against AWS.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

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
    # Only of numbers can be said whether two are one.
    twice = _is_twice([as_stored(str(member)) for member in members])
    return refusal or ("Input collection contains duplicates" if twice else "")


def _texts(members: Sequence[str]) -> str:
    if not members:
        return _EMPTY["SS"]
    return f"{PREFIX}{_COLLECTION.format(', '.join(members), ' ')}" if _is_twice(members) else ""


def _binaries(members: Sequence[Any]) -> str:
    if not members:
        return _EMPTY["BS"]
    written = [binary_text(member) for member in members]
    return f"{PREFIX}{_COLLECTION.format(', '.join(written), 'of type BS ')}" if _is_twice(written) else ""


def binary_text(value: Any) -> str:
    """Bytes, as botocore has them, in base64; what is so already, as in a list or map, is the same."""
    return value if isinstance(value, str) else base64.b64encode(bytes(value)).decode()


def _is_twice(members: Sequence[str]) -> bool:
    return len(set(members)) < len(members)


_KINDS: Mapping[str, Callable[[Any], str]] = {
    "N": _number,
    "NULL": _null,
    "NS": _numbers,
    "SS": _texts,
    "BS": _binaries,
}


# DynamoDB's numbers: which it does not take, in its own words, and how it writes the others.
# Measured on AWS: paritysuite/dynamodb-conformance, limits and partiqlGrammar.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
TOO_LONG = "Attempting to store more than 38 significant digits in a Number"

NO_NUMBER = "The parameter cannot be converted to a numeric value"
"""The text follows, unless it is empty."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_EXACT = Context(prec=400)
_DIGITS, _LARGEST, _SMALLEST = 38, 125, -130


def refusal_of_number(number: Decimal) -> str:
    """What DynamoDB says of a number that it cannot hold; empty for one that it can."""
    if not number:
        return ""
    if number.adjusted() > _LARGEST:
        return OVERFLOW
    if number.adjusted() < _SMALLEST:
        return UNDERFLOW
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return TOO_LONG if len(digits) > _DIGITS else ""


def refusal_of_text(text: str) -> str:
    """The same of a number as a request writes it."""
    if _NUMBER.fullmatch(text) is None:
        return f"{NO_NUMBER}: {text}" if text else NO_NUMBER
    return refusal_of_number(Decimal(text))


@lru_cache(maxsize=4096)
def as_stored(text: str) -> str:
    """A number as DynamoDB writes it, whichever way it was sent; what is no number it can hold as it is."""
    if refusal_of_text(text):
        return text
    number = Decimal(text)
    # DynamoDB trims the noughts at both ends of a number, so that `1`, `1.0` and `1E0` are one.
    return format(number.normalize(_EXACT), "f") if number else "0"
