"""`eventually()`: how long a test waits for what it expects, where a backend needs time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_kmslab.assertions.answers import ExpectationError, client_error, read_answer
from pytest_kmslab.calls.error_codes import PASSING_CODES
from pytest_kmslab.lab.waiting.progress import Progress
from pytest_kmslab.lab.waiting.retry_policy import RetryPolicy, current_retry_policy

if TYPE_CHECKING:
    from tenacity import AttemptManager, RetryCallState

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
"""Seconds; pauses double from the first to the longest."""


def eventually(
    within: float | None = None,
    in_a_row: int | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[AttemptManager]:
    """Try until an expectation holds; for changes that AWS spreads over seconds or minutes.

        for attempt in eventually(within=60, in_a_row=3):
            with attempt, denied("kms:Decrypt"):
                table.scan()

    `within` is in seconds. None takes what the backend needs, and where changes act at once (moto) that
    is nothing: the first failure decides and nobody sleeps. On AWS it is two minutes, and while what should
    be denied goes through, more than six: DynamoDB goes on using a table's key on a connection that has it,
    so let each attempt open a new one (`lab.as_(user).new_client("dynamodb")`), which is much faster.

    `in_a_row` successes must follow one another, since on AWS an early success may come from the one replica
    that knows: by default as many as the backend needs, one where changes act at once. A row that has begun
    is let finish; a failure after `within` seconds is final.

    Tried again are unmet expectations of `denied` and `allowed`, access keys that are not known yet and
    throttles; any other exception ends it at once. A final failure after more than one try is an
    ExpectationError that says how long and how often it was tried, raised from the last one.
    Raises ValueError for a negative `within` and an `in_a_row` below 1.
    """
    if within is not None and not within >= 0:
        raise ValueError(f"`within` is `{within}`: give seconds, 0 or more")
    if in_a_row is not None and in_a_row < 1:
        raise ValueError(f"`in_a_row` is `{in_a_row}`: give 1 or more")
    return _Retries(_asked(current_retry_policy(), within, in_a_row), sleep, clock).attempts()


def _asked(retry_policy: RetryPolicy, within: float | None, in_a_row: int | None) -> RetryPolicy:
    """What a test asked for, and the backend's needs where it asked for nothing."""
    if within is not None:
        retry_policy = replace(retry_policy, within=within, within_if_allowed=within)
    return retry_policy if in_a_row is None else replace(retry_policy, in_a_row=in_a_row)


class _Retries:
    """When `eventually` goes on, for how long it sleeps, and when it gives up."""

    def __init__(
        self, retry_policy: RetryPolicy, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        self._needs = retry_policy
        self._progress = Progress("an expectation to hold", retry_policy.report_progress)
        self._sleep = sleep
        self._clock = clock
        self._started = 0.0
        self._row = 0
        self._pause = self._first = FIRST_PAUSE * retry_policy.pace

    def attempts(self) -> Iterator[AttemptManager]:
        """tenacity's attempts, ruled by this."""
        from tenacity import Retrying

        self._started = self._clock()
        yield from Retrying(
            retry=self._again,
            wait=self._wait,
            stop=self._over,
            sleep=self._rest,
            retry_error_callback=self._give_up,
        )

    @property
    def _elapsed(self) -> float:
        return self._clock() - self._started

    def _again(self, state: RetryCallState) -> bool:
        error = _failure(state)
        self._row = self._row + 1 if error is None else 0
        return self._row < self._needs.in_a_row if error is None else _may_pass(error)

    def _wait(self, state: RetryCallState) -> float:
        error = _failure(state)
        if error is None:
            self._pause = self._first
            return min(self._first, self._needs.within)
        limit, elapsed = self._limit(error), self._elapsed
        self._progress.show(elapsed, limit)
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE * self._needs.pace)
        return max(0.0, min(pause, limit - elapsed))

    def _over(self, state: RetryCallState) -> bool:
        error = _failure(state)
        return error is not None and self._elapsed >= self._limit(error)

    def _limit(self, error: BaseException) -> float:
        went_through = isinstance(error, ExpectationError) and error.went_through
        return self._needs.within_if_allowed if went_through else self._needs.within

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _give_up(self, state: RetryCallState) -> None:
        __tracebackhide__ = True
        error = _failure(state)
        if error is not None and state.attempt_number == 1:
            raise error
        tried = f"tried {state.attempt_number} times in {self._elapsed:.1f} s"
        raise ExpectationError(f"{_told(error)}\n({tried})") from error


def _failure(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _may_pass(error: BaseException) -> bool:
    found = client_error(error)
    return isinstance(error, ExpectationError) or (
        found is not None and read_answer(found).code in PASSING_CODES
    )


def _told(error: BaseException | None) -> str:
    found = client_error(error)
    return str(error) if found is None else str(read_answer(found))
