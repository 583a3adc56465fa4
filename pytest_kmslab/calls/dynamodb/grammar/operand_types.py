"""Which types of values DynamoDB's operators and functions take, in its words.

Texts are DynamoDB's: dynalite's tests, which were run against AWS, and paritysuite/dynamodb-conformance
(queryKeyConditionOperands, and the comparisons of partiql).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.attribute_values import binary_text
from pytest_kmslab.calls.dynamodb.grammar.tree import Action, Call, Condition, Operand, Path, Value

_ALL = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_SORTED = ("S", "N", "B")
_TAKEN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "BETWEEN"), _SORTED),
    "begins_with": ("S", "B"),
    "size": ("S", "B", "SS", "NS", "BS", "L", "M"),
    "list_append": ("L",),
    "+": ("N",),
    "-": ("N",),
}
"""Of all operands, where they are values; equality takes all."""
_OF_PATHS = ("attribute_exists", "attribute_not_exists", "if_not_exists")
_LONG = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}
"""The types that ADD and DELETE do not take, as errors call them; ADD takes numbers."""

Refusals = Iterator[str]


@dataclass(frozen=True, slots=True)
class Types:
    """The types of a request's values."""

    by_placeholder: Mapping[str, str]

    def of(self, operand: Operand) -> str:
        """The type of an operand; empty where it is not known before the item is."""
        if isinstance(operand, Value):
            return self.by_placeholder.get(operand.placeholder, "")
        return "N" if isinstance(operand, Call) and operand.name == "size" else ""

    def refusals_of_action(self, action: Action) -> Refusals:
        """What is wrong with what an update adds or deletes."""
        assert action.operand is not None
        kind = self.of(action.operand)
        if kind in _LONG and not (action.clause == "ADD" and kind == "N"):
            shown = f"operator: {action.clause}, operand type: {_LONG[kind]}"
            yield f"Incorrect operand type for operator or function; {shown}"

    def refusals_of_update(self, call: Call) -> Refusals:
        """What is wrong with a function of an update."""
        yield from _not_a_path(call)
        yield from self.wrong(call.name, call.operands)

    def wrong(self, operator: str, operands: Sequence[Operand]) -> Refusals:
        """The operands of types that an operator or function does not take."""
        for operand in operands:
            kind = self.of(operand)
            if kind and kind not in _TAKEN.get(operator, _ALL):
                yield _wrong(operator, kind)


def refusals_of_types(
    leaf: Condition, calls: Sequence[Call], types: Types, values: Mapping[str, Any]
) -> Refusals:
    """What is wrong with the operands of a condition and of its functions."""
    for call in calls:
        yield from _not_a_path(call)
        yield from types.wrong(call.name, call.operands)
        if call.name == "attribute_type":
            yield from _no_type(call.operands[1], types, values)
    yield from types.wrong(leaf.operator, leaf.operands)
    if leaf.operator == "BETWEEN":
        bounds = [values[bound.placeholder] for bound in leaf.operands[1:] if isinstance(bound, Value)]
        if len(bounds) == 2:
            yield from refusals_of_bounds(*bounds)


def _not_a_path(call: Call) -> Refusals:
    if call.name in _OF_PATHS and not isinstance(call.operands[0], Path):
        yield f"Operator or function requires a document path; operator or function: {call.name}"


def _no_type(operand: Operand, types: Types, values: Mapping[str, Any]) -> Refusals:
    kind = types.of(operand)
    if kind != "S" or not isinstance(operand, Value):
        yield _wrong("attribute_type", kind or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
        return
    name = values[operand.placeholder]["S"]
    if name not in _ALL:
        yield f"Invalid attribute type name found; type: {name}, valid types: {{{','.join(_ALL)}}}"


def _wrong(operator: str, kind: str) -> str:
    shown = f"operator or function: {operator}, operand type: {kind}"
    return f"Incorrect operand type for operator or function; {shown}"


def refusals_of_bounds(low: Mapping[str, Any], high: Mapping[str, Any]) -> Refusals:
    """What is wrong with the two values of BETWEEN."""
    (low_kind, low_value), (high_kind, high_value) = next(iter(low.items())), next(iter(high.items()))
    shown = ", ".join(
        f"{which} bound operand: AttributeValue: {{{kind}:{binary_text(value)}}}"
        for which, kind, value in (("lower", low_kind, low_value), ("upper", high_kind, high_value))
    )
    if low_kind != high_kind:
        yield f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}"
    elif sortable(low_kind, low_value) > sortable(high_kind, high_value):
        text = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        yield f"{text}; {shown}"


def sortable(kind: str, value: Any) -> Any:
    """A text, number or binary by which values of its type are sorted. Raises ServiceError for what is no
    base64."""
    if kind == "N":
        return Decimal(value)
    # Texts sort by their UTF-8, which is not always the order of Python's.
    return value.encode() if kind == "S" else _bytes(value)


def _bytes(value: Any) -> bytes:
    # Bytes of a request over HTTP are still in base64 here.
    try:
        return b64decode(binary_text(value), validate=True)
    except ValueError:
        raise ServiceError("SerializationException", f"`{value}` is not base64") from None
