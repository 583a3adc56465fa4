"""What DynamoDB's expressions name, read as strictly as DynamoDB reads them.

A backend that takes a looser form would read another item than the one that was asked for: such an expression
is refused.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.grammar.reader import CLAUSES, JOINING, read_expression
from pytest_kmslab.calls.dynamodb.grammar.tree import Expression

_KEYWORDS = {"ProjectionExpression": frozenset[str](), "UpdateExpression": frozenset(CLAUSES)}
"""Of each kind of expression; all others are conditions."""
_WORD = re.compile(r"(?P<before>[:.]\s*|\[\s*(?=\d))?(?P<name>#?\w+)(?P<call>\s*\()?", re.ASCII)
_ALLOWED = re.compile(r"[\w\s#:.,\[\]()=<>+-]*", re.ASCII)
_PATH_ONLY = re.compile(r"[\w\s#.,\[\]]*", re.ASCII)
_LOOSE_DOT = re.compile(r"(?:^|[^\w\]])\.|\.(?![\w#])", re.ASCII)


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
    keywords = _KEYWORDS.get(kind, JOINING)
    words = (word["name"] for word in _WORD.finditer(expression) if not (word["before"] or word["call"]))
    return tuple(name for name in words if name.upper() not in keywords)


def updated_attributes(expression: str) -> tuple[str, ...]:
    """The top-level attributes that an update expression changes, `#name` as it stands.

    Raises ServiceError for one that cannot be read.
    """
    tree = read_expression("UpdateExpression", expression) if expression else Expression()
    return tuple(str(action.path.parts[0]) for action in tree.actions)
