"""The key condition of a Query, read as strictly as DynamoDB reads it and no more strictly.

Texts are DynamoDB's: dynalite's tests of Query, which were run against AWS. What is no condition at all is a
syntax error in words of our own.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.key_condition_syntax import Condition, is_path, parse
from pytest_kmslab.calls.dynamodb.placeholders import undefined
from pytest_kmslab.calls.validation_messages import invalid

MEMBER = "KeyConditionExpression"
_NEITHER = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison whose value comes first says the same the other way round: `:low < sort` is `sort > :low`."""
_FORMS = {"BETWEEN": "{} BETWEEN {} AND {}", "begins_with": "begins_with({}, {})"}
_OLD_OPERATORS = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "begins_with": "BEGINS_WITH"}
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
    values = params.get("ExpressionAttributeValues") or {}
    for attribute, condition in _named_conditions(params).items():
        operands = [_defined(value, values) for value in condition.values]
        if condition.operator == "=":
            equalities.append((attribute, operands[0]))
    return equalities


def without_partition_key(params: Params, hash_key: str) -> ServiceError:
    """What DynamoDB answers to a Query that does not hold the partition key to one value."""
    if params.get("KeyConditions") is None and params.get(MEMBER) is None:
        return invalid(_NEITHER)
    operator = _operators(params).get(hash_key)
    if operator is None:
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


def _operators(params: Params) -> dict[str, str]:
    old = (params.get("KeyConditions") or {}).items()
    operators = {attribute: str(condition.get("ComparisonOperator")) for attribute, condition in old}
    for attribute, condition in _named_conditions(params).items():
        operators[attribute] = _OLD_OPERATORS.get(condition.operator, condition.operator)
    return operators


def _named_conditions(params: Params) -> dict[str, KeyCondition]:
    """The conditions of an expression, by the names of their attributes."""
    names = params.get("ExpressionAttributeNames") or {}
    conditions: dict[str, KeyCondition] = {}
    for condition in read_key_condition(params.get(MEMBER) or ""):
        attribute = _defined(condition.attribute, names)
        if attribute in conditions:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        conditions[attribute] = condition
    return conditions


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
        yield KeyCondition(first, condition.operator, tuple(others))
    else:
        yield KeyCondition(others[0], _TURNED[condition.operator], (first,))


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
    text = "The function is not allowed to be used this way in an expression; function: "
    return invalid(f"Invalid {MEMBER}: {text}{function}")
