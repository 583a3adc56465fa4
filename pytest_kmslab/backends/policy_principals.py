"""The principals that a policy document names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def principals_of(text: str) -> tuple[str, ...]:
    """Every AWS principal of a policy's statements, as written; none where the text is not a policy."""
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    return tuple(dict.fromkeys(_named(document)))


def _named(document: Any) -> Iterator[str]:
    for statement in _listed(document.get("Statement") if isinstance(document, dict) else None):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element) if isinstance(statement, dict) else None
            for one in _listed(principal.get("AWS") if isinstance(principal, dict) else None):
                if isinstance(one, str):
                    yield one


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
