"""What the backend of a run needs until a change has taken effect everywhere. All times are in seconds.

Every run of pytest loads this, and nothing of the attempts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

ProgressReporter = Callable[[str], None]
"""Shows a line to whoever watches the run."""


def no_progress(_line: str) -> None:
    """For where nobody watches."""


class RetryPolicy(NamedTuple):
    """What a backend needs until a change has taken effect everywhere."""

    within: float = 0.0
    within_if_allowed: float = 0.0
    """For an expected denial while everything still goes through."""
    in_a_row: int = 1
    pace: float = 1.0
    """Multiplies the pauses."""
    report_progress: ProgressReporter = no_progress
    """Is given the lines of a long wait."""


_CURRENT: ContextVar[Callable[[], RetryPolicy]] = ContextVar("kmslab_retry_policy", default=RetryPolicy)
"""What the innermost run's backend needs; it is not known before the first test."""


@contextmanager
def default_retry_policy(retry_policy: Callable[[], RetryPolicy]) -> Iterator[None]:
    """Let `eventually` take its defaults from here for as long as the block lasts."""
    token = _CURRENT.set(retry_policy)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_retry_policy() -> RetryPolicy:
    """What the backend of the innermost run needs; no wait at all outside a run."""
    return _CURRENT.get()()
