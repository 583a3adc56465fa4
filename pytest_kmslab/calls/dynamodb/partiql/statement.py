"""What a PartiQL statement does to which table: only as much of the language as that takes.

Strict: a statement whose table cannot be told for certain is not read at all (`StatementError`),
and the caller refuses it. A statement that passes has exactly one verb and one table.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_kmslab.calls.dynamodb.partiql.conditions import (
    check_assigned,
    check_condition,
    check_no_call,
    type_after_is,
)
from pytest_kmslab.calls.dynamodb.partiql.refusals import (
    ALIASING,
    DELETE_RETURNS,
    KEYWORD_FIRST,
    LEFTOVER,
    MORE_THAN_EVERYTHING,
    NO_TABLE,
    NO_TERM,
    SEVERAL_ITEMS,
    RefusedStatementError,
    StatementError,
)
from pytest_kmslab.calls.dynamodb.partiql.tokens import (
    CLAUSES,
    Token,
    Tokens,
    at_depth,
    check_balance,
    check_keywords,
    check_neighbours,
    closing,
    is_closed,
    is_sign,
    keyword_at,
    scan,
)
from pytest_kmslab.calls.dynamodb.partiql.values import (
    between_commas,
    check_compared,
    check_exponents,
    check_inserted,
    check_item,
    check_written,
)

_END = Token("end", "")
_RETURNED = {
    ("ALL", "OLD"): "ALL_OLD",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One path that an UPDATE sets to a value, or removes: both unread, `value` empty for REMOVE."""

    path: tuple[Token, ...]
    value: tuple[Token, ...] = ()

    @property
    def attribute(self) -> str:
        """The top-level attribute that is changed."""
        return self.path[0].value


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the IAM action of its verb, its table, and what it says of attributes.

    `where` is its condition and `inserted` what an INSERT inserts, both unread. `everything` is
    whether it selects `*`; `returned` is its RETURNING as DynamoDB's ReturnValues. `changes` are what an
    UPDATE sets and removes, `selected` what a SELECT names, `order` what follows its ORDER BY. `exists` is
    whether the SELECT stands in `EXISTS( )`; `parameters` is how many `?` there are.
    """

    action: str
    table: str
    index: str
    attributes: tuple[str, ...]
    where: tuple[Token, ...] = ()
    inserted: tuple[Token, ...] = ()
    everything: bool = False
    returned: str = "NONE"
    changes: tuple[Change, ...] = ()
    selected: tuple[Token, ...] = ()
    order: tuple[Token, ...] = ()
    exists: bool = False
    parameters: int = 0


@lru_cache(maxsize=256)
def read_statement(text: str) -> Statement:
    """Read a statement; raises StatementError for every form that is not certain."""
    tokens: Tokens = tuple(scan(text))
    check_balance(tokens)
    check_exponents(tokens)
    exists = keyword_at(tokens, 0) == "EXISTS"
    if exists:
        tokens = _inside_exists(tokens)
    reader = _READERS.get(keyword_at(tokens, 0))
    if reader is None:
        raise StatementError(f"it begins with none of {', '.join(_READERS)} and EXISTS (SELECT")
    statement = reader(tokens)
    check_neighbours(tokens)
    parameters = sum(token.kind == "parameter" for token in tokens)
    return replace(statement, exists=exists, parameters=parameters)


def _inside_exists(tokens: Tokens) -> Tokens:
    inner = tokens[2:-1]
    if not is_sign(tokens, 1, "(") or not is_sign(tokens, len(tokens) - 1, ")") or not is_closed(inner):
        raise StatementError("`EXISTS` is not followed by one statement in brackets")
    if keyword_at(inner, 0) != "SELECT":
        raise StatementError("`EXISTS` takes a `SELECT` statement")
    return inner


def _check_selected(selected: Tokens) -> None:
    """A SELECT names paths or `*` alone: functions are for conditions.

    Measured on AWS: paritysuite/dynamodb-conformance, partiqlFunctions.
    """
    for at, token in enumerate(selected):
        if token.kind == "word" and is_sign(selected, at + 1, "("):
            raise RefusedStatementError(f"Unexpected path component at {token.place}:{len(token.value)}")
    for path in between_commas(selected):
        if not is_sign(path, 0, "*") and not is_path(path):
            raise StatementError(f"`{' '.join(token.value for token in path)}` is not a path to be selected")
    if len(selected) > 1 and any(is_sign(selected, at, "*") for at in range(len(selected))):
        raise RefusedStatementError(MORE_THAN_EVERYTHING)


def is_path(tokens: Tokens) -> bool:
    """Whether names joined by dots, with places in lists, are all there is."""
    shape = "".join(_shape(token) for token in tokens)
    return re.fullmatch(r"n(\.n|\[\d+\])*", shape) is not None


def _shape(token: Token) -> str:
    if token.kind in ("word", "quoted"):
        return "?" if token.keyword else "n"
    return token.value if token.kind in ("sign", "number") else "?"


def _select(tokens: Tokens) -> Statement:
    start = _find(tokens, "FROM")
    projection = tokens[1:start]
    if not projection:
        raise StatementError("`SELECT` names nothing to select")
    _check_selected(projection)
    table, index, rest = _table(tokens[start + 1 :], missing=NO_TERM)
    before, after = _until(rest, ("WHERE",))
    if before and after:
        raise RefusedStatementError(LEFTOVER)
    if before:
        raise StatementError(f"`{rest[0].value}` follows the table, where only `WHERE` may")
    where, order = _until(after, ("ORDER",))
    if order and len(where) == 1:
        raise RefusedStatementError(KEYWORD_FIRST)
    condition = _condition(where)
    _refuse_clauses((*projection, *rest))
    check_keywords(condition)
    everything = any(is_sign(projection, at, "*") for at in range(len(projection)))
    names = _attributes((*projection, *rest))
    return Statement(
        "PartiQLSelect",
        table,
        index,
        names,
        condition,
        everything=everything,
        selected=tuple(projection),
        order=order[2:],
    )


def _insert(tokens: Tokens) -> Statement:
    if keyword_at(tokens, 1) != "INTO":
        raise StatementError("`INSERT` is not followed by `INTO`")
    table, index, rest = _path(tokens[2:])
    if rest and _is_name(rest[0]):
        raise RefusedStatementError(LEFTOVER)
    if keyword_at(rest, 0) != "VALUE" or len(rest) < 2:
        raise StatementError("`VALUE` and one item do not follow the table")
    if is_sign(rest, 1, "<<"):
        raise RefusedStatementError(SEVERAL_ITEMS)
    item = rest[1:]
    end = closing(item, 0) + 1 if is_sign(item, 0, "{") else 1
    if end < len(item) and _is_name(item[end]):
        raise RefusedStatementError(LEFTOVER)
    _refuse_clauses(item)
    check_no_call(item)
    check_item(item)
    check_inserted(item)
    return Statement("PartiQLInsert", table, index, _keys(item), inserted=tuple(item))


def _update(tokens: Tokens) -> Statement:
    table, index, rest = _table(tokens[1:])
    if keyword_at(rest, 0) not in ("SET", "REMOVE"):
        raise StatementError("neither `SET` nor `REMOVE` follows the table")
    changed, tail = _until(rest, ("WHERE", "RETURNING"))
    where, returning = _until(tail, ("RETURNING",))
    return _changing(Statement("PartiQLUpdate", table, index, _attributes(rest)), changed, where, returning)


def _from_first(tokens: Tokens) -> Statement:
    """`FROM table WHERE … SET …`, an UPDATE whose clauses come in another order.

    Measured on AWS: paritysuite/dynamodb-conformance, partiql/fromFirstUpdate.
    """
    table, index, rest = _table(tokens[1:])
    where, tail = _until(rest, ("SET", "REMOVE"))
    changed, returning = _until(tail, ("RETURNING",))
    if where and where[0].keyword != "WHERE":
        raise StatementError(f"`{where[0].value}` follows the table, where `WHERE` may")
    if not changed:
        raise StatementError("neither `SET` nor `REMOVE` follows `FROM`")
    if any(token.keyword == "WHERE" for token in changed):
        raise RefusedStatementError(LEFTOVER)
    return _changing(Statement("PartiQLUpdate", table, index, _attributes(rest)), changed, where, returning)


def _delete(tokens: Tokens) -> Statement:
    if keyword_at(tokens, 1) != "FROM":
        raise StatementError("`DELETE` is not followed by `FROM`")
    table, index, rest = _table(tokens[2:], missing=NO_TABLE)
    if rest and rest[0].keyword not in ("WHERE", "RETURNING"):
        raise StatementError(f"`{rest[0].value}` follows the table, where `WHERE` may")
    where, returning = _until(rest, ("RETURNING",))
    return _changing(Statement("PartiQLDelete", table, index, _attributes(rest)), (), where, returning)


_READERS: Mapping[str, Callable[[Tokens], Statement]] = {
    "SELECT": _select,
    "INSERT": _insert,
    "UPDATE": _update,
    "FROM": _from_first,
    "DELETE": _delete,
}


def _changing(statement: Statement, changed: Tokens, where: Tokens, returning: Tokens) -> Statement:
    """A statement that writes, with its clauses."""
    if any(token.keyword == "ORDER" for token in where):
        raise RefusedStatementError(LEFTOVER)
    condition = _condition(where)
    _refuse_clauses((*changed, *where, *returning))
    returned = _returned(returning, statement.action)
    changes = tuple(_changes(changed))
    check_keywords(condition)
    for change in changes:
        check_keywords(change.value)
        check_assigned(change.path, change.value)
        check_written(change.value)
    return replace(statement, where=condition, returned=returned, changes=changes)


def _returned(returning: Tokens, action: str) -> str:
    if not returning:
        return "NONE"
    words = (keyword_at(returning, 1), keyword_at(returning, 2))
    returned = _RETURNED.get(words, "")
    if not returned or len(returning) != 4 or not is_sign(returning, 3, "*"):
        raise StatementError("`RETURNING` takes `ALL` or `MODIFIED`, then `OLD` or `NEW`, then `*`")
    if action == "PartiQLDelete" and returned != "ALL_OLD":
        raise RefusedStatementError(DELETE_RETURNS.format(" ".join(words)))
    return returned


def _condition(clause: Tokens) -> tuple[Token, ...]:
    """What follows WHERE; nothing where there is no such clause."""
    condition = tuple(clause[1:])
    if clause:
        check_condition(condition)
        check_compared(condition)
    return condition


def _changes(tokens: Tokens) -> Iterator[Change]:
    """What the SET and REMOVE of an UPDATE change; commas divide one word's changes."""
    word, start = "", 0
    for at, (depth, token) in enumerate(at_depth((*tokens, _END))):
        ends = token is _END or (depth == 0 and _divides_changes(token))
        if not ends:
            continue
        if word:
            yield _change(word, tokens[start:at])
        word, start = token.keyword or word, at + 1


def _divides_changes(token: Token) -> bool:
    return (token.kind, token.value) == ("sign", ",") or token.keyword in ("SET", "REMOVE")


def _change(word: str, tokens: Tokens) -> Change:
    path, assigned = tuple(tokens), tuple[Token, ...]()
    if word == "SET":
        at = next((at for at in range(len(tokens)) if is_sign(tokens, at, "=")), len(tokens))
        path, assigned = path[:at], path[at + 1 :]
    is_name = bool(path) and _is_name(path[0])
    if not is_name or (word == "SET") is not bool(assigned):
        raise StatementError(f"`{word}` is not followed by what it changes")
    return Change(path, assigned)


def _find(tokens: Tokens, keyword: str) -> int:
    for at, (depth, token) in enumerate(at_depth(tokens)):
        if depth == 0 and token.keyword == keyword:
            return at
    raise StatementError(f"it has no `{keyword}`")


def _until(tokens: Tokens, keywords: Sequence[str]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """What comes before the first of these words outside of brackets, and the rest with the word."""
    for at, (depth, token) in enumerate(at_depth(tokens)):
        if depth == 0 and token.keyword in keywords:
            return tuple(tokens[:at]), tuple(tokens[at:])
    return tuple(tokens), ()


def _table(tokens: Tokens, missing: str = "") -> tuple[str, str, Tokens]:
    """The table or index that is named first, and what follows: no alias. `missing` is what DynamoDB answers
    where none is named."""
    if missing and (not tokens or tokens[0].keyword):
        raise RefusedStatementError(missing)
    table, index, rest = _path(tokens)
    if rest and (_is_name(rest[0]) or rest[0].keyword == "AS"):
        raise RefusedStatementError(ALIASING)
    return table, index, rest


def _is_name(token: Token) -> bool:
    return token.kind in ("word", "quoted") and not token.keyword


def _path(tokens: Tokens) -> tuple[str, str, Tokens]:
    table, at, index = _name(tokens, 0), 1, ""
    if is_sign(tokens, 1, "."):
        index, at = _name(tokens, 2), 3
    return table, index, tokens[at:]


def _name(tokens: Tokens, at: int) -> str:
    if at >= len(tokens) or not _is_name(tokens[at]):
        raise StatementError("it does not name a table where it should")
    # Only within quotes can a name be empty.
    if not tokens[at].value:
        raise StatementError("it names a table by an empty name")
    return tokens[at].value


def _refuse_clauses(tokens: Tokens) -> None:
    for token in tokens:
        if token.keyword in CLAUSES:
            raise StatementError(f"`{token.value}` comes again after the table is named")


def _attributes(tokens: Tokens) -> tuple[str, ...]:
    """The top-level attributes that are named: no functions, no nested parts."""
    names: dict[str, None] = {}
    for at, token in enumerate(tokens):
        part = is_sign(tokens, at - 1, ".") or is_sign(tokens, at + 1, "(")
        if _is_name(token) and not part and type_after_is(tokens, at) is None:
            names[token.value] = None
    return tuple(names)


def selected_attributes(statement: Statement) -> tuple[str, ...]:
    """The top-level attributes that a SELECT answers; none for `*`."""
    return _attributes(statement.selected)


def _keys(tokens: Tokens) -> tuple[str, ...]:
    """The attributes of an item that is written out."""
    depths = list(at_depth(tokens))
    return tuple(
        token.value
        for at, (depth, token) in enumerate(depths)
        if depth == 1 and token.kind in ("text", "quoted") and is_sign(tokens, at + 1, ":")
    )
