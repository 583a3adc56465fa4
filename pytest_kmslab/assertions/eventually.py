"""`eventually()`: how long a test waits for what it expects, where a backend needs time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pytest_kmslab.arguments import check_seconds, check_whole_number
from pytest_kmslab.assertions.answers import ExpectationError, client_error, read_answer
from pytest_kmslab.calls.error_codes import PASSING_CODES
from pytest_kmslab.lab.waiting.retry_policy import RetryPolicy, current_retry_policy
from pytest_kmslab.lab.waiting.retrying import FINAL, Attempts, Pauses, Progress
from pytest_kmslab.session.current import current_run

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
    if within is not None:
        check_seconds("within", within)
    if in_a_row is not None:
        check_whole_number("in_a_row", in_a_row, "how many successes, 1 or more", least=1)
    retry_policy = current_retry_policy()
    # A time that the test names holds for both kinds of failure: whoever names one does not wait for longer.
    if within is not None:
        retry_policy = retry_policy._replace(within=within, within_if_allowed=within)
    if in_a_row is not None:
        retry_policy = retry_policy._replace(in_a_row=in_a_row)
    return _Expectation(retry_policy, sleep, clock).attempts()


class _Expectation:
    """For how long an expectation is tried again, and what is said when it never held."""

    def __init__(
        self, retry_policy: RetryPolicy, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        first = FIRST_PAUSE * retry_policy.pace
        # A row of successes ends at once where nothing has to be waited for.
        pauses = Pauses(first, LONGEST_PAUSE * retry_policy.pace, min(first, retry_policy.within))
        progress = Progress("an expectation to hold", retry_policy.report_progress)
        self._policy = retry_policy
        self._attempts = Attempts(self._limit_of, retry_policy.in_a_row, pauses, progress, sleep, clock)

    def attempts(self) -> Iterator[AttemptManager]:
        """tenacity's attempts, each with its number for the report."""
        run = current_run()
        recorder = None if run is None else run.recorder
        try:
            for number, attempt in enumerate(self._attempts.retrying(retry_error_callback=self._give_up), 1):
                if recorder is not None:
                    recorder.attempt = number
                yield attempt
        finally:
            if recorder is not None:
                recorder.attempt = 0

    def _limit_of(self, state: RetryCallState) -> float | None:
        error = _failure(state)
        if error is None:
            return None
        refusal = client_error(error)
        is_passing = refusal is not None and read_answer(refusal).code in PASSING_CODES
        if not (is_passing or isinstance(error, ExpectationError)):
            return FINAL
        # What goes through and should be denied takes longest: DynamoDB uses a table's key for five minutes
        # on a connection that has it.
        went_through = isinstance(error, ExpectationError) and error.went_through
        return self._policy.within_if_allowed if went_through else self._policy.within

    def _give_up(self, state: RetryCallState) -> None:
        __tracebackhide__ = True
        error = _failure(state)
        # Nothing was waited for: the failure is as plain as without `eventually`.
        if error is not None and state.attempt_number == 1:
            raise error
        tried = f"tried {state.attempt_number} times in {self._attempts.elapsed(state):.1f} s"
        refusal = client_error(error)
        text = error if refusal is None else read_answer(refusal)
        raise ExpectationError(f"{text}\n({tried})") from error


def _failure(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
