"""DynamoDB's numbers: which it does not take, in its own words.

Measured on AWS: paritysuite/dynamodb-conformance, limits and partiqlGrammar.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

from decimal import Decimal

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
TOO_LONG = "Attempting to store more than 38 significant digits in a Number"

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
