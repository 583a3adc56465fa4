"""What goes straight to an endpoint: calls that were decided, and those by which the account is read.

Every other connection of this process to the endpoint leads to its door (`interception/endpoint_door.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

OURS = "kmslab_ours"
"""In a call's context: that it is one of the plugin's own."""

_IS_STRAIGHT: ContextVar[bool] = ContextVar("kmslab_is_straight", default=False)


def is_straight() -> bool:
    """Whether what connects now goes straight to the endpoint."""
    return _IS_STRAIGHT.get()


@contextmanager
def going_straight() -> Iterator[None]:
    """Connect straight to the endpoint, in this thread or task, as long as this is open."""
    token = _IS_STRAIGHT.set(True)
    try:
        yield
    finally:
        _IS_STRAIGHT.reset(token)


def mark_as_ours(context: dict[Any, Any], **_: Any) -> None:
    """Mark a call in botocore's context: handler of `before-call` for the plugin's own clients."""
    context[OURS] = True
