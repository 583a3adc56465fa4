"""What DynamoDB refuses of the parameters that its expressions have replaced, and of both together.

Texts are DynamoDB's, as dynalite's tests have them, which were run against AWS; those of both kinds together
are measured by paritysuite/dynamodb-conformance too.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.grammar.operand_types import refusals_of_bounds
from pytest_kmslab.calls.validation_messages import invalid, refused

_NEW = ("ProjectionExpression", "FilterExpression", "UpdateExpression", "ConditionExpression")
_OLD = ("AttributesToGet", "AttributeUpdates", "Expected", "QueryFilter", "ScanFilter", "ConditionalOperator")
OLD_PARAMETERS = frozenset((*_OLD, "KeyConditions"))
"""What expressions have replaced: a request that has none of these has nothing that is refused here."""
_CONDITIONS = ("KeyConditions", "QueryFilter", "ScanFilter")
_MOST = 1_000_000
_MOST_KEYS = 2
_NUMBERS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"), (1, 1)),
    **dict.fromkeys(("NULL", "NOT_NULL"), (0, 0)),
    "BETWEEN": (2, 2),
    "IN": (1, _MOST),
}
"""How few and how many values an operator takes."""
_SCALARS = ("S", "N", "B")
_TYPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "IN", "BETWEEN"), _SCALARS),
    "BEGINS_WITH": ("S", "B"),
}
_ADDED = ("N", "SS", "NS", "BS", "L")
_TAKEN = ("SS", "NS", "BS")

Refusals = Iterator[ServiceError]


def check_old_parameters(params: Params) -> None:
    """Raise the first thing that DynamoDB refuses of a request, or of its part for one table."""
    for refusal in _refusals(params):
        raise refusal


def _refusals(params: Params) -> Refusals:
    yield from _both_kinds(params)
    wanted = params.get("AttributesToGet") or ()
    for name in [name for at, name in enumerate(wanted) if name in wanted[:at]]:
        yield refused(f"Duplicate value in attribute name: {name}")
    for member in _CONDITIONS:
        for condition in (params.get(member) or {}).values():
            yield from _condition(condition)
    conditions = params.get("KeyConditions")
    # A global index may have more keys than two, and say so itself (moto's tests that are verified on AWS).
    most = _MOST if params.get("IndexName") else _MOST_KEYS
    if conditions is not None and not 1 <= len(conditions) <= most:
        yield invalid("Conditions can be of length 1 or 2 only")
    for name, expected in (params.get("Expected") or {}).items():
        yield from _expected(name, expected)
    for update in (params.get("AttributeUpdates") or {}).values():
        action, value = update.get("Action") or "PUT", update.get("Value")
        kind = next(iter(value or ()), "")
        if value is None and action != "DELETE":
            yield refused("Only DELETE action is allowed when no attribute value is specified")
        if value is not None and action == "DELETE" and kind not in _TAKEN:
            yield refused(f"DELETE action with value is not supported for the type {kind}")
        if value is not None and action == "ADD" and kind not in _ADDED:
            yield refused(f"ADD action is not supported for the type {kind}")


def _both_kinds(params: Params) -> Refusals:
    # KeyConditions may stand beside expressions that are not of keys.
    new, old = [name for name in _NEW if params.get(name)], [name for name in _OLD if name in params]
    if params.get("KeyConditionExpression"):
        new.append("KeyConditionExpression")
        old.extend(name for name in ("KeyConditions",) if name in params)
    if new and old:
        text = "Can not use both expression and non-expression parameters in the same request: "
        yield invalid(
            f"{text}Non-expression parameters: {{{', '.join(old)}}} "
            f"Expression parameters: {{{', '.join(new)}}}"
        )


def _condition(condition: Mapping[str, Any]) -> Refusals:
    operator, values = condition.get("ComparisonOperator", ""), condition.get("AttributeValueList") or ()
    least, most = _NUMBERS.get(operator, (0, _MOST))
    if not least <= len(values) <= most:
        yield refused(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    for kind in _kinds(values):
        if kind not in _TYPES.get(operator, (kind,)):
            yield refused(f"ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    if len(set(_kinds(values))) > 1:
        yield refused("AttributeValues inside AttributeValueList must be of same type")
    if operator == "BETWEEN" and [*refusals_of_bounds(*values)]:
        what = "the lower bound is greater than the upper bound"
        yield invalid(f"The BETWEEN condition was provided a range where {what}")


def _kinds(values: Any) -> list[str]:
    return [next(iter(value), "") for value in values]


def _expected(name: str, expected: Mapping[str, Any]) -> Refusals:
    if "Value" in expected and "AttributeValueList" in expected:
        yield refused(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    if "ComparisonOperator" in expected:
        values = [expected["Value"]] if "Value" in expected else expected.get("AttributeValueList")
        operator = expected["ComparisonOperator"]
        if "Exists" in expected:
            yield refused(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if values is None and operator not in ("NULL", "NOT_NULL"):
            text = f"Value or AttributeValueList must be used with ComparisonOperator: {operator}"
            yield refused(f"{text} for Attribute: {name}")
        yield from _condition({"ComparisonOperator": operator, "AttributeValueList": values})
    elif "AttributeValueList" in expected:
        yield refused(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    else:
        # Left out, Exists means true.
        exists, has_value = expected.get("Exists"), "Value" in expected
        if exists is not False and not has_value:
            shown = "null" if exists is None else "true"
            yield refused(f"Value must be provided when Exists is {shown} for Attribute: {name}")
        if exists is False and has_value:
            yield refused(f"Value cannot be used when Exists is false for Attribute: {name}")
