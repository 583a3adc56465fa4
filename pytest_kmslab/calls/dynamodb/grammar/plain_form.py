"""Expressions in the form that says the same with the fewest brackets, for backends that read no others.

DynamoDB takes brackets around operands and sums, `(id) = (:x)` and `SET n = (n + :one)`; moto does not.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from functools import lru_cache

from pytest_kmslab.calls.dynamodb.grammar.reader import CLAUSES, read_expression
from pytest_kmslab.calls.dynamodb.grammar.tree import (
    Action,
    Condition,
    Expression,
    Operand,
    Path,
    Value,
)


@lru_cache(maxsize=1024)
def in_plain_form(member: str, expression: str) -> str:
    """A condition or update as it says the same; raises ServiceError for what cannot be read."""
    tree = read_expression(member, expression)
    return _update(tree) if tree.actions else _condition(tree.conditions[0])


def _condition(condition: Condition) -> str:
    if condition.operator == "NOT":
        return f"NOT {_inner(condition.conditions[0])}"
    if condition.conditions:
        return f" {condition.operator} ".join(map(_inner, condition.conditions))
    first, *others = map(_operand, condition.operands)
    if condition.operator == "function":
        return first
    if condition.operator == "BETWEEN":
        return f"{first} BETWEEN {others[0]} AND {others[1]}"
    if condition.operator == "IN":
        return f"{first} IN ({', '.join(others)})"
    return f"{first} {condition.operator} {others[0]}"


def _inner(condition: Condition) -> str:
    """A condition within another: its own parts stay together."""
    text = _condition(condition)
    return f"({text})" if condition.conditions else text


def _operand(operand: Operand) -> str:
    if isinstance(operand, Value):
        return operand.placeholder
    if isinstance(operand, Path):
        first, *parts = operand.parts
        return str(first) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    operands = list(map(_operand, operand.operands))
    if operand.name in ("+", "-"):
        return f" {operand.name} ".join(operands)
    return f"{operand.name}({', '.join(operands)})"


def _update(tree: Expression) -> str:
    clauses = {clause: [action for action in tree.actions if action.clause == clause] for clause in CLAUSES}
    return " ".join(
        f"{clause} {', '.join(map(_action, actions))}" for clause, actions in clauses.items() if actions
    )


def _action(action: Action) -> str:
    path = _operand(action.path)
    if action.operand is None:
        return path
    between = " = " if action.clause == "SET" else " "
    return f"{path}{between}{_operand(action.operand)}"
