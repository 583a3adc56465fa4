"""PartiQL's tokens, and what can be said of a statement by looking at them alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pytest_kmslab.calls.dynamodb.partiql.refusals import (
    LEFTOVER,
    NO_TERM,
    NOT_WELL_FORMED,
    RefusedStatementError,
    StatementError,
)

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|--[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<parameter>\?)
    |(?P<sign><<|>>|<>|<=|>=|!=|\|\||[()\[\]{},.:=<>*/%+-])
    """,
    re.VERBOSE,
)
"""A comment is a blank: measured on AWS, paritysuite/dynamodb-conformance, partiql/grammar."""
_NESTED = re.compile(r"/\*.*/\*", re.DOTALL)
_PAIRS = {"(": ")", "[": "]", "{": "}", "<<": ">>"}
_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS")
CLAUSES = frozenset((*_VERBS, "FROM", "INTO", "VALUE", "VALUES", "JOIN", "UNION", "AS"))
"""Words that begin a part of a statement or an alias: none comes where it could name a second table."""
IN_CONDITIONS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN", "IS", "MISSING", "NULL", "TRUE", "FALSE"))
"""The keywords that stand in conditions and values."""
_REST = ("WHERE", "ORDER", "BY", "ASC", "DESC", "SET", "REMOVE", "RETURNING", "ALL", "MODIFIED", "OLD", "NEW")
_KEYWORDS = CLAUSES.union(IN_CONDITIONS, _REST)
_OPERANDS = frozenset({"quoted", "text", "number", "word", "parameter"})


@dataclass(frozen=True, slots=True)
class Token:
    """A name, literal, parameter or sign.

    `value` is the text without its quotes, and the number (from 0) of a `?`; `keyword` is the word in
    upper case where it is one of PartiQL's own; `place` is its line and column, both from 1.
    """

    kind: str
    value: str
    keyword: str = ""
    place: str = field(default="", compare=False)


Tokens = Sequence[Token]


def check_neighbours(tokens: Tokens) -> None:
    """Refuse two names or literals side by side: no form of the language has them."""
    for token, other in pairwise(tokens):
        if {token.kind, other.kind} <= _OPERANDS and not token.keyword and not other.keyword:
            raise RefusedStatementError(LEFTOVER)


def scan(text: str) -> Iterator[Token]:
    """The tokens of a statement, without its comments; raises StatementError for what is none."""
    at = parameters = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (text.startswith("/*", at) and match["space"] is None):
            if text[at] == "#" or text.startswith("/*", at):
                raise RefusedStatementError(NOT_WELL_FORMED)
            raise StatementError(f"`{text[at : at + 20]}` is not a token of PartiQL that is read here")
        at, kind, value = match.end(), str(match.lastgroup), match.group()
        if kind == "space" and _NESTED.match(value):
            # Whether a comment may hold another is not known: it would end where nobody can tell.
            raise StatementError("a comment holds the beginning of another")
        if kind == "parameter":
            value, parameters = str(parameters), parameters + 1
        if kind != "space":
            yield _token(kind, value, _place(text, match.start()))


def _place(text: str, at: int) -> str:
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def _token(kind: str, value: str, place: str) -> Token:
    if kind in ("quoted", "text"):
        # Within quotes the quote itself is written twice.
        quote = value[0]
        return Token(kind, value[1:-1].replace(quote * 2, quote), place=place)
    keyword = value.upper() if kind == "word" and value.upper() in _KEYWORDS else ""
    return Token(kind, value, keyword, place)


def check_balance(tokens: Tokens) -> None:
    """Refuse brackets that do not pair."""
    expected: list[str] = []
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.value in _PAIRS:
            expected.append(_PAIRS[token.value])
        elif token.value in _PAIRS.values() and not expected:
            raise RefusedStatementError(LEFTOVER)
        elif token.value in _PAIRS.values() and expected.pop() != token.value:
            raise StatementError(f"`{token.value}` closes nothing")
    if expected and is_sign(tokens, len(tokens) - 1, "("):
        raise RefusedStatementError(NO_TERM)
    if expected:
        raise StatementError(f"`{expected[-1]}` is missing")


def check_keywords(tokens: Tokens) -> None:
    """Refuse a keyword that is none of conditions and values: taken for a name, it would be one that nobody
    was asked about."""
    for token in tokens:
        if token.keyword and token.keyword not in IN_CONDITIONS:
            raise StatementError(f"`{token.value}` is a keyword: as a name it stands in quotes")


def keyword_at(tokens: Tokens, at: int) -> str:
    """The keyword at a place, empty where there is none."""
    return tokens[at].keyword if at < len(tokens) else ""


def is_sign(tokens: Tokens, at: int, value: str) -> bool:
    """Whether a token is that sign."""
    return 0 <= at < len(tokens) and tokens[at].kind == "sign" and tokens[at].value == value


def closing(tokens: Tokens, at: int) -> int:
    """Where the bracket at a place is closed; the end where it is not."""
    ends = (end for end, (depth, _) in enumerate(at_depth(tokens[at:])) if end and not depth)
    return at + next(ends, len(tokens) - at)


def is_closed(tokens: Tokens) -> bool:
    """Whether no bracket in here closes one that was opened before."""
    return min((depth for depth, _ in at_depth(tokens)), default=0) >= 0


def at_depth(tokens: Tokens) -> Iterator[tuple[int, Token]]:
    """Each token with the number of brackets it stands in; a bracket counts as outside itself."""
    depth = 0
    for token in tokens:
        closes = token.kind == "sign" and token.value in _PAIRS.values()
        depth -= closes
        yield depth, token
        depth += token.kind == "sign" and token.value in _PAIRS
