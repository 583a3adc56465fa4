"""What DynamoDB's expressions name, read as strictly as DynamoDB reads them.

A backend that takes a looser form would read another item than the one that was asked for: such an expression
is refused.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn

from pytest_kmslab.calls.api_call import ServiceError

_IN_CONDITIONS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN"))
_KEYWORDS = {
    "ProjectionExpression": frozenset[str](),
    "UpdateExpression": frozenset(("SET", "REMOVE", "ADD", "DELETE")),
}
"""Of each kind of expression; all others are conditions."""
_WORD = re.compile(r"(?P<before>[:.]\s*|\[\s*(?=\d))?(?P<name>#?\w+)(?P<call>\s*\()?", re.ASCII)
_ALLOWED = re.compile(r"[\w\s#:.,\[\]()=<>+-]*", re.ASCII)
_PATH_ONLY = re.compile(r"[\w\s#.,\[\]]*", re.ASCII)
_LOOSE_DOT = re.compile(r"(?:^|[^\w\]])\.|\.(?![\w#])", re.ASCII)

_UPDATE_CLAUSE = re.compile(r"(?<![#:.\w])(?:SET|REMOVE|ADD|DELETE)(?=[\s#])", re.ASCII | re.IGNORECASE)
_TARGET = re.compile(r"\s*(#?\w+)", re.ASCII)


def _refuse(kind: str, problem: str) -> NoReturn:
    raise ServiceError("ValidationException", f"Invalid {kind}: {problem}")


@lru_cache(maxsize=1024)
def attributes_of(kind: str, expression: str) -> tuple[str, ...]:
    """The top-level attributes of an expression (`kind` is its parameter's name), `#name` as it stands.

    No values, functions, keywords or nested parts. Raises ServiceError for what no expression holds.
    """
    allowed = _PATH_ONLY if kind == "ProjectionExpression" else _ALLOWED
    if allowed.fullmatch(expression) is None or _LOOSE_DOT.search(expression):
        _refuse(kind, f"Syntax error; `{expression}` holds what cannot be read (said by pytest-kmslab)")
    keywords = _KEYWORDS.get(kind, _IN_CONDITIONS)
    words = (word["name"] for word in _WORD.finditer(expression) if not (word["before"] or word["call"]))
    return tuple(name for name in words if name.upper() not in keywords)


@lru_cache(maxsize=1024)
def updated_attributes(expression: str) -> tuple[str, ...]:
    """The top-level attributes that an update expression changes, `#name` as it stands."""
    _, *clauses = _UPDATE_CLAUSE.split(expression)
    targets = (_TARGET.match(part) for clause in clauses for part in _between_commas(clause))
    return tuple(target[1] for target in targets if target is not None)


def _between_commas(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        # The arguments of a function are between commas too.
        if character == "," and not depth:
            yield part
            part = ""
        else:
            part += character
    yield part
