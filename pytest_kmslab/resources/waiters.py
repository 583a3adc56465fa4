"""Every wait and every retry of the lab, with its limit and where that comes from.

A wait looks at once, so that a backend which acts at once costs no time. All times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception,
    retry_if_result,
    wait_exponential,
)

from pytest_kmslab.errors import ResourceError

TABLE_STATE_LIMIT = 500
"""botocore's waiters `table_exists` and `table_not_exists`: 25 looks, 20 seconds apart."""

TABLE_ENCRYPTION_LIMIT = 120
"""A change was seen to take 21 to 23 seconds (aws-controllers-k8s, dynamodb-controller, DDB-TABLE-069)."""

TABLE_IN_USE_LIMIT = 120
"""DeleteTable is refused for as long as a change of encryption lasts (DDB-TABLE-371)."""

KEY_POLICY_PRINCIPAL_LIMIT = 120
"""KMS refuses a principal it does not see yet; Terraform's AWS provider retries for two minutes."""

ACCESS_KEY_LIMIT = 60
"""A new access key was seen to be refused for 5 to 15 seconds, by each service on its own
(99designs/aws-vault#170 and #687, aws/aws-sdk-js#559, boto/botocore#3600)."""

LOST_ANSWER_LIMIT = 30
"""How long something is looked for whose create call was not answered: lists and reads of AWS may show it
late. Nobody says how late: this is ours, and the run's tags are looked for again by the next sweep."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Pauses double from the first to the longest."""

NOT_YET_A_PRINCIPAL = frozenset({"MalformedPolicyDocumentException"})
TABLE_IN_USE = frozenset({"ResourceInUseException"})
NOT_YET_A_KEY = frozenset({"UnrecognizedClientException", "InvalidClientTokenId"})

T = TypeVar("T")


def error_code(error: BaseException) -> str:
    """The service's error code of an exception of boto3, empty for any other exception."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


class Waiter:
    """Waits as a backend needs it. `settles` says that changes act at once there (see `Capabilities`)."""

    def __init__(self, settles: bool, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settles = settles
        self._sleep = sleep

    def until(
        self,
        look: Callable[[], T],
        done: Callable[[T], bool],
        what: str,
        limit: float,
        first: T | None = None,
    ) -> T:
        """Look until what is seen is `done`, and return it; `first` is what was seen already.

        Raises ResourceError after `limit` seconds.
        """
        if first is not None and done(first):
            return first
        try:
            return self._retrying(retry_if_result(lambda seen: not done(seen)), limit)(look)
        except RetryError as error:
            seen = error.last_attempt.result()
            raise ResourceError(f"waited {limit:g} s for {what}, last seen: `{seen}`") from None

    def while_refused(self, call: Callable[[], T], codes: frozenset[str], limit: float) -> T:
        """Make a call again while it is refused with one of `codes`, which pass by themselves.

        Raises the service's own error: after `limit` seconds, or at once where changes act at once.
        """
        if self.settles:
            return call()
        retry = retry_if_exception(lambda error: error_code(error) in codes)
        return self._retrying(retry, limit, reraise=True)(call)

    def _retrying(self, retry: Any, limit: float, reraise: bool = False) -> Retrying:
        def slept_enough(state: RetryCallState) -> bool:
            return state.idle_for >= limit

        pauses = wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)
        return Retrying(retry=retry, stop=slept_enough, wait=pauses, sleep=self._sleep, reraise=reraise)
