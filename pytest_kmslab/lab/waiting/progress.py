"""What a person is told of a wait."""

from __future__ import annotations

from collections.abc import Callable

ProgressReporter = Callable[[str], None]
"""Shows a line to whoever watches the run."""

TOLD_AFTER = 2.0
"""Seconds after which a wait is told of; again each time that it has doubled."""


def no_progress(_line: str) -> None:
    """For where nobody watches."""


class Progress:
    """The lines of one wait: what for, how long so far, how long at most. Times are in seconds."""

    def __init__(self, what: str, report_progress: ProgressReporter) -> None:
        self._what = what
        self._tell = report_progress
        self._next = TOLD_AFTER

    def show(self, waited: float, limit: float) -> None:
        """Tell how long it has taken, if it is time for a line."""
        if waited >= self._next:
            self._next = 2 * waited
            self._tell(f"kmslab: waiting for {self._what}: {waited:.0f} s so far, {limit:g} s at most")
