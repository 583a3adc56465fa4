"""PartiQL's tokens, and what can be said of a statement by looking at them alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_kmslab.errors import KmslabError

_TOKEN = re.compile(
    r"""(?P<space>[ \n]+)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<parameter>\?)
    |(?P<sign><<|>>|<>|<=|>=|!=|\|\||[()\[\]{},.:=<>*/%+-])
    """,
    re.VERBOSE,
)
"""Blanks are spaces and line ends alone: others moto does not take for one, and reads on to a later name."""
_PAIRS = {"(": ")", "[": "]", "{": "}", "<<": ">>"}
_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS")
CLAUSES = frozenset((*_VERBS, "FROM", "INTO", "VALUE", "VALUES", "JOIN", "UNION", "AS"))
"""Words that begin a part of a statement or an alias: none comes where it could name a second table."""
_CONDITION = ("WHERE", "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "MISSING", "NULL", "TRUE", "FALSE")
_REST = ("ORDER", "BY", "ASC", "DESC", "SET", "REMOVE", "RETURNING", "ALL", "MODIFIED", "OLD", "NEW")
_KEYWORDS = CLAUSES.union(_CONDITION, _REST)
_DIVIDERS = {"SELECT", "FROM", "WHERE"}
_DIVIDING = re.compile(r"(?=select\s)|(?=\sfrom\s)|(?=\swhere\s)", re.IGNORECASE)
_OPERANDS = frozenset({"quoted", "text", "number", "word", "parameter"})


class StatementError(KmslabError, ValueError):
    """A statement that is not in a form that is read; the message says what is wrong with it."""


class RefusedStatementError(StatementError):
    """A statement that DynamoDB is known to refuse; the message is its own."""


@dataclass(frozen=True, slots=True)
class Token:
    """A name, literal, parameter or sign.

    `value` is the text without its quotes, and the number (from 0) of a `?`; `keyword` is the word in
    upper case where it is one of PartiQL's own.
    """

    kind: str
    value: str
    keyword: str = ""


Tokens = Sequence[Token]


def check_dividers(text: str, tokens: Tokens) -> None:
    """Refuse text in which the words that divide a SELECT stand elsewhere too, in a name or a literal.

    A backend that divides a statement at these words, as moto does, would find another table there.
    """
    if len(_DIVIDING.findall(text)) != sum(token.keyword in _DIVIDERS for token in tokens):
        raise StatementError(
            "`SELECT`, `FROM` and `WHERE` must stand between spaces or line ends, and nowhere else: "
            "pass a text that holds one of them as a parameter (`?`)"
        )


def check_neighbours(tokens: Tokens) -> None:
    """Refuse two names or literals side by side: no form of the language has them."""
    for token, other in pairwise(tokens):
        if {token.kind, other.kind} <= _OPERANDS and not token.keyword and not other.keyword:
            raise StatementError(f"`{other.value}` follows `{token.value}` with nothing between them")


def scan(text: str) -> Iterator[Token]:
    """The tokens of a statement; raises StatementError for what is none, comments included."""
    at = parameters = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        comment = text.startswith(("--", "/*"), at)
        if match is None or comment:
            raise StatementError(f"`{text[at : at + 20]}` is not a token of PartiQL that is read here")
        at, kind, value = match.end(), str(match.lastgroup), match.group()
        if kind == "parameter":
            value, parameters = str(parameters), parameters + 1
        if kind != "space":
            yield _token(kind, value)


def _token(kind: str, value: str) -> Token:
    if kind in ("quoted", "text"):
        quote = value[0]
        return Token(kind, value[1:-1].replace(quote * 2, quote))
    keyword = value.upper() if kind == "word" and value.upper() in _KEYWORDS else ""
    return Token(kind, value, keyword)


def check_balance(tokens: Tokens) -> None:
    """Refuse brackets that do not pair."""
    expected: list[str] = []
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.value in _PAIRS:
            expected.append(_PAIRS[token.value])
        elif token.value in _PAIRS.values() and (not expected or expected.pop() != token.value):
            raise StatementError(f"`{token.value}` closes nothing")
    if expected:
        raise StatementError(f"`{expected[-1]}` is missing")


def keyword_at(tokens: Tokens, at: int) -> str:
    """The keyword at a place, empty where there is none."""
    return tokens[at].keyword if at < len(tokens) else ""


def is_sign(tokens: Tokens, at: int, value: str) -> bool:
    """Whether a token is that sign."""
    return 0 <= at < len(tokens) and tokens[at].kind == "sign" and tokens[at].value == value


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
