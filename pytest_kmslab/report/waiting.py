"""Progress of what takes a person's time: told on their terminal, after two seconds, a few times a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

PATIENCE = 2.0
"""Seconds in which nothing is told."""
PAUSE = 0.2
"""Seconds between two lines."""


def terminal_progress(
    what: str, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None] | None:
    """What to call with how many of how many are done; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        return None
    began = clock()
    told = began + PATIENCE - PAUSE

    def report(done: int, number: int) -> None:
        nonlocal told
        now = clock()
        is_last = done >= number and told > began + PATIENCE - PAUSE
        if is_last or (now - told >= PAUSE and done < number):
            told = now
            sys.stderr.write(f"\r{what}: {done} of {number}" + ("\n" if is_last else ""))
            sys.stderr.flush()

    return report
