"""What was read of an endpoint, for a short time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 1.0
"""For this long a change made past every seam of this process may go unseen; one made through it never."""

MOST_KEPT = 10_000
"""Of more all are forgotten: a gateway may be asked about names without end."""


class ReadCache:
    """Keeps what was read for `seconds`, or until `drop`.

    What was being read while somebody dropped everything is not kept: it may be from before. Safe for
    several threads.
    """

    def __init__(self, seconds: float = SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._lock = Lock()
        self._age = 0
        self._held: dict[Any, tuple[float, Any]] = {}

    def get(self, key: Any, read: Callable[[], T]) -> T:
        """What is kept under a key, or what `read` answers."""
        started = self._now()
        with self._lock:
            age, entry = self._age, self._held.get(key)
        if entry is not None and started - entry[0] < self._seconds:
            kept: T = entry[1]
            return kept
        value = read()
        with self._lock:
            if age == self._age:
                if len(self._held) >= MOST_KEPT:
                    self._held.clear()
                self._held[key] = (started, value)
        return value

    def drop(self, concerned: Callable[[Any], bool] | None = None) -> None:
        """Forget everything, or what is kept under the keys concerned: it was changed, or is about to be."""
        with self._lock:
            self._age += 1
            gone = [key for key in self._held if concerned is None or concerned(key)]
            for key in gone:
                del self._held[key]
