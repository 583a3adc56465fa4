"""Reading JSON that must have a documented form: whatever is not in the form is a CaseError that
names the place, and nothing is guessed or dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.errors import CaseError


def decode(text: str) -> Any:
    """The JSON value of a text; CaseError where it is not JSON or an object names a key twice."""
    return read_json(text, lambda why: CaseError(f"the case is {why}"))


def as_object(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise CaseError(f"{place}: expected a JSON object, got `{_short(value)}`")
    return value


def as_fields(
    value: Any, place: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    """The object's fields, when it has all the required ones and none but those named."""
    fields = as_object(value, place)
    known = (*required, *optional)
    for name in fields:
        if name not in known:
            raise CaseError(f"{place}: unknown key `{name}`, known are {', '.join(known)}")
    for name in required:
        if name not in fields:
            raise CaseError(f"{place}: `{name}` is missing")
    return fields


def as_list(value: Any, place: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    """A JSON list, each item read by `read(item, place)`."""
    if not isinstance(value, list):
        raise CaseError(f"{place}: expected a JSON list, got `{_short(value)}`")
    return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))


def as_text(value: Any, place: str, *, filled: bool = False) -> str:
    """A string; with `filled` one that is not blank."""
    if not isinstance(value, str):
        raise CaseError(f"{place}: expected a string, got `{_short(value)}`")
    if filled and not value.strip():
        raise CaseError(f"{place}: is empty")
    return value


def as_date(value: Any, place: str) -> str | None:
    """A date as YYYY-MM-DD, or None for null."""
    if value is None:
        return None
    text = as_text(value, place)
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise CaseError(f"{place}: `{text}` is not a date, write YYYY-MM-DD or null")


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
