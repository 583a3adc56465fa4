"""The clock that everything timed goes by; a test can move it on, and nothing ever sleeps for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytest_kmslab.arguments import check_seconds


class Clock:
    """Wall-clock seconds since the epoch, plus what it was moved on by."""

    def __init__(self) -> None:
        self._moved = 0.0
        self._listeners: list[Callable[[float], None]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._moved

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """At the end of the block, take back every move made in it."""
        moved = self._moved
        try:
            yield
        finally:
            self._moved = moved

    def advance(self, seconds: float) -> None:
        """Move the clock on; raises ValueError for a move back, which no account has seen."""
        self._moved += check_seconds("seconds", seconds)
        for listener in self._listeners:
            listener(self.now())

    def tell(self, listener: Callable[[float], None]) -> None:
        """Call a listener with the new time whenever the clock is moved on."""
        self._listeners.append(listener)
