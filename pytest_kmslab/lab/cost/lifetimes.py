"""How long each resource of a run existed: what it costs hangs on that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long one resource existed."""

    kind: str
    """The name of its kind."""
    seconds: float


class Lifetimes:
    """Takes the time from when a resource is known to exist until it is gone; each goes by its number."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since: dict[int, tuple[str, float]] = {}
        self._ended: list[tuple[str, float]] = []

    def begin(self, number: int, kind: str) -> None:
        """It exists."""
        self._since.setdefault(number, (kind, self._now()))

    def end(self, number: int) -> None:
        """It is gone; what never existed has no lifetime."""
        if number in self._since:
            kind, since = self._since.pop(number)
            self._ended.append((kind, self._now() - since))

    def all(self) -> list[tuple[str, float]]:
        """Kind and seconds of each, plain enough to be sent from one process to another."""
        return [*self._ended, *((kind, self._now() - since) for kind, since in self._since.values())]
