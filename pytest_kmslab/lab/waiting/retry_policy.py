"""What `eventually` waits for where a test says nothing: as long as the run's backend needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pytest_kmslab.lab.waiting.progress import ProgressReporter, no_progress


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What a backend needs until a change has taken effect everywhere. Times are in seconds.

    `within_if_allowed` is for an expected denial while everything still goes through. `pace` multiplies the
    pauses, `report_progress` is given the lines of a long wait.
    """

    within: float = 0.0
    within_if_allowed: float = 0.0
    in_a_row: int = 1
    pace: float = 1.0
    report_progress: ProgressReporter = no_progress


_CURRENT: ContextVar[Callable[[], RetryPolicy]] = ContextVar("kmslab_retry_policy", default=RetryPolicy)
"""Those of the innermost run's backend."""


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
