"""What a test says: `denied(action)`, `allowed()`, and `eventually()` for a backend that needs time.

A denial counts only for its reason. An access key that is not known yet, a missing table, a disabled
key or a throttle is not a denial, and a denial of another action is not the denial that was meant.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_kmslab.calls.answers import ACTION, DENIAL_CODES, PASSING_CODES, denied_action

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from tenacity import AttemptManager, RetryCallState

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


class ExpectationError(AssertionError):
    """An expectation of `denied`, `allowed` or `eventually` that was not met; the message says what came."""


class _Answer(NamedTuple):
    """An error of AWS, read; `action` is what was denied, empty where nothing was or it is not said."""

    code: str
    message: str
    operation: str
    action: str

    @property
    def is_denial(self) -> bool:
        return self.code in DENIAL_CODES

    def __str__(self) -> str:
        return f"{self.operation} was answered {self.code}: {self.message}"


def _read(error: ClientError) -> _Answer:
    answer: Any = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    action = denied_action(message) if code in DENIAL_CODES else ""
    return _Answer(code, message, str(error.operation_name), action)


def _client_error(error: BaseException | None) -> ClientError | None:
    from botocore.exceptions import ClientError

    return error if isinstance(error, ClientError) else None


class Denial:
    """What `denied` yields. The attributes are empty until the body was denied.

    `code` and `message` are the service's, `operation` is the API operation that was called, and
    `action` the action that was denied, as AWS spelt it.
    """

    def __init__(self, action: str) -> None:
        self._wanted = action
        self.code = ""
        self.message = ""
        self.operation = ""
        self.action = ""

    def __enter__(self) -> Denial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        if error is not None and not isinstance(error, Exception):
            return False
        found = _client_error(error)
        answer = None if found is None else _read(found)
        if answer is None or answer.action.lower() != self._wanted.lower():
            raise ExpectationError(f"`{self._wanted}` was not denied: {_instead(error, answer)}") from error
        self.code, self.message = answer.code, answer.message
        self.operation, self.action = answer.operation, answer.action
        return True


def _instead(error: BaseException | None, answer: _Answer | None) -> str:
    if error is None:
        return "no error was raised"
    if answer is None:
        return f"{type(error).__name__} was raised: {error}"
    if answer.action:
        return f"`{answer.action}` was; {answer}"
    if answer.is_denial:
        return f"the denial names no action; {answer}"
    return f"{answer}"


def denied(action: str) -> Denial:
    """Assert that the body is denied, and for this action.

        with denied("kms:Decrypt") as denial:
            table.scan()

    Passes only if the body raises botocore's ClientError with AWS's access-denied code (`AccessDenied`,
    `AccessDeniedException`) and a text that names the action, whether the service says so itself or
    DynamoDB says that KMS did. Case does not matter in `action`. Afterwards the object given by `as`
    has `code`, `message`, `operation` and `action`.

    Raises ValueError if `action` does not look like `service:Operation`, and ExpectationError (an
    AssertionError) that shows what came instead: no error, another error, another action.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if re.fullmatch(ACTION, action) is None:
        raise ValueError(f"`{action}` is not an action: write it as `service:Operation`, e.g. `kms:Decrypt`")
    return Denial(action)


class Allowance:
    """What `allowed` answers; only to be entered."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        found = _client_error(error)
        if found is None:
            return
        answer = _read(found)
        if answer.is_denial:
            raise ExpectationError(f"denied `{answer.action or 'an unnamed action'}`: {answer}") from error
        raise ExpectationError(f"neither allowed nor denied: {answer}") from error


def allowed() -> Allowance:
    """Assert that every AWS call in the body goes through.

        with allowed():
            table.scan()

    Raises ExpectationError (an AssertionError) that names the denied action, or, for another error of
    a service, says that the call was neither allowed nor denied. Other exceptions pass through.
    """
    return Allowance()


def eventually(
    within: float | None = None,
    in_a_row: int = 1,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[AttemptManager]:
    """Try until an expectation holds; for changes that AWS spreads over seconds or minutes.

        for attempt in eventually(within=60, in_a_row=3):
            with attempt, denied("kms:Decrypt"):
                table.scan()

    `within` is in seconds. None takes what the backend needs, and where changes act at once (moto) that
    is nothing: the first failure decides and nobody sleeps. `in_a_row` successes must follow one
    another, since on AWS an early success may come from the one replica that knows. A row that has
    begun is let finish; a failure after `within` seconds is final.

    Tried again are unmet expectations of `denied` and `allowed`, access keys that are not known yet and
    throttles; any other exception ends it at once. A final failure after more than one try is an
    ExpectationError that says how long and how often it was tried, raised from the last one.
    Raises ValueError for a negative `within` and an `in_a_row` below 1.
    """
    seconds = 0.0 if within is None else within
    if not seconds >= 0:
        raise ValueError(f"`within` is `{within}`: give seconds, 0 or more")
    if in_a_row < 1:
        raise ValueError(f"`in_a_row` is `{in_a_row}`: give 1 or more")
    return _Patience(seconds, in_a_row, sleep, clock).attempts()


class _Patience:
    """When `eventually` goes on, for how long it sleeps, and when it gives up."""

    def __init__(
        self, within: float, in_a_row: int, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        self._within = within
        self._in_a_row = in_a_row
        self._sleep = sleep
        self._clock = clock
        self._started = 0.0
        self._row = 0
        self._pause = _FIRST_PAUSE

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
        return self._row < self._in_a_row if error is None else _may_pass(error)

    def _wait(self, state: RetryCallState) -> float:
        if _failure(state) is None:
            self._pause = _FIRST_PAUSE
            return min(_FIRST_PAUSE, self._within)
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return max(0.0, min(pause, self._within - self._elapsed))

    def _over(self, state: RetryCallState) -> bool:
        return _failure(state) is not None and self._elapsed >= self._within

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
    found = _client_error(error)
    return isinstance(error, ExpectationError) or (found is not None and _read(found).code in PASSING_CODES)


def _told(error: BaseException | None) -> str:
    found = _client_error(error)
    return str(error) if found is None else str(_read(found))
