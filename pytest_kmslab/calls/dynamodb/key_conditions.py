"""The key condition of a Query, read as strictly as DynamoDB reads it and no more strictly.

Texts are DynamoDB's: paritysuite/dynamodb-conformance, queryKeyConditionOperands and queryKeyCondition, and
where these say nothing dynalite's tests of Query, which were run against AWS.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.grammar.checks import check_expression
from pytest_kmslab.calls.dynamodb.grammar.reader import read_expression
from pytest_kmslab.calls.dynamodb.grammar.tree import Call, Condition, Expression, Operand, Path, Value
from pytest_kmslab.calls.validation_messages import invalid, refused

Operands = Sequence[Mapping[str, Any]]
"""Attribute values."""

MEMBER = "KeyConditionExpression"
_NEITHER = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison whose value comes first says the same the other way round: `:low < sort` is `sort > :low`."""
_FORMS = {"BETWEEN": "{} BETWEEN {} AND {}", "begins_with": "begins_with({}, {})"}
_UNUSUAL = re.compile(r"\(\s*[#:]?\w+\s*\)|:\w+\s*[<>=]|[\t\r\n]", re.ASCII)
"""An operand in brackets, a value before its comparison, tabs and ends of lines: moto reads none of these."""
_NEW_NAMES = {"EQ": "=", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
"""How expressions write the operators of KeyConditions."""
_NOT_INDEXABLE = "Attempted conditional constraint is not an indexable operation"
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
    for attribute, (operator, operands) in _named_conditions(params).items():
        if operator == "=":
            equalities.append((attribute, operands[0]))
    return equalities


def without_partition_key(params: Params, hash_key: str) -> ServiceError:
    """What DynamoDB answers to a Query that does not hold the partition key to one value."""
    if params.get("KeyConditions") is None and params.get(MEMBER) is None:
        return invalid(_NEITHER)
    operator, _ = all_conditions(params).get(hash_key, ("", ()))
    if not operator:
        return _missed(hash_key)
    if operator in _OF_NO_INDEX:
        return invalid(_NOT_INDEXABLE)
    return invalid("Query key condition not supported")


def in_plain_form(params: Params) -> dict[str, str]:
    """A key condition that not every backend can read, in the form that all can: attributes first, conditions
    joined by AND. Empty for any other."""
    expression = params.get(MEMBER) or ""
    if _UNUSUAL.search(expression) is None:
        return {}
    return {MEMBER: " AND ".join(condition.text for condition in read_key_condition(expression))}


def schema_of(table: Table, index: str) -> Mapping[str, str]:
    """The key attributes of a table or of one of its indexes with their types, partition key first; empty
    where they are not known."""
    if index:
        return dict(dict(table.index_schemas).get(index, ()))
    return dict(zip(table.key_attributes, table.key_types, strict=False))


def check_schema(params: Params, schema: Mapping[str, str]) -> None:
    """Raise ValidationException for a key condition that does not fit the key of a table or index."""
    conditions = all_conditions(params)
    given, taken = len(conditions), len(schema)
    if given > taken:
        text = f"exceeds the number of key attributes defined in the schema ({taken})"
        raise invalid(f"The number of query conditions ({given}) {text}")
    for name, kind in schema.items():
        if name not in conditions and given == taken:
            raise _missed(name)
        operator, operands = conditions.get(name, ("", ()))
        if operator in _OF_NO_INDEX:
            raise invalid(_NOT_INDEXABLE)
        if any(kind not in operand for operand in operands):
            raise refused("Condition parameter type does not match schema type")


def _missed(name: str) -> ServiceError:
    return invalid(f"Query condition missed key schema element: {name}")


def all_conditions(params: Params) -> dict[str, tuple[str, Operands]]:
    """Operators, as expressions have them, and values of the conditions of either kind, by the names of
    their attributes."""
    old = (params.get("KeyConditions") or {}).items()
    conditions = {
        attribute: (_operator(condition), condition.get("AttributeValueList") or ())
        for attribute, condition in old
    }
    return {**conditions, **_named_conditions(params)}


def _operator(condition: Mapping[str, Any]) -> str:
    operator = str(condition.get("ComparisonOperator"))
    return _NEW_NAMES.get(operator, operator)


def _named_conditions(params: Params) -> dict[str, tuple[str, Operands]]:
    """The same of an expression; what is wrong in it is told in the order in which it is written."""
    names = params.get("ExpressionAttributeNames") or {}
    values = params.get("ExpressionAttributeValues") or {}
    expression = params.get(MEMBER)
    conditions: dict[str, tuple[str, Operands]] = {}
    if not expression:
        return conditions
    check_expression(MEMBER, expression, names, values)
    for condition in read_key_condition(expression):
        attribute = names.get(condition.attribute, condition.attribute)
        if attribute in conditions:
            text = "KeyConditionExpressions must only contain one condition per key"
            raise invalid(f"Invalid {MEMBER}: {text}")
        operands = tuple(values[value] for value in condition.values)
        conditions[attribute] = (condition.operator, operands)
    return conditions


@lru_cache(maxsize=1024)
def read_key_condition(expression: str) -> tuple[KeyCondition, ...]:
    """The conditions of a key condition, in order; none of an empty text."""
    tree = read_expression(MEMBER, expression) if expression else Expression()
    return tuple(key for condition in tree.conditions for key in _conditions(condition))


def _conditions(condition: Condition) -> Iterator[KeyCondition]:
    if condition.operator == "AND":
        for part in condition.conditions:
            yield from _conditions(part)
        return
    operator, operands = condition.operator, condition.operands
    if operator == "function" and isinstance(operands[0], Call):
        operator, operands = operands[0].name, operands[0].operands
    if operator not in (*_TURNED, *_FORMS):
        raise invalid(f"Invalid operator used in {MEMBER}: {operator}")
    paths = list(_paths(operator, operands))
    if not paths:
        raise invalid(f"Invalid condition in {MEMBER}: No key attribute specified")
    values = tuple(operand.placeholder for operand in operands if isinstance(operand, Value))
    if not isinstance(operands[0], Path):
        operator = _TURNED[operator]
    yield KeyCondition(str(paths[0].parts[0]), operator, values)


def _paths(operator: str, operands: Sequence[Operand]) -> Iterator[Path]:
    """The attributes of a condition, each of which is a key's; raises for any other operand."""
    if operator in _FORMS and not isinstance(operands[0], Path):
        text = f"{operator} operator must have the key attribute as its first operand"
        raise invalid(f"Invalid condition in {MEMBER}: {text}")
    found = False
    for operand in operands:
        if isinstance(operand, Call):
            raise invalid("KeyConditionExpressions cannot contain nested operations")
        if not isinstance(operand, Path):
            continue
        if found:
            raise invalid(f"Invalid condition in {MEMBER}: Multiple attribute names used in one condition")
        if len(operand.parts) > 1:
            raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        found = True
        yield operand
