"""Every wait and every retry of the lab, with its limit and where that comes from.

A wait looks at once, so that a backend which acts at once costs no time. All times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception,
    wait_exponential,
)

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.waiting.progress import Progress, ProgressReporter, no_progress

TABLE_STATE_LIMIT = 500
"""botocore's waiters `table_exists` and `table_not_exists`: 25 looks, 20 seconds apart."""

TABLE_ENCRYPTION_LIMIT = 120
"""A change was seen to take 21 to 23 seconds (aws-controllers-k8s, dynamodb-controller, DDB-TABLE-069)."""

TABLE_IN_USE_LIMIT = 120
"""DeleteTable is refused for as long as a change of encryption lasts (DDB-TABLE-371)."""

KEY_POLICY_PRINCIPAL_LIMIT = 120
"""KMS refuses a principal it does not see yet; Terraform's AWS provider retries for two minutes."""

KEY_POLICY_LIMIT = 600
"""Until a key policy is read back as it was put: Terraform's AWS provider waits ten minutes."""

KEY_POLICY_EFFECT_LIMIT = 300
"""Until KMS decides by a key policy: AWS calls changes eventually consistent, and names no longer time than
five minutes (grants: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html)."""

ACCESS_KEY_LIMIT = 60
"""A new access key was seen to be refused for 5 to 15 seconds, by each service on its own
(99designs/aws-vault#170 and #687, aws/aws-sdk-js#559, boto/botocore#3600), and a policy that was attached to
take about 8 seconds (go-to-k/cdkd)."""

PROPAGATION_LIMIT = 120
"""How long a test waits for a change of IAM or of a key to act: AWS gives no number, Terraform's AWS provider
takes two minutes for what IAM spreads."""

TABLE_KEY_LIMIT = 400
"""How long a test waits while what should be denied goes through: DynamoDB asks KMS for a table's key every
five minutes on a connection in use, and reads were seen to go on for 332 seconds after a key was disabled
(DDB-TABLE-331). What is over is for the change itself to spread."""

IN_A_ROW = 5
"""Successes that must follow one another: a service answers from many copies, and an early success may come
from the one that knows. As many as Terraform's AWS provider wants of a key policy."""

EXPECTED_IN_A_ROW = 3
"""Times in a row that what a test expects must hold: fewer, for the lab has waited before. Ours."""

LOST_ANSWER_LIMIT = 30
"""How long something is looked for whose create call was not answered: lists and reads of AWS may show it
late. Nobody says how late: this is ours, and the run's tags are looked for again by the next sweep."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Pauses double from the first to the longest."""

ROW_PAUSE = 1.0
"""Between successes in a row, so that they do not all come from one moment; Terraform's is a second too."""

T = TypeVar("T")


def error_code(error: BaseException) -> str:
    """The service's error code of an exception of boto3, empty for any other exception."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


@dataclass(frozen=True, slots=True)
class Passing:
    """An error of AWS's that passes by itself: one of these codes, and `text` in its message."""

    codes: frozenset[str]
    text: str = ""

    def __call__(self, error: BaseException) -> bool:
        """Whether an error is one of these."""
        return error_code(error) in self.codes and self.text in str(error)


NOT_YET_A_PRINCIPAL = Passing(frozenset({"MalformedPolicyDocumentException"}), "invalid principals")
TABLE_IN_USE = Passing(frozenset({"ResourceInUseException"}))
NOT_YET_A_KEY = Passing(frozenset({"UnrecognizedClientException", "InvalidClientTokenId"}))


class Waiter:
    """Waits as a backend needs it. `settles` says that changes act at once there (see `Capabilities`).

    `tell` is given the lines of each wait that takes long. `pace` multiplies every limit and pause; it is 1
    but for the tests that wait for a stand-in, in which AWS's time goes by faster.
    """

    def __init__(
        self,
        is_strongly_consistent: bool,
        sleep: Callable[[float], None] = time.sleep,
        *,
        report_progress: ProgressReporter = no_progress,
        pace: float = 1.0,
    ) -> None:
        self.is_strongly_consistent = is_strongly_consistent
        self._sleep = sleep
        self._tell = report_progress
        self._pace = pace

    def until(
        self,
        look: Callable[[], T],
        done: Callable[[T], bool],
        what: str,
        limit: float,
        first: T | None = None,
        in_a_row: int = 1,
    ) -> T:
        """Look until what is seen is `done`, and return it; `first` is what was seen already.

        It must be seen `in_a_row` times running, save where changes act at once; a row that has begun is let
        finish. Raises ResourceError after `limit` seconds.
        """
        row = _Row(done, 1 if self.is_strongly_consistent else in_a_row)
        if first is not None and not row.goes_on_after(first):
            return first
        try:
            return self._retrying(row, what, limit)(look)
        except RetryError as error:
            seen = error.last_attempt.result()
            raise ResourceError(f"waited {limit * self._pace:g} s for {what}, last seen: `{seen}`") from None

    def holds(
        self, look: Callable[[], T], done: Callable[[T], bool], what: str, limit: float, in_a_row: int
    ) -> bool:
        """Whether it came to be so in time: as `until`, where the caller can go on without it."""
        try:
            self.until(look, done, what, limit, in_a_row=in_a_row)
        except ResourceError:
            return False
        return True

    def while_refused(self, call: Callable[[], T], passing: Passing, what: str, limit: float) -> T:
        """Make a call again while it is refused with an error that passes by itself.

        Raises the service's own error: after `limit` seconds, or at once where changes act at once.
        """
        if self.is_strongly_consistent:
            return call()
        return self._retrying(retry_if_exception(passing), what, limit, reraise=True)(call)

    def _retrying(self, retry: Any, what: str, limit: float, reraise: bool = False) -> Retrying:
        limit, pace, progress = limit * self._pace, self._pace, Progress(what, self._tell)
        longer = wait_exponential(multiplier=FIRST_PAUSE * pace, max=LONGEST_PAUSE * pace)

        def in_row() -> bool:
            return isinstance(retry, _Row) and retry.length > 0

        def report_progress(state: RetryCallState) -> None:
            progress.show(state.idle_for - state.upcoming_sleep, limit)

        return Retrying(
            retry=retry,
            stop=lambda state: state.idle_for >= limit and not in_row(),
            wait=lambda state: ROW_PAUSE * pace if in_row() else longer(state),
            before_sleep=report_progress,
            sleep=self._sleep,
            reraise=reraise,
        )


class _Row:
    """tenacity's question whether to look again: until it was so for the times wanted, running."""

    def __init__(self, done: Callable[[Any], bool], wanted: int) -> None:
        self._done = done
        self._wanted = wanted
        self.length = 0

    def __call__(self, state: RetryCallState) -> bool:
        """Errors are not looked past."""
        assert state.outcome is not None
        return not state.outcome.failed and self.goes_on_after(state.outcome.result())

    def goes_on_after(self, seen: Any) -> bool:
        """Count one look."""
        self.length = self.length + 1 if self._done(seen) else 0
        return self.length < self._wanted
