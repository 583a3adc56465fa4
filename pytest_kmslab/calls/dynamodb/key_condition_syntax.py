"""Condition expressions of DynamoDB, parsed as far as a key condition needs it.

The grammar is DynamoDB's: comparisons, BETWEEN, IN and functions, joined by AND, OR and NOT, with brackets
around conditions and around operands.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.validation_messages import invalid

_INVALID = "Invalid KeyConditionExpression: "
_TOKEN = re.compile(r"\s*([:#]\w+|[A-Za-z]\w*|\d+|<=|>=|<>|[=<>().,\[\]])", re.ASCII)
_NAME = re.compile(r"#\w+|[A-Za-z]\w*", re.ASCII)
_KEYWORDS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))
_COMPARISONS = frozenset(("=", "<>", "<", "<=", ">", ">="))
_OPERANDS = {
    **dict.fromkeys(("attribute_exists", "attribute_not_exists", "size"), 1),
    **dict.fromkeys(("attribute_type", "begins_with", "contains"), 2),
}
"""How many operands each function has; their names have a case."""
DEEPEST = 20
"""Brackets within brackets: ours, AWS's limit is not known."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, or several that are joined."""

    operator: str
    """A comparison, `BETWEEN`, `IN`, the name of a function, or `AND`, `OR`, `NOT`."""
    operands: tuple[str, ...] = ()
    """Paths, placeholders of values, and `size(…)` for whatever function stands as an operand."""
    conditions: tuple[Condition, ...] = ()
    """What is joined or negated."""


def is_path(operand: str) -> bool:
    """Whether an operand is an attribute or a part of one."""
    return operand[0] != ":" and not operand.endswith(")")


def parse(expression: str) -> Condition:
    """What an expression says; raises ValidationException for what cannot be read."""
    tokens = _tokens(expression)
    if _depth(tokens) > DEEPEST:
        raise _syntax_error(expression)
    parser = _Parser(expression, tokens)
    condition = parser.either()
    if parser.at != len(tokens):
        raise parser.wrong()
    return condition


def _depth(tokens: list[str]) -> int:
    return max(accumulate((token == "(") - (token == ")") for token in tokens), default=0)


def _tokens(expression: str) -> list[str]:
    tokens, at = [], 0
    text = expression.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _syntax_error(expression)
        tokens.append(token[1])
        at = token.end()
    return tokens


def _syntax_error(expression: str) -> ServiceError:
    text = f"Syntax error; `{expression}` is not a condition on a key (said by pytest-kmslab)"
    return invalid(f"{_INVALID}{text}")


class _Parser:
    def __init__(self, expression: str, tokens: list[str]) -> None:
        self._expression, self._tokens = expression, tokens
        self._function = Condition("")
        """The function that was read last."""
        self.at = 0
        """The next token."""

    def wrong(self) -> ServiceError:
        return _syntax_error(self._expression)

    def either(self) -> Condition:
        parts = [self._all()]
        while self._accept("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Condition("OR", conditions=tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._accept("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Condition("AND", conditions=tuple(parts))

    def _one(self) -> Condition:
        if self._accept("NOT"):
            return Condition("NOT", conditions=(self._bracketed(),))
        return self._bracketed()

    def _bracketed(self) -> Condition:
        # A bracket may belong to the condition's first operand: `(id) = :me`.
        if not self._brackets_a_condition():
            return self._condition()
        self._expect("(")
        condition = self.either()
        self._expect(")")
        return condition

    def _brackets_a_condition(self) -> bool:
        """Whether what the next bracket holds is more than an operand."""
        if self._next() != "(":
            return False
        start = self.at
        try:
            self._operand()
            is_operand = self._next().upper() in _COMPARISONS | {"BETWEEN", "IN"}
        except ServiceError:
            is_operand = False
        self.at = start
        return not is_operand

    def _condition(self) -> Condition:
        first = self._operand()
        operator = self._next()
        if operator in _COMPARISONS:
            self._expect(operator)
            return Condition(operator, (first, self._operand()))
        if self._accept("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            return Condition("BETWEEN", (first, low, self._operand()))
        if self._accept("IN"):
            return Condition("IN", (first, *self._arguments()))
        if first.endswith(")"):
            return self._function
        raise self.wrong()

    def _operand(self) -> str:
        if self._accept("("):
            operand = self._operand()
            self._expect(")")
            return operand
        token = self._take()
        if token[:1] == ":":
            return token
        if _NAME.fullmatch(token) is None or token.upper() in _KEYWORDS:
            raise self.wrong()
        return self._call(token) if self._next() == "(" else self._path(token)

    def _call(self, name: str) -> str:
        if name not in _OPERANDS:
            raise invalid(f"{_INVALID}Invalid function name; function: {name}")
        arguments = self._arguments()
        if len(arguments) != _OPERANDS[name]:
            text = f"operator or function: {name}, number of operands: {len(arguments)}"
            raise invalid(f"{_INVALID}Incorrect number of operands for operator or function; {text}")
        self._function = Condition(name, arguments)
        return f"{name}()"

    def _arguments(self) -> tuple[str, ...]:
        self._expect("(")
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._expect(")")
        return tuple(arguments)

    def _path(self, name: str) -> str:
        path = name
        while self._next() in (".", "["):
            if self._accept("."):
                path += f".{self._take()}"
            else:
                self._expect("[")
                path += f"[{self._take()}]"
                self._expect("]")
        return path

    def _next(self) -> str:
        return self._tokens[self.at] if self.at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        if not token:
            raise self.wrong()
        self.at += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._next().upper() != token:
            return False
        self.at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self.wrong()
