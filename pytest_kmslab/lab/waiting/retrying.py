"""The one way to try again: for every wait of the lab, and for `eventually`.

tenacity makes the attempts; here stands when another is made, after which pause, and when it is over. All
times are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

    from pytest_kmslab.lab.waiting.retry_policy import ProgressReporter

SHOWN_AFTER = 2.0
"""How long a wait lasts before a line says so; again each time that it has doubled."""


class Progress:
    """The lines of one wait: what for, how long so far, how long at most."""

    def __init__(self, what: str, report_progress: ProgressReporter) -> None:
        self._what = what
        self._report = report_progress
        self._next = SHOWN_AFTER

    def show(self, waited: float, limit: float) -> None:
        """Say how long it has taken, if it is time for a line."""
        if waited >= self._next:
            # Twice as late each time: a long wait does not fill the terminal.
            self._next = 2 * waited
            self._report(f"kmslab: waiting for {self._what}: {waited:.0f} s so far, {limit:g} s at most")


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to pause between attempts: twice as long after each failure, from the first to the longest."""

    first: float
    longest: float
    in_row: float
    """Between successes, so that they do not all come from one moment."""

    def faster(self, pace: float) -> Pauses:
        """The same, each multiplied by `pace`."""
        return Pauses(self.first * pace, self.longest * pace, self.in_row * pace)


FINAL = -1.0


class Attempts:
    """Decides after each attempt whether another is made.

    `limit_of` says of an outcome for how long, counted from the first attempt, it is tried again: None for
    what is wanted, `FINAL` for what no further attempt would change. What is wanted must come `in_a_row`
    times running; a row that has begun is let finish. `clock` measures the time; without one the pauses are
    counted.
    """

    def __init__(
        self,
        limit_of: Callable[[RetryCallState], float | None],
        in_a_row: int,
        pauses: Pauses,
        progress: Progress,
        sleep: Callable[[float], None],
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._limit_of = limit_of
        self._in_a_row = in_a_row
        self._pauses = pauses
        self._progress = progress
        self._sleep = sleep
        self._clock = clock
        self._started = clock() if clock else 0.0
        self._pause = pauses.first
        self._row = 0

    def retrying(self, **more: Any) -> Retrying:
        """tenacity's object that makes them."""
        from tenacity import Retrying

        return Retrying(retry=self._again, wait=self._wait, stop=self._is_over, sleep=self._rest, **more)

    def elapsed(self, state: RetryCallState) -> float:
        """How long it has taken so far."""
        # Without a clock the pauses alone are counted: who passes a `sleep` of its own need not wait.
        return self._clock() - self._started if self._clock else state.idle_for

    def goes_on_after(self, is_wanted: bool) -> bool:
        """Count one outcome; whether it does not suffice yet."""
        self._row = self._row + 1 if is_wanted else 0
        return self._row < self._in_a_row

    def _again(self, state: RetryCallState) -> bool:
        limit = self._limit_of(state)
        # First of the two, since it counts the outcome: a failure ends a row even where it is final.
        return self.goes_on_after(limit is None) and limit != FINAL

    def _is_over(self, state: RetryCallState) -> bool:
        limit = self._limit_of(state)
        return limit is not None and self.elapsed(state) >= limit

    def _wait(self, state: RetryCallState) -> float:
        limit = self._limit_of(state)
        if limit is None:
            # Something has changed: a failure from now on may pass as fast as the first.
            self._pause = self._pauses.first
            return self._pauses.in_row
        self._progress.show(self.elapsed(state), limit)
        pause, self._pause = self._pause, min(2 * self._pause, self._pauses.longest)
        return max(0.0, min(pause, limit - self.elapsed(state)))

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
