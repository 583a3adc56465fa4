"""Which partition keys a PartiQL statement names: what makes a full table scan, or not.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.dynamodb.context import unique, value_texts
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import Token, Tokens, at_depth, is_sign

Values = Sequence[Any]
"""The parameters of a statement, as DynamoDB attribute values."""

_LITERALS = frozenset({"text", "number", "parameter"})


def leading_values(statement: Statement, hash_key: str, values: Values) -> tuple[str, ...]:
    """The values of the partition key that a statement is limited to; empty where it is not.

    Where the partition key is not known, the values of every attribute that is compared for equality.
    """
    if statement.inserted:
        inserted: Sequence[Token] = tuple(_inserted(statement.inserted, hash_key))
        return unique((*_texts(inserted, values), *_of_whole_item(statement.inserted, hash_key, values)))
    # Naming the values of every compared attribute can only make a condition stricter.
    if not hash_key:
        return unique(_texts(tuple(token for token in statement.where if token.kind in _LITERALS), values))
    return unique(_texts(_pinned(statement.where, hash_key) or (), values))


def is_full_scan(statement: Statement, hash_key: str) -> bool:
    """Whether a SELECT reads the whole table: its condition does not hold the partition key to values."""
    # Where the partition key is not known it is taken to read all.
    return not hash_key or _pinned(statement.where, hash_key) is None


def equality(tokens: Tokens, name: str) -> Token | None:
    """The one value that a condition holds an attribute to by `=`, outside of OR and NOT; None where it does
    not, or to several."""
    parts = split(bare(tokens), "AND")
    if len(parts) > 1:
        values = {value for value in (equality(part, name) for part in parts) if value is not None}
        return values.pop() if len(values) == 1 else None
    if len(split(parts[0], "OR")) > 1 or any(token.keyword == "IN" for token in parts[0]):
        return None
    value = compared(parts[0], name)
    return value[0] if value else None


def inserted_literal(tokens: Tokens, name: str) -> Token | None:
    """The plain value that an item which is written out gives an attribute; None where it gives none, or
    two."""
    literals = list(_inserted(tokens, name))
    return literals[0] if len(literals) == 1 else None


def _texts(tokens: Tokens, values: Values) -> Iterator[str]:
    for token in tokens:
        if token.kind == "number":
            yield from value_texts({"N": token.value})
        elif token.kind != "parameter":
            yield token.value
        elif int(token.value) < len(values):
            yield from value_texts(values[int(token.value)])


def _pinned(tokens: Tokens, name: str) -> tuple[Token, ...] | None:
    """The values that a condition holds an attribute to; None where it lets others through."""
    tokens = bare(tokens)
    choices = split(tokens, "OR")
    if len(choices) > 1:
        pinned = [_pinned(choice, name) for choice in choices]
        return None if None in pinned else tuple(token for part in pinned for token in part or ())
    parts = split(tokens, "AND")
    if len(parts) > 1:
        literals = [part for part in (_pinned(part, name) for part in parts) if part is not None]
        return tuple(token for part in literals for token in part) if literals else None
    return compared(tokens, name)


def bare(tokens: Tokens) -> Tokens:
    """A condition without brackets around the whole of it."""
    while is_sign(tokens, 0, "(") and is_sign(tokens, len(tokens) - 1, ")"):
        inner = tokens[1:-1]
        if min((depth for depth, _ in at_depth(inner)), default=0) < 0:
            return tokens
        tokens = inner
    return tokens


def split(tokens: Tokens, keyword: str) -> list[Tokens]:
    """The parts between one keyword outside of brackets."""
    parts, start, between = [], 0, 0
    for at, (depth, token) in enumerate(at_depth(tokens)):
        if depth:
            continue
        between += token.keyword == "BETWEEN"
        # The AND of a BETWEEN divides nothing.
        if token.keyword == "AND" and between:
            between -= 1
        elif token.keyword == keyword:
            parts.append(tokens[start:at])
            start = at + 1
    return [*parts, tokens[start:]]


def conjuncts(tokens: Tokens) -> list[Tokens]:
    """What AND joins, inside of brackets too."""
    parts = split(bare(tokens), "AND")
    if len(parts) == 1:
        return parts if parts[0] else []
    return [conjunct for part in parts for conjunct in conjuncts(part)]


def compared(tokens: Tokens, name: str) -> tuple[Token, ...] | None:
    """The values of `name = value`, `value = name` or `name IN [values]`."""
    if not tokens:
        return None
    if _is_name(tokens[0], name) and len(tokens) > 2 and tokens[1].keyword == "IN":
        return _listed(tokens[2:])
    for at, equals, value in ((0, 1, tokens[2:]), (-1, len(tokens) - 2, tokens[:-2])):
        if is_sign(tokens, equals, "=") and _is_name(tokens[at], name):
            literal = _literal(value)
            return None if literal is None else (literal,)
    return None


def _is_name(token: Token, name: str) -> bool:
    return token.kind in ("word", "quoted") and not token.keyword and token.value == name


def _literal(tokens: Tokens) -> Token | None:
    if len(tokens) == 2 and is_sign(tokens, 0, "-") and tokens[1].kind == "number":
        return Token("number", f"-{tokens[1].value}")
    return tokens[0] if len(tokens) == 1 and tokens[0].kind in _LITERALS else None


def _listed(tokens: Tokens) -> tuple[Token, ...] | None:
    """The values of a list in brackets; None where one of them is not a plain value."""
    if not (is_sign(tokens, 0, "[") or is_sign(tokens, 0, "(")):
        return None
    inner, values, start = tokens[1:-1], [], 0
    for at in range(len(inner) + 1):
        if at == len(inner) or is_sign(inner, at, ","):
            values.append(_literal(inner[start:at]))
            start = at + 1
    return None if None in values else tuple(value for value in values if value is not None)


def _inserted(tokens: Tokens, hash_key: str) -> Iterator[Token]:
    depths = list(at_depth(tokens))
    for at, (depth, token) in enumerate(depths):
        key = depth == 1 and token.kind in ("text", "quoted") and is_sign(tokens, at + 1, ":")
        if key and token.value == hash_key:
            end = next(
                (
                    later
                    for later in range(at + 2, len(tokens))
                    if depths[later][0] <= 1 and (is_sign(tokens, later, ",") or is_sign(tokens, later, "}"))
                ),
                len(tokens),
            )
            literal = _literal(tokens[at + 2 : end])
            if literal is not None:
                yield literal


def inserted_names(statement: Statement, values: Values) -> tuple[str, ...]:
    """The attributes of an item that is one parameter; none of any other statement, which names its own."""
    return tuple(_whole_item(statement.inserted, values))


def _of_whole_item(tokens: Tokens, hash_key: str, values: Values) -> Iterator[str]:
    members = _whole_item(tokens, values)
    if hash_key in members:
        yield from value_texts(members[hash_key])


def _whole_item(tokens: Tokens, values: Values) -> Mapping[str, Any]:
    if len(tokens) != 1 or tokens[0].kind != "parameter" or int(tokens[0].value) >= len(values):
        return {}
    item = values[int(tokens[0].value)]
    members = item.get("M") if isinstance(item, Mapping) else None
    return members if isinstance(members, Mapping) else {}
