"""What DynamoDB refuses of an expression that it can read: functions, reserved words, placeholders, types.

Texts and their order are DynamoDB's: dynalite's tests, which were run against AWS, paritysuite/dynamodb-
conformance, and of numbers of operands aws/aws-sdk-js#3721 and floci's tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.grammar.operand_types import Types, refusals_of_types
from pytest_kmslab.calls.dynamodb.grammar.paths import Names, refusals_of_overlap, resolved, shown_path
from pytest_kmslab.calls.dynamodb.grammar.reader import read_expression
from pytest_kmslab.calls.dynamodb.grammar.tree import Call, Condition, Expression, Operand, Path, Value
from pytest_kmslab.calls.dynamodb.reserved_words import RESERVED_WORDS
from pytest_kmslab.calls.validation_messages import invalid

LONGEST = 4096
"""Bytes of an expression.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
_OF_CONDITIONS: Mapping[str, int] = {
    **dict.fromkeys(("attribute_exists", "attribute_not_exists", "size"), 1),
    **dict.fromkeys(("attribute_type", "begins_with", "contains"), 2),
}
_OF_UPDATES: Mapping[str, int] = dict.fromkeys(("if_not_exists", "list_append", "+", "-"), 2)
"""How many operands each function has; their names have a case."""
_MOST_IN = 100
_UNDEFINED = {
    "#": "name used in the document path is not defined; attribute name",
    ":": "value used in expression is not defined; attribute value",
}

Refusals = Iterator[str]


def check_expression(
    member: str, expression: str, names: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    """Raise the first thing that DynamoDB refuses of an expression; `member` is its parameter."""
    if not expression:
        raise _refused(member, "The expression can not be empty;")
    if len(expression) > LONGEST // 4 and len(expression.encode()) > LONGEST:
        raise _too_long(member, len(expression.encode()))
    fault = _fault_of_text(member, expression)
    if fault:
        raise _refused(member, fault)
    for refusal in _refusals(read_expression(member, expression), names, values):
        raise _refused(member, refusal)


def _undefined(placeholder: str) -> str:
    return f"An expression attribute {_UNDEFINED[placeholder[0]]}: {placeholder}"


def _refused(member: str, text: str) -> ServiceError:
    return invalid(f"Invalid {member}: {text}")


def _too_long(member: str, size: int) -> ServiceError:
    # Seen with its number for filters, without one for updates.
    number = "" if member == "UpdateExpression" else f" expression size: {size}"
    return _refused(member, f"Expression size has exceeded the maximum allowed size;{number}")


# What is told of the text alone.


@lru_cache(maxsize=1024)
def _fault_of_text(member: str, expression: str) -> str:
    tree = read_expression(member, expression)
    return next(_faults_of_update(tree) if tree.actions else _faults_of_condition(tree), "")


def _faults_of_condition(tree: Expression) -> Refusals:
    if tree.has_redundant_brackets:
        yield "The expression has redundant parentheses;"
    calls = [call for condition in tree.conditions for call in _calls_of(condition)]
    yield from _unknown_functions(calls, _OF_CONDITIONS)
    for condition in tree.conditions:
        yield from _misused_functions(condition)
    yield from _reserved(_paths_of(tree))


def _faults_of_update(tree: Expression) -> Refusals:
    yield from _reserved(_paths_of(tree))
    calls = [call for action in tree.actions for call in _calls_in(action.operand)]
    yield from _unknown_functions(calls, _OF_UPDATES)
    if tree.repeated_clause:
        yield f'The "{tree.repeated_clause}" section can only be used once in an update expression;'


def _unknown_functions(calls: Sequence[Call], known: Mapping[str, int]) -> Refusals:
    for call in calls:
        if call.name not in known:
            yield f"Invalid function name; function: {call.name}"


def _misused_functions(condition: Condition) -> Refusals:
    """Of all functions only size has a value that can be an operand, and it is no condition."""
    for part in condition.conditions:
        yield from _misused_functions(part)
    operands = condition.operands
    if condition.operator == "function":
        call = operands[0]
        assert isinstance(call, Call)
        operands = call.operands
        if call.name == "size":
            yield _misused(call)
    for operand in operands:
        if isinstance(operand, Call):
            yield from (_misused(call) for call in _calls_in(operand) if call.name != "size")


def _misused(call: Call) -> str:
    return f"The function is not allowed to be used this way in an expression; function: {call.name}"


def _reserved(paths: Iterator[Path]) -> Refusals:
    for path in paths:
        for part in path.parts:
            if isinstance(part, str) and part.upper() in RESERVED_WORDS:
                yield f"Attribute name is a reserved keyword; reserved keyword: {part}"


# What is told of the text with what its placeholders stand for.


def _refusals(tree: Expression, names: Names, values: Mapping[str, Any]) -> Refusals:
    types = {placeholder: next(iter(value or ()), "") for placeholder, value in values.items()}
    for condition in tree.conditions:
        for leaf in _leaves(condition):
            yield from _refusals_of_leaf(leaf, names, values, types)
    if tree.paths:
        yield from _undefined_names(tree.paths, names)
        yield from refusals_of_overlap([resolved(path, names) for path in tree.paths])
    if tree.actions:
        yield from _refusals_of_update(tree, names, types)


def _refusals_of_leaf(
    leaf: Condition, names: Names, values: Mapping[str, Any], types: Mapping[str, str]
) -> Refusals:
    for operand in leaf.operands:
        yield from _undefined_in(operand, names, types)
    calls = [call for operand in leaf.operands for call in _calls_in(operand)]
    yield from _wrong_numbers(calls, _OF_CONDITIONS)
    if leaf.operator == "IN" and len(leaf.operands) > _MOST_IN + 1:
        number = len(leaf.operands) - 1
        yield f"The IN operator is provided with too many operands; number of operands: {number}"
    for call in calls:
        yield from _not_distinct(call.name, call.operands, names)
    if leaf.operator not in ("function", "BETWEEN"):
        yield from _not_distinct(leaf.operator, leaf.operands, names)
    yield from refusals_of_types(leaf, calls, Types(types), values)


def _refusals_of_update(tree: Expression, names: Names, types: Mapping[str, str]) -> Refusals:
    operands = [action.operand for action in tree.actions if action.operand is not None]
    yield from _undefined_names(list(_paths_of(tree)), names)
    for operand in operands:
        yield from (_undefined(value) for value in _values_in(operand) if value not in types)
    yield from refusals_of_overlap([resolved(action.path, names) for action in tree.actions])
    for action in tree.actions:
        if action.clause in ("ADD", "DELETE"):
            yield from Types(types).refusals_of_action(action)
    for operand in operands:
        calls = list(_calls_in(operand))
        yield from _wrong_numbers(calls, _OF_UPDATES)
        for call in calls:
            yield from Types(types).refusals_of_update(call)


def _undefined_in(operand: Operand, names: Names, types: Mapping[str, str]) -> Refusals:
    """The placeholders of an operand that stand for nothing, as they are written."""
    if isinstance(operand, Path):
        yield from _undefined_names([operand], names)
    elif isinstance(operand, Value) and operand.placeholder not in types:
        yield _undefined(operand.placeholder)
    elif isinstance(operand, Call):
        for inner in operand.operands:
            yield from _undefined_in(inner, names, types)


def _undefined_names(paths: Sequence[Path], names: Names) -> Refusals:
    for path in paths:
        for part in path.parts:
            if isinstance(part, str) and part[0] == "#" and part not in names:
                yield _undefined(part)


def _wrong_numbers(calls: Sequence[Call], known: Mapping[str, int]) -> Refusals:
    for call in calls:
        number = len(call.operands)
        if known[call.name] != number:
            text = f"operator or function: {call.name}, number of operands: {number}"
            yield f"Incorrect number of operands for operator or function; {text}"


def _not_distinct(operator: str, operands: Sequence[Operand], names: Names) -> Refusals:
    first, *others = operands
    if not isinstance(first, Path):
        return
    path = resolved(first, names)
    if any(isinstance(other, Path) and resolved(other, names) == path for other in others):
        text = "The first operand must be distinct from the remaining operands for this operator or function"
        yield f"{text}; operator: {operator}, first operand: {shown_path(path)}"


# The parts of trees, as they are written.


def _leaves(condition: Condition) -> Iterator[Condition]:
    if not condition.conditions:
        yield condition
    for part in condition.conditions:
        yield from _leaves(part)


def _calls_of(condition: Condition) -> Iterator[Call]:
    for leaf in _leaves(condition):
        for operand in leaf.operands:
            yield from _calls_in(operand)


def _calls_in(operand: Operand | None) -> Iterator[Call]:
    """The functions of an operand, inner ones first."""
    if isinstance(operand, Call):
        for inner in operand.operands:
            yield from _calls_in(inner)
        yield operand


def _values_in(operand: Operand) -> Iterator[str]:
    if isinstance(operand, Value):
        yield operand.placeholder
    elif isinstance(operand, Call):
        for inner in operand.operands:
            yield from _values_in(inner)


def _paths_in(operand: Operand | None) -> Iterator[Path]:
    if isinstance(operand, Path):
        yield operand
    elif isinstance(operand, Call):
        for inner in operand.operands:
            yield from _paths_in(inner)


def _paths_of(tree: Expression) -> Iterator[Path]:
    yield from tree.paths
    for condition in tree.conditions:
        for leaf in _leaves(condition):
            for operand in leaf.operands:
                yield from _paths_in(operand)
    for action in tree.actions:
        yield action.path
        yield from _paths_in(action.operand)


def nested_attributes(member: str, expression: str) -> tuple[str, ...]:
    """The attributes of which an expression names a part, `#name` as it stands."""
    paths = _paths_of(read_expression(member, expression))
    return tuple(str(path.parts[0]) for path in paths if len(path.parts) > 1)
