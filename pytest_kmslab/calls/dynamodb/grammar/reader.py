"""Reads DynamoDB's expressions.

Grammar and its limits: paths of names and places, comparisons, BETWEEN, IN, functions, AND, OR, NOT, brackets
around conditions and operands, and the four clauses of an update.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from pytest_kmslab.calls.dynamodb.grammar.tokens import Tokens
from pytest_kmslab.calls.dynamodb.grammar.tree import (
    Action,
    Call,
    Condition,
    Expression,
    Operand,
    Path,
    Value,
)
from pytest_kmslab.calls.validation_messages import invalid

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
JOINING = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))
CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")
"""Of updates. These are keywords there alone, as JOINING are in conditions alone."""
DEEPEST = 60
"""Brackets within brackets: ours, AWS's limit is not known."""
MOST_OPERATORS = 300
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

_Node = Condition | Operand
_Part = TypeVar("_Part")


@lru_cache(maxsize=1024)
def read_expression(member: str, expression: str) -> Expression:
    """What an expression says; `member` is the parameter that it stands in. Raises ServiceError for one that
    cannot be read."""
    return _Reader(member, expression).read()


class _Reader:
    def __init__(self, member: str, expression: str) -> None:
        self._member = member
        self._tokens = Tokens(member, expression)
        self._keywords = frozenset(CLAUSES) if member == "UpdateExpression" else JOINING
        self._redundant = False
        self._operators = 0
        self._depth = 0
        self._bracketed: object = None
        """What was read in brackets last: brackets around it are redundant."""

    def read(self) -> Expression:
        if self._member == "UpdateExpression":
            expression = self._update()
        elif self._member == "ProjectionExpression":
            expression = Expression(paths=self._several(self._path))
        else:
            condition = self._whole(self._either())
            expression = Expression(conditions=(condition,), has_redundant_brackets=self._redundant)
        if self._tokens.next.text:
            raise self._tokens.wrong()
        return expression

    def _several(self, read: Callable[[], _Part]) -> tuple[_Part, ...]:
        parts = [read()]
        while self._tokens.accept(","):
            parts.append(read())
        return tuple(parts)

    # Conditions

    def _either(self) -> _Node:
        return self._joined("OR", lambda: self._joined("AND", self._negated))

    def _joined(self, operator: str, read: Callable[[], _Node]) -> _Node:
        first = read()
        if self._tokens.next.text.upper() != operator:
            return first
        parts = [self._whole(first)]
        while self._tokens.accept(operator):
            self._count()
            parts.append(self._whole(read()))
        return Condition(operator, conditions=tuple(parts))

    def _negated(self) -> _Node:
        if not self._tokens.accept("NOT"):
            return self._compared()
        self._count()
        return Condition("NOT", conditions=(self._whole(self._compared()),))

    def _whole(self, node: _Node) -> Condition:
        """A condition: of all operands only a function is one by itself."""
        if isinstance(node, Condition):
            return node
        if isinstance(node, Call):
            return Condition("function", (node,))
        raise self._tokens.wrong()

    def _compared(self) -> _Node:
        first = self._term()
        if isinstance(first, Condition):
            return first
        operator = self._tokens.accept(*COMPARISONS, "BETWEEN", "IN")
        if not operator:
            return first
        self._count()
        if operator == "BETWEEN":
            low = self._operand()
            self._tokens.expect("AND")
            return Condition(operator, (first, low, self._operand()))
        if operator == "IN":
            return Condition(operator, (first, *self._operands()))
        return Condition(operator, (first, self._operand()))

    def _term(self) -> _Node:
        """An operand, or a condition in brackets: which of the two is known behind the closing one."""
        if self._tokens.next.text != "(":
            return self._named()
        node = self._in_brackets(self._either)
        return self._tail(node) if isinstance(node, Path) else node

    def _in_brackets(self, read: Callable[[], _Node]) -> _Node:
        node = self._between_brackets(read)
        self._redundant = self._redundant or node is self._bracketed
        self._bracketed = node
        return node

    def _between_brackets(self, read: Callable[[], _Part]) -> _Part:
        self._tokens.expect("(")
        self._depth += 1
        if self._depth > DEEPEST:
            text = f"Brackets are nested more than {DEEPEST} deep (said by pytest-kmslab)"
            raise invalid(f"Invalid {self._member}: {text}")
        part = read()
        self._tokens.expect(")")
        self._depth -= 1
        return part

    # Operands

    def _operand(self) -> Operand:
        node = self._term()
        if isinstance(node, Condition):
            raise self._tokens.wrong()
        return node

    def _operands(self) -> tuple[Operand, ...]:
        return self._between_brackets(lambda: self._several(self._operand))

    def _named(self) -> Operand:
        token = self._tokens.next
        if token.is_value_placeholder:
            return Value(self._tokens.take().text)
        if token.is_name and self._tokens.after.text == "(" and token.text.upper() not in self._keywords:
            self._count()
            return Call(self._tokens.take().text, self._operands())
        return self._path()

    def _path(self) -> Path:
        return self._tail(Path((self._name(),)))

    def _tail(self, path: Path) -> Path:
        """A path with what follows of it."""
        parts = list(path.parts)
        while opened := self._tokens.accept(".", "["):
            parts.append(self._name() if opened == "." else self._place())
        return Path(tuple(parts)) if len(parts) > len(path.parts) else path

    def _name(self) -> str:
        token = self._tokens.next
        is_keyword = token.text.upper() in self._keywords
        if not token.is_name_placeholder and (not token.is_name or is_keyword):
            raise self._tokens.wrong()
        return self._tokens.take().text

    def _place(self) -> int:
        if not self._tokens.next.text.isdecimal():
            raise self._tokens.wrong()
        place = int(self._tokens.take().text)
        self._tokens.expect("]")
        return place

    # Updates

    def _update(self) -> Expression:
        actions: list[Action] = []
        seen: list[str] = []
        while clause := self._tokens.accept(*CLAUSES):
            seen.append(clause)
            actions.extend(self._several(lambda: self._action(seen[-1])))
        if not seen:
            raise self._tokens.wrong()
        repeated = next((clause for at, clause in enumerate(seen) if clause in seen[:at]), "")
        return Expression(actions=tuple(actions), repeated_clause=repeated)

    def _action(self, clause: str) -> Action:
        path = self._path()
        if clause == "REMOVE":
            return Action(clause, path, None)
        if clause == "SET":
            self._tokens.expect("=")
            return Action(clause, path, self._sum())
        if not self._tokens.next.is_value_placeholder:
            raise self._tokens.wrong()
        return Action(clause, path, Value(self._tokens.take().text))

    def _sum(self) -> Operand:
        """An operand, or one `+` or `-` of two: a third has no place."""
        first = self._summand()
        operator = self._tokens.accept("+", "-")
        if not operator:
            return first
        self._count()
        return Call(operator, (first, self._summand()))

    def _summand(self) -> Operand:
        if self._tokens.next.text != "(":
            return self._named()
        node = self._in_brackets(self._sum)
        assert not isinstance(node, Condition)
        return node

    def _count(self) -> None:
        self._operators += 1
        if self._operators > MOST_OPERATORS:
            text = "The expression contains too many operators; operator count"
            raise invalid(f"Invalid {self._member}: {text}: {self._operators}")
