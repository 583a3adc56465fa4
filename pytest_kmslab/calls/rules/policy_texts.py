"""Policy documents about to be put: what is asked of their text before anything else."""

from __future__ import annotations

import json
from typing import Any


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a text that may be no policy at all, which `parse_policy` is left to say."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    statements = _listed(document.get("Statement", [])) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
