"""The principals that a policy document names: as they were put, and as AWS shows them later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def principals_of(text: str) -> tuple[str, ...]:
    """Every AWS principal of a policy's statements, as written; none where the text is not a policy."""
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    return tuple(dict.fromkeys(_named(document)))


def is_unique_id(principal: str) -> bool:
    """Whether a principal is given by its unique id, which AWS takes as well, and shows as the ARN."""
    return principal.startswith(("AIDA", "AROA"))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A policy's text with other names for some of its principals; a condition's values stay as written."""
    document = json.loads(text)
    for statement in _listed(document.get("Statement") if isinstance(document, dict) else None):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(principal, dict) and "AWS" in principal:
                named = principal["AWS"]
                principal["AWS"] = (
                    [names.get(str(one), one) for one in named]
                    if isinstance(named, list)
                    else names.get(str(named), named)
                )
    return json.dumps(document)


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
