"""QueryFilter, ScanFilter and Expected as the expressions that say the same: moto fails on many of them.

Of Expected it reads the half: DeleteItem does without, `OR` is `AND`, and an attribute that must exist may
have any value.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.QueryFilter.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Expected.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

_FORMS = {
    "EQ": "{name} = {0}",
    "NE": "{name} <> {0}",
    "LE": "{name} <= {0}",
    "LT": "{name} < {0}",
    "GE": "{name} >= {0}",
    "GT": "{name} > {0}",
    "BEGINS_WITH": "begins_with({name}, {0})",
    "BETWEEN": "{name} BETWEEN {0} AND {1}",
    "CONTAINS": "contains({name}, {0})",
    "NOT_CONTAINS": "(attribute_exists({name}) AND NOT contains({name}, {0}))",
    "NOT_NULL": "attribute_exists({name})",
    "NULL": "attribute_not_exists({name})",
}


def as_expressions(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """The parameters that take the place of an old filter."""
    return _replaced(call, "QueryFilter" if call.operation == "Query" else "ScanFilter", "FilterExpression")


def expected_as_condition(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """The parameters that take the place of what an item is expected to be before it is written."""
    return _replaced(call, "Expected", "ConditionExpression")


def _replaced(call: ApiCall, member: str, expression: str) -> Mapping[str, Any]:
    conditions: Mapping[str, Any] = call.params.get(member) or {}
    if not conditions:
        return {}
    names = {f"#old{at}": name for at, name in enumerate(conditions)}
    values: dict[str, Any] = {}
    parts = [_written(f"#old{at}", each, values) for at, each in enumerate(conditions.values())]
    joined = f" {call.params.get('ConditionalOperator') or 'AND'} ".join(parts)
    placed = {"ExpressionAttributeValues": values} if values else {}
    return {member: {}, expression: joined, "ExpressionAttributeNames": names, **placed}


def _written(name: str, condition: Mapping[str, Any], values: dict[str, Any]) -> str:
    placeholders = []
    operands = condition.get("AttributeValueList") or ([condition["Value"]] if "Value" in condition else ())
    for value in operands:
        placeholders.append(f":old{len(values)}")
        values[placeholders[-1]] = value
    # Without an operator: the attribute has the value, or is not there.
    operator = condition.get("ComparisonOperator") or ("EQ" if placeholders else "NULL")
    if operator == "IN":
        return f"{name} IN ({', '.join(placeholders)})"
    return _FORMS[operator].format(*placeholders, name=name)
