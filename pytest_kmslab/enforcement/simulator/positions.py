"""Where each statement of a policy document stands in its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

Position = dict[str, int]

_SPACE = re.compile(r"[\s,]*")


def statement_positions(text: str) -> dict[str, tuple[Position, Position]]:
    """Start and end (`Line` and `Column`, from 1; the end just past the statement) by the statement's name.

    The name is its Sid, or `Statement[n]`. `text` is a policy document that parses.
    """
    positions: dict[str, tuple[Position, Position]] = {}
    for index, (start, end, sid) in enumerate(_spans(text)):
        positions.setdefault(sid or f"Statement[{index}]", (_position(text, start), _position(text, end)))
    return positions


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    decoder = json.JSONDecoder()
    at = _statements_at(text, decoder)
    several = text[at] == "["
    at = _skip(text, at + 1) if several else at
    while text[at] == "{":
        statement, end = decoder.raw_decode(text, at)
        yield at, end, str(statement.get("Sid", ""))
        if not several:
            return
        at = _skip(text, end)


def _statements_at(text: str, decoder: json.JSONDecoder) -> int:
    """Where the value of the document's own `Statement` begins: keys of nested objects are passed over."""
    at = _skip(text, text.index("{") + 1)
    while True:
        key, end = decoder.raw_decode(text, at)
        at = _skip(text, text.index(":", end) + 1)
        if key == "Statement":
            return at
        at = _skip(text, decoder.raw_decode(text, at)[1])


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _position(text: str, offset: int) -> Position:
    line_start = text.rfind("\n", 0, offset) + 1
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - line_start + 1}
