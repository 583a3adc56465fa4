"""Conditions, paths and changes of a PartiQL statement as DynamoDB's own expressions.

What is decided about a statement and what is done must be the same: a backend whose PartiQL reads a condition
otherwise is given these in its place.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-operators.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-functions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pytest_kmslab.calls.dynamodb.partiql.conditions import TYPES
from pytest_kmslab.calls.dynamodb.partiql.key_condition import bare, split
from pytest_kmslab.calls.dynamodb.partiql.refusals import StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import Change, is_path
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens, at_depth, is_sign
from pytest_kmslab.calls.dynamodb.partiql.values import attribute_value, between_commas, literal

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_IS_WORDS = ("MISSING", "NULL")
_OF_A_PATH = {"attribute_exists", "attribute_not_exists"}
_OF_A_VALUE = {"begins_with", "contains", "attribute_type"}


class ExpressionWriter:
    """Writes expressions of one request, and keeps the placeholders that they use.

    `values` are the parameters of the statement. A statement that cannot be written raises StatementError.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self._parameters = values
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def placeholders(self) -> dict[str, Any]:
        """The parameters that define the placeholders; those that are empty are left out."""
        kinds = {"ExpressionAttributeNames": self._names, "ExpressionAttributeValues": self._values}
        return {member: dict(pairs) for member, pairs in kinds.items() if pairs}

    def name(self, attribute: str) -> str:
        """A placeholder for an attribute."""
        for placeholder, known in self._names.items():
            if known == attribute:
                return placeholder
        self._names[f"#n{len(self._names)}"] = attribute
        return f"#n{len(self._names) - 1}"

    def value(self, value: Any) -> str:
        """A placeholder for a value."""
        self._values[f":v{len(self._values)}"] = value
        return f":v{len(self._values) - 1}"

    def condition(self, tokens: Tokens) -> str:
        """A condition, with OR, AND and NOT."""
        tokens = bare(tokens)
        for word in ("OR", "AND"):
            parts = split(tokens, word)
            if len(parts) > 1:
                return f" {word} ".join(f"({self.condition(part)})" for part in parts)
        if tokens and tokens[0].keyword == "NOT":
            return f"NOT ({self.condition(tokens[1:])})"
        return self._predicate(tokens)

    def path(self, tokens: Tokens) -> str:
        """A path: names joined by dots, with places in lists."""
        if not is_path(tokens):
            raise StatementError(f"`{_shown(tokens)}` is not a path")
        return "".join(
            self.name(token.value) if token.kind in ("word", "quoted") else token.value for token in tokens
        )

    def update(self, changes: Iterable[Change]) -> str:
        """The changes of an UPDATE as an update expression."""
        clauses: dict[str, list[str]] = {}
        for change in changes:
            clause, text = self._change(change)
            clauses.setdefault(clause, []).append(text)
        return " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())

    def _change(self, change: Change) -> tuple[str, str]:
        path = self.path(change.path)
        # REMOVE has a path and no value.
        if not change.value:
            return "REMOVE", path
        called = _call(change.value)
        if called is not None and called[0] in ("set_add", "set_delete"):
            _, (_, added) = called[0], _two(called[1])
            return ("ADD" if called[0] == "set_add" else "DELETE"), f"{path} {self._literal(added)}"
        return "SET", f"{path} = {self._assigned(change.value)}"

    def _assigned(self, tokens: Tokens) -> str:
        for at, (depth, token) in enumerate(at_depth(tokens)):
            if depth == 0 and at and token.kind == "sign" and token.value in ("+", "-"):
                return f"{self._operand(tokens[:at])} {token.value} {self._operand(tokens[at + 1 :])}"
        called = _call(tokens)
        if called is not None and called[0] == "list_append":
            return f"list_append({', '.join(self._operand(part) for part in _two(called[1]))})"
        return self._operand(tokens)

    def _predicate(self, tokens: Tokens) -> str:
        called = _call(tokens)
        if called is not None and called[0] in _OF_A_PATH:
            return f"{called[0]}({self.path(called[1])})"
        if called is not None and called[0] in _OF_A_VALUE:
            path, value = _two(called[1])
            return f"{called[0]}({self.path(path)}, {self._literal(value)})"
        if _is_compared_with_truth(tokens):
            return f"{'NOT ' if tokens[-1].keyword == 'FALSE' else ''}{self._predicate(tokens[:-2])}"
        for at, (depth, token) in enumerate(at_depth(tokens)):
            if depth:
                continue
            if token.kind == "sign" and token.value in _COMPARISONS:
                right = self._operand(tokens[at + 1 :])
                return f"{self._operand(tokens[:at])} {_COMPARISONS[token.value]} {right}"
            if token.keyword in ("BETWEEN", "IN", "IS", "NOT"):
                return self._of_word(tokens, at)
        raise StatementError(f"`{_shown(tokens)}` is not a condition that is read here")

    def _of_word(self, tokens: Tokens, at: int) -> str:
        operand, word, rest = tokens[:at], tokens[at].keyword, tokens[at + 1 :]
        if word == "NOT":
            return f"NOT ({self._predicate((*operand, *rest))})"
        if word == "IN":
            members = [self._literal(part) for part in between_commas(rest[1:-1])]
            return f"{self._operand(operand)} IN ({', '.join(members)})"
        if word == "IS":
            return self._of_kind(operand, rest)
        bounds = split(rest, "AND")
        if len(bounds) != 2:  # its AND is missing
            raise StatementError(f"`{_shown(tokens)}` is not a condition that is read here")
        low, high = map(self._operand, bounds)
        return f"{self._operand(operand)} BETWEEN {low} AND {high}"

    def _of_kind(self, operand: Tokens, rest: Tokens) -> str:
        negated = bool(rest) and rest[0].keyword == "NOT"
        words = rest[negated:]
        if len(words) != 1 or (words[0].keyword not in _IS_WORDS and words[0].value.upper() not in TYPES):
            raise StatementError(f"`IS {_shown(rest)}` is not a type that is read here")
        negation, kind = ("NOT " if negated else ""), words[0]
        # `IS MISSING`, `IS NULL` and `IS` with the name of a type, each with or without `NOT`.
        if kind.keyword == "MISSING":
            function = "attribute_exists" if negation else "attribute_not_exists"
            return f"{function}({self.path(operand)})"
        name = "NULL" if kind.keyword == "NULL" else TYPES[kind.value.upper()]
        return f"{negation}attribute_type({self.path(operand)}, {self.value({'S': name})})"

    def _operand(self, tokens: Tokens) -> str:
        tokens = bare(tokens)
        called = _call(tokens)
        if called is not None and called[0] == "size":
            return f"size({self.path(called[1])})"
        value = literal(tokens, self._parameters)
        return self.path(tokens) if value is None else self.value(value)

    def _literal(self, tokens: Tokens) -> str:
        return self.value(attribute_value(tokens, self._parameters))


def _call(tokens: Tokens) -> tuple[str, Tokens] | None:
    """The function that is called, in lower case, and what stands in its brackets; None for no call."""
    is_call = len(tokens) > 3 and tokens[0].kind == "word" and is_sign(tokens, 1, "(")
    if not is_call or not is_sign(tokens, len(tokens) - 1, ")"):
        return None
    inner = tokens[2:-1]
    if min((depth for depth, _ in at_depth(inner)), default=0) < 0:
        return None
    return tokens[0].value.lower(), inner


def _is_compared_with_truth(tokens: Tokens) -> bool:
    # Whether a function is compared with a boolean (measured: partiql/whereFunctions).
    truth = (
        len(tokens) > 2 and tokens[-1].keyword in ("TRUE", "FALSE") and is_sign(tokens, len(tokens) - 2, "=")
    )
    called = _call(tokens[:-2]) if truth else None
    return called is not None and called[0] in _OF_A_PATH | _OF_A_VALUE


def _two(tokens: Tokens) -> tuple[Tokens, Tokens]:
    parts = list(between_commas(tokens))
    if len(parts) != 2:
        raise StatementError(f"`{_shown(tokens)}` is not two arguments")
    return parts[0], parts[1]


def _shown(tokens: Tokens) -> str:
    return " ".join(token.value for token in tokens)
