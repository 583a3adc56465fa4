"""JSON as policies and cases have it: no key twice in an object, no number that JSON does not have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def as_list(element: Any) -> list[Any]:
    """The values of an element that may be a list or a single one."""
    return element if isinstance(element, list) else [element]


def read_json(text: str, refuse: Callable[[str], Exception]) -> Any:
    """The value of a JSON text; raises what `refuse` makes of the reason where it is none."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # json would keep the last of two and drop the other, which may be the one that AWS goes by.
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise refuse(f"ambiguous: `{twice}` stands twice in one object: keep one")
        return members

    def no_constant(name: str) -> None:
        raise refuse(f"not JSON: `{name}` is no number")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except RecursionError:
        raise refuse("not JSON: nested too deeply") from None
    except ValueError as error:  # what `refuse` made may be one too
        if type(error) in (ValueError, json.JSONDecodeError):
            raise refuse(f"not JSON: {error}") from None
        raise
