"""DynamoDB's numbers: which it does not take, in its own words, and how it writes the others.

Measured on AWS: paritysuite/dynamodb-conformance, limits and partiqlGrammar.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache

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
    return format(number.normalize(_EXACT), "f") if number else "0"
