"""Conditions as DynamoDB reads and compares them.

moto fails at brackets around operands, at tabs, at sizes of what has none and at values of two types, and
takes `true` for `1` and what is not there for a null.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import operator
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import moto.dynamodb.models as backend_module
from moto.dynamodb import comparisons, responses
from moto.dynamodb.exceptions import IncorrectDataType
from moto.dynamodb.parsing import expressions, validators

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.grammar.plain_form import in_plain_form

_moto: Any = comparisons
_parser: Any = comparisons.create_condition_expression_parser
_Updates: Any = expressions.UpdateExpressionParser  # type: ignore[attr-defined]
_make: Any = _Updates.make.__func__
_SIZED = ("S", "B", "SS", "NS", "BS", "L", "M")
_SORTED = ("S", "N", "B")
_PARSER = "create_condition_expression_parser"


def conditions_of_dynamodb() -> Replaced:
    """While this is open, moto's conditions are true of the items of which they are true on AWS."""
    return Replaced(
        *(Replacement(place, _PARSER, _plain_parser) for place in (comparisons, responses, backend_module)),
        Replacement(_Updates, "make", classmethod(_make_plain)),
        Replacement(validators, "IncorrectOperandType", lambda *_: IncorrectDataType()),
        *(Replacement(owner, "expr", function) for owner, function in _EXPRESSIONS.items()),
    )


def _plain(member: str, expression: Any) -> Any:
    if not expression:
        return expression
    # What cannot be read was refused before, or is moto's own affair.
    try:
        return in_plain_form(member, expression)
    except ServiceError:
        return expression


def _plain_parser(expression: Any, *given: Any, **named: Any) -> Any:
    return _parser(_plain("ConditionExpression", expression), *given, **named)


def _make_plain(cls: Any, expression: str) -> Any:
    return _make(cls, _plain("UpdateExpression", expression))


def _kind(operand: Any, item: Any) -> Any:
    return "N" if isinstance(operand, _moto.FuncSize) else operand.get_type(item)


def _value(operand: Any, item: Any) -> Any:
    """What values of a type are told apart and sorted by."""
    value = operand.expr(item)
    if _kind(operand, item) == "B" and isinstance(value, str):
        return b64decode(value)
    return value.encode() if isinstance(value, str) else value


def _compared(compare: Callable[[Any, Any], bool], first: Any, second: Any, item: Any) -> bool:
    kind = _kind(first, item)
    if kind not in _SORTED or kind != _kind(second, item):
        return False
    one, other = _value(first, item), _value(second, item)
    # The size of what has none.
    return one is not None and other is not None and compare(one, other)


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda condition, item: _compared(compare, condition.lhs, condition.rhs, item)


def _is_equal(first: Any, second: Any, item: Any) -> bool:
    kind = _kind(first, item)
    if kind is None or kind != _kind(second, item):
        return False
    one, other = _value(first, item), _value(second, item)
    return bool(one == other) and (kind == "NULL" or one is not None)


def _equal(condition: Any, item: Any) -> bool:
    return _is_equal(condition.lhs, condition.rhs, item)


def _not_equal(condition: Any, item: Any) -> bool:
    return not _is_equal(condition.lhs, condition.rhs, item)


def _between(condition: Any, item: Any) -> bool:
    return _compared(operator.le, condition.start, condition.attr, item) and _compared(
        operator.le, condition.attr, condition.end, item
    )


def _is_in(condition: Any, item: Any) -> bool:
    return any(_is_equal(condition.attr, value, item) for value in condition.possible_values)


def _begins_with(condition: Any, item: Any) -> bool:
    kind = _kind(condition.attr, item)
    if kind not in ("S", "B") or kind != _kind(condition.substr, item):
        return False
    return bool(_value(condition.attr, item).startswith(_value(condition.substr, item)))


def _size(condition: Any, item: Any) -> Any:
    kind = condition.attr.get_type(item)
    return len(condition.attr.expr(item)) if kind in _SIZED else None


_EXPRESSIONS: dict[Any, Callable[[Any, Any], Any]] = {
    _moto.OpLessThan: _comparison(operator.lt),
    _moto.OpLessThanOrEqual: _comparison(operator.le),
    _moto.OpGreaterThan: _comparison(operator.gt),
    _moto.OpGreaterThanOrEqual: _comparison(operator.ge),
    _moto.OpEqual: _equal,
    _moto.OpNotEqual: _not_equal,
    _moto.FuncBetween: _between,
    _moto.FuncIn: _is_in,
    _moto.FuncBeginsWith: _begins_with,
    _moto.FuncSize: _size,
}
