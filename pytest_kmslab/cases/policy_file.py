"""Policy documents from files: what is wrong with one is said with its file and line."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.cases.input_file import read_input
from pytest_kmslab.errors import PolicyError

_STATEMENT = re.compile(r"Statement\[(\d+)\]")
_FIRST_STATEMENT = re.compile(r'"Statement"\s*:\s*\[')
_JSON_LINE = re.compile(r"\bline (\d+)\b")


def read_text(where: str, file: Path) -> str:
    """The text of a file; raises PolicyError, which begins with `where`."""
    return read_input(file, lambda why: PolicyError(f"{where}: {why}"))


def check_document(where: str, document: str, text: str | None) -> None:
    """Raise PolicyError, with the place, for a document that is none; `text` is what its lines are
    counted in, None for one that has none."""
    try:
        parse_policy(document)
    except PolicyError as error:
        line = 0 if text is None else line_of(str(error), text)
        raise PolicyError(f"{where}{f', line {line}' if line else ''}: {error}") from None


def line_of(reason: str, text: str) -> int:
    """The line that an error is about, or that its statement begins in; 0 where the reason does not say."""
    # json's own errors have the line in their text.
    if told := _JSON_LINE.search(reason):
        return int(told[1])
    named, first = _STATEMENT.search(reason), _FIRST_STATEMENT.search(text)
    if named is None or first is None:
        return 0
    # Of what is read JSON nobody can tell any more where it stood: the statements are gone through again.
    at = _skip(text, first.end())
    for _ in range(int(named[1])):
        at = _skip(text, json.JSONDecoder().raw_decode(text, at)[1])
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    """Where the next statement begins."""
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at
