"""Values of a policy's conditions that their operator cannot read: IAM does not take such a policy.

Measured on AWS, with the texts, by cdk-preflight (rules/iam/pf-iam-policy-condition-*) and, for dates, by
moto (tests/test_iam/test_iam_policies.py).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.authz.arn import SEGMENTS
from pytest_kmslab.authz.context import text_of
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.operators import OPERATORS
from pytest_kmslab.authz.values import read_network, read_number

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"

_QUALIFIED = re.compile(r"(?:ForAnyValue:|ForAllValues:)?(\w+)", re.ASCII)
_HOUR, _MINUTE = r"(?:[01]?\d|2[0-3])", r"[0-5]?\d"
_ZONE = r"(?:[zZ]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"
_TIME = rf"[tT](?:{_HOUR}(?::{_MINUTE}(?::{_MINUTE}(?:\.\d{{1,9}})?)?)?)?{_ZONE}?"
_DATE = re.compile(
    rf"-?\d{{1,9}}(?:-(?:0?[1-9]|1[0-2])(?:-(?:0?[1-9]|[12]\d|3[01]))?)?(?:{_TIME})?", re.ASCII
)
_SECONDS = re.compile(r"-?\d{1,19}(?:\.\d{1,9})?", re.ASCII)
_LATEST = 9_223_372_036_854_775_807
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]+(?:/\d{1,3})?", re.ASCII)


def is_arn(text: str) -> bool:
    """Whether an Arn operator reads a value: an ARN with all its parts, in which wildcards may stand, or `*`.

    Nor is a policy variable one by itself.
    """
    return text == "*" or (text.startswith("arn:") and text.count(":") >= SEGMENTS - 1)


def _is_date(text: str) -> bool:
    # IAM reads more dates than the decision does: one that only IAM reads counts against the caller.
    if _DATE.fullmatch(text):
        return True
    return bool(_SECONDS.fullmatch(text)) and abs(int(text.partition(".")[0])) <= _LATEST


def _is_network(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text)) and read_network(text) is not None


_READABLE: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "Arn": (is_arn, LEGACY),
    "Binary": (lambda text: bool(_BASE64.fullmatch(text)), SYNTAX),
    "Date": (_is_date, LEGACY),
    "Ip": (_is_network, LEGACY),
    "NotIp": (_is_network, LEGACY),
    "Numeric": (lambda text: read_number(text) is not None, LEGACY),
}
"""By how an operator's name begins: what its values must be, and what IAM says where they are not."""


def condition_fault(conditions: Any) -> str:
    """What IAM says of a Condition element, empty where it takes it."""
    # Its form comes before its values. A block without keys is taken, whatever its operator.
    if not isinstance(conditions, dict) or not all(map(_is_block, conditions.items())):
        return SYNTAX
    faults = (_value_fault(operator, keys) for operator, keys in conditions.items())
    return next((fault for fault in faults if fault), "")


def unknown_operator(conditions: Any) -> str:
    """The first operator of a Condition element that IAM does not know; empty where it knows all of them."""
    blocks = conditions.items() if isinstance(conditions, dict) else ()
    unknown = [operator for operator, keys in blocks if keys and not _is_operator(operator)]
    return next((operator for operator in unknown if not operator.endswith("NullIfExists")), "")


def _is_block(entry: tuple[str, Any]) -> bool:
    operator, keys = entry
    if not isinstance(keys, dict) or not all(map(_are_values, keys.values())):
        return False
    return not keys or _is_operator(operator)


def _are_values(values: Any) -> bool:
    return all(isinstance(value, (str, bool, int, float)) for value in as_list(values))


def _is_operator(operator: str) -> bool:
    match = _QUALIFIED.fullmatch(operator)
    # Null is the one operator without IfExists; that it goes without `ForAnyValue:` is inferred.
    of_null = operator in ("Null", "ForAllValues:Null")
    return of_null or (match is not None and match[1].removesuffix("IfExists") in OPERATORS)


def _value_fault(operator: str, keys: Mapping[str, Any]) -> str:
    match = _QUALIFIED.fullmatch(operator)
    for family, (is_readable, fault) in _READABLE.items():
        if match is not None and match[1].startswith(family):
            values = (text_of(value) for element in keys.values() for value in as_list(element))
            return "" if all(map(is_readable, values)) else fault
    return ""
