"""What DynamoDB says of a JSON value that is of another type than its model has.

Texts are those of dynalite's tests of every operation, which were run against AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Members(tuple[Any, ...]):
    """The members of a JSON object, in pairs: whether one comes twice is seen when they are read."""

    __slots__ = ()


AS_FIELD, AS_VALUE = "Unexpected field type", "Unexpected value type in payload"
"""What is told of something that should be an object: as a member, and as a value of a list or map."""

_TOKENS: Mapping[type, str] = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
_JAVA: Mapping[frozenset[type], str] = {frozenset({str}): "String", frozenset({bool}): "Boolean"}
_OBJECT, _LIST = frozenset({Members}), frozenset({list})


def other_type(value: Any, wanted: frozenset[type], of_object: str) -> str:
    """The text for a value that is of none of the wanted types; empty where it is not known.

    `of_object` is the one for a scalar where an object is wanted.
    """
    kind = type(value)
    if kind is Members:
        return "" if wanted == _OBJECT else "Start of structure or map found where not expected"
    if wanted in (_OBJECT, _LIST):
        known = kind is not list and value is not None
        return (of_object if wanted == _OBJECT else AS_FIELD) if known else ""
    java = _JAVA.get(wanted)
    if java is None or value is None:
        return ""
    if kind is list:
        return f"Unrecognized collection type class java.lang.{java}"
    if kind is str:
        return "Unexpected token received from parser"
    token = f"{str(value).upper()}_VALUE" if kind is bool else _TOKENS[kind]
    return f"{token} cannot be converted to {java}"
