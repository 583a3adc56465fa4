"""Every wait of the lab, with its limit and where that comes from.

A wait looks at once, so that a backend which acts at once costs no time. All times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, RetryError

from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.waiting.retry_policy import ProgressReporter, no_progress
from pytest_kmslab.lab.waiting.retrying import FINAL, Attempts, Pauses, Progress

TABLE_STATE_LIMIT = 500
"""botocore's waiters `table_exists` and `table_not_exists`: 25 looks, 20 seconds apart."""

STACK_LIMIT = 3600
"""botocore's waiters of CloudFormation: 120 looks, 30 seconds apart."""

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

PAUSES = Pauses(FIRST_PAUSE, LONGEST_PAUSE, ROW_PAUSE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Passing:
    """An error of AWS's that passes by itself."""

    codes: frozenset[str]
    """One of these it has."""
    text: str = ""
    """Stands in its message."""

    def __call__(self, error: BaseException) -> bool:
        """Whether an error is one of these."""
        return error_code(error) in self.codes and self.text in str(error)


NOT_YET_A_PRINCIPAL = Passing(frozenset({"MalformedPolicyDocumentException"}), "invalid principals")
TABLE_IN_USE = Passing(frozenset({"ResourceInUseException"}))
NOT_YET_A_KEY = Passing(frozenset({"UnrecognizedClientException", "InvalidClientTokenId"}))


class Waiter:
    """Waits as a backend needs it.

    `is_strongly_consistent` says that changes act at once there (see `Capabilities`). `report_progress` is
    given the lines of each wait that takes long. `pace` multiplies every limit and pause; it is 1 but for the
    tests that wait for a stand-in, in which AWS's time goes by faster.
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
        self._report_progress = report_progress
        self._pace = pace

    @for_the_lab
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
        limit *= self._pace

        def limit_of(state: RetryCallState) -> float | None:
            assert state.outcome is not None
            # An error of the look itself is the caller's to handle.
            if state.outcome.failed:
                return FINAL
            return None if done(state.outcome.result()) else limit

        attempts = self._attempts(limit_of, what, 1 if self.is_strongly_consistent else in_a_row)
        if first is not None and not attempts.goes_on_after(done(first)):
            return first
        try:
            return attempts.retrying()(look)
        except RetryError as error:
            seen = error.last_attempt.result()
            raise ResourceError(f"waited {limit:g} s for {what}, last seen: `{seen}`") from None

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

        def limit_of(state: RetryCallState) -> float | None:
            error = None if state.outcome is None else state.outcome.exception()
            if error is None:
                return None
            return limit * self._pace if passing(error) else FINAL

        # `reraise`: the service's own error comes out, and not tenacity's.
        return self._attempts(limit_of, what, 1).retrying(reraise=True)(call)

    def _attempts(
        self, limit_of: Callable[[RetryCallState], float | None], what: str, in_a_row: int
    ) -> Attempts:
        progress = Progress(what, self._report_progress)
        return Attempts(limit_of, in_a_row, PAUSES.faster(self._pace), progress, self._sleep)
