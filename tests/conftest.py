"""Ids of parametrised tests: a row of a table is known by what stands in it, not by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 60


def pytest_make_parametrize_id(val: Any) -> str | None:
    """A value that pytest would only number, in short; None for all others."""
    if not isinstance(val, (Mapping, list, tuple, str, bytes, BaseException)):
        return None
    text = _text(val) or "nothing"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_text(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    if isinstance(value, (str, BaseException)):
        return " ".join(str(value).split())
    if isinstance(value, bytes):
        return ascii(value)
    # The text of any other object may hold its address, which differs from one xdist worker to the next.
    return str(value) if isinstance(value, (bool, int, float, type(None))) else type(value).__name__
