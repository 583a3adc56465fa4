"""The key condition of a Query, read as strictly as DynamoDB reads it and no more strictly.

Texts are DynamoDB's: paritysuite/dynamodb-conformance, queryKeyConditionOperands and queryKeyCondition, and
where these say nothing dynalite's tests of Query, which were run against AWS. What is no condition at all is
a syntax error in words of our own.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.attribute_values import binary_text
from pytest_kmslab.calls.dynamodb.key_condition_syntax import Condition, is_path, parse
from pytest_kmslab.calls.dynamodb.placeholders import undefined
from pytest_kmslab.calls.validation_messages import invalid, refused

Operands = Sequence[Mapping[str, Any]]
"""Attribute values."""

MEMBER = "KeyConditionExpression"
_NEITHER = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison whose value comes first says the same the other way round: `:low < sort` is `sort > :low`."""
_FORMS = {"BETWEEN": "{} BETWEEN {} AND {}", "begins_with": "begins_with({}, {})"}
_OPERAND_TYPES = {
    "begins_with": ("S", "B"),
    **dict.fromkeys(("<", "<=", ">", ">=", "BETWEEN"), ("S", "N", "B")),
}
"""The types that each operator takes; equality takes all, and the key's type is looked at later."""
_UNUSUAL = re.compile(r"\(\s*[#:]?\w+\s*\)|:\w+\s*[<>=]", re.ASCII)
"""An operand in brackets, and a value before its comparison: moto reads neither."""
_OF_NO_INDEX = frozenset({"NULL", "NOT_NULL", "NE", "CONTAINS", "NOT_CONTAINS", "IN"})


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """What one attribute is held to."""

    attribute: str
    """Its name, or the placeholder of its name."""
    operator: str
    """A comparison, `BETWEEN` or `begins_with`."""
    values: tuple[str, ...]
    """The placeholders that it is compared with."""
    written: str
    """The operator as it stands: of `:low < sort` that is `<`, though it says `sort > :low`."""

    @property
    def text(self) -> str:
        """The condition with its attribute first and no brackets."""
        form = _FORMS.get(self.operator, f"{{}} {self.operator} {{}}")
        return form.format(self.attribute, *self.values)


def key_equalities(params: Params) -> list[tuple[str, Any]]:
    """The attributes that a Query's key condition holds to a value, with that value.

    Raises ServiceError for a condition that is not in a form that DynamoDB takes, and for a placeholder
    that is not defined.
    """
    equalities = [
        (attribute, operand)
        for attribute, condition in (params.get("KeyConditions") or {}).items()
        if condition.get("ComparisonOperator") == "EQ"
        for operand in condition.get("AttributeValueList") or ()
    ]
    for attribute, (operator, operands) in _named_conditions(params).items():
        if operator == "=":
            equalities.append((attribute, operands[0]))
    return equalities


def without_partition_key(params: Params, hash_key: str) -> ServiceError:
    """What DynamoDB answers to a Query that does not hold the partition key to one value."""
    if params.get("KeyConditions") is None and params.get(MEMBER) is None:
        return invalid(_NEITHER)
    operator, _ = _all_conditions(params).get(hash_key, ("", ()))
    if not operator:
        return invalid(f"Query condition missed key schema element: {hash_key}")
    if operator in _OF_NO_INDEX:
        return invalid("Attempted conditional constraint is not an indexable operation")
    return invalid("Query key condition not supported")


def in_plain_form(params: Params) -> dict[str, str]:
    """A key condition that not every backend can read, in the form that all can: attributes first, conditions
    joined by AND. Empty for any other."""
    expression = params.get(MEMBER) or ""
    if _UNUSUAL.search(expression) is None:
        return {}
    return {MEMBER: " AND ".join(condition.text for condition in read_key_condition(expression))}


def check_schema(params: Params, table: Table) -> None:
    """Raise ValidationException for a key condition that does not fit the key of a table."""
    conditions = _all_conditions(params)
    given, taken = len(conditions), len(table.key_attributes)
    if given > taken:
        text = f"exceeds the number of key attributes defined in the schema ({taken})"
        raise invalid(f"The number of query conditions ({given}) {text}")
    for name, kind in zip(table.key_attributes, table.key_types, strict=False):
        _, operands = conditions.get(name, ("", ()))
        if any(kind not in operand for operand in operands):
            raise refused("Condition parameter type does not match schema type")


def _all_conditions(params: Params) -> dict[str, tuple[str, Operands]]:
    """Operators and values of the conditions of either kind, by the names of their attributes."""
    old = (params.get("KeyConditions") or {}).items()
    conditions = {
        attribute: (str(condition.get("ComparisonOperator")), condition.get("AttributeValueList") or ())
        for attribute, condition in old
    }
    return {**conditions, **_named_conditions(params)}


def _named_conditions(params: Params) -> dict[str, tuple[str, Operands]]:
    """The same of an expression; what is wrong in it is told in the order in which it is written."""
    names = params.get("ExpressionAttributeNames") or {}
    values = params.get("ExpressionAttributeValues") or {}
    conditions: dict[str, tuple[str, Operands]] = {}
    for condition in read_key_condition(params.get(MEMBER) or ""):
        attribute = _defined(condition.attribute, names)
        operands = tuple(_defined(value, values) for value in condition.values)
        _check_operands(condition, operands)
        if attribute in conditions:
            raise _wrong("KeyConditionExpressions must only contain one condition per key")
        conditions[attribute] = (condition.operator, operands)
    return conditions


def _check_operands(condition: KeyCondition, operands: Operands) -> None:
    taken = _OPERAND_TYPES.get(condition.operator)
    for operand in operands:
        kind = next(iter(operand), "")
        if taken is not None and kind not in taken:
            text = f"operator or function: {condition.written}, operand type: {kind}"
            raise _wrong(f"Incorrect operand type for operator or function; {text}")
    if condition.operator == "BETWEEN":
        _check_bounds(*operands)


def _check_bounds(low: Mapping[str, Any], high: Mapping[str, Any]) -> None:
    (low_kind, low_value), (high_kind, high_value) = next(iter(low.items())), next(iter(high.items()))
    shown = ", ".join(
        f"{which} bound operand: AttributeValue: {{{kind}:{binary_text(value)}}}"
        for which, kind, value in (("lower", low_kind, low_value), ("upper", high_kind, high_value))
    )
    if low_kind != high_kind:
        raise _wrong(f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}")
    if _sortable(low_kind, low_value) > _sortable(high_kind, high_value):
        text = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        raise _wrong(f"{text}; {shown}")


def _sortable(kind: str, value: Any) -> Any:
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


def _wrong(text: str) -> ServiceError:
    return invalid(f"Invalid {MEMBER}: {text}")


def _defined(placeholder: str, known: Mapping[str, Any]) -> Any:
    if placeholder[0] not in "#:":
        return placeholder
    if placeholder not in known:
        raise undefined(MEMBER, placeholder)
    return known[placeholder]


@lru_cache(maxsize=1024)
def read_key_condition(expression: str) -> tuple[KeyCondition, ...]:
    """The conditions of a key condition, in order; none of an empty text."""
    return tuple(_conditions(parse(expression))) if expression else ()


def _conditions(condition: Condition) -> Iterator[KeyCondition]:
    if condition.operator == "AND":
        for part in condition.conditions:
            yield from _conditions(part)
        return
    if condition.operator == "size":
        raise _misused("size")
    if condition.operator not in (*_TURNED, *_FORMS):
        raise invalid(f"Invalid operator used in {MEMBER}: {condition.operator}")
    attributes = list(_attributes(condition))
    if not attributes:
        raise invalid(f"Invalid condition in {MEMBER}: No key attribute specified")
    first, *others = condition.operands
    if is_path(first):
        yield KeyCondition(first, condition.operator, tuple(others), condition.operator)
    else:
        yield KeyCondition(others[0], _TURNED[condition.operator], (first,), condition.operator)


def _attributes(condition: Condition) -> Iterator[str]:
    """The attributes of a condition, each of which is a key's; raises for any other operand."""
    if condition.operator in _FORMS and not is_path(condition.operands[0]):
        text = f"{condition.operator} operator must have the key attribute as its first operand"
        raise invalid(f"Invalid condition in {MEMBER}: {text}")
    found = False
    for operand in condition.operands:
        if operand.endswith(")") and operand != "size()":
            raise _misused(operand.removesuffix("()"))
        if operand == "size()":
            raise invalid("KeyConditionExpressions cannot contain nested operations")
        if not is_path(operand):
            continue
        if found:
            raise invalid(f"Invalid condition in {MEMBER}: Multiple attribute names used in one condition")
        if "." in operand or "[" in operand:
            raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        found = True
        yield operand


def _misused(function: str) -> ServiceError:
    return _wrong(f"The function is not allowed to be used this way in an expression; function: {function}")
