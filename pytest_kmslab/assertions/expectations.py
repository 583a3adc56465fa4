"""What a test says: `denied(action)` and `allowed()`; `patience` has `eventually()`, for what needs time.

A denial counts only for its reason. An access key that is not known yet, a missing table, a disabled
key or a throttle is not a denial, and a denial of another action is not the denial that was meant.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_kmslab.calls.error_codes import ACTION, DENIAL_CODES, denied_action

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class ExpectationError(AssertionError):
    """An expectation of `denied`, `allowed` or `eventually` that was not met; the message says what came.

    `went_through` says that a denial was expected, and everything went through.
    """

    def __init__(self, message: str, *, went_through: bool = False) -> None:
        super().__init__(message)
        self.went_through = went_through


class Answer(NamedTuple):
    """An error of AWS, read; `action` is what was denied, empty where nothing was or it is not said."""

    code: str
    message: str
    operation: str
    action: str

    @property
    def is_denial(self) -> bool:
        """Whether somebody was denied something."""
        return self.code in DENIAL_CODES

    def __str__(self) -> str:
        return f"{self.operation} was answered {self.code}: {self.message}"


def read_answer(error: ClientError) -> Answer:
    """What a service said."""
    answer: Any = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    action = denied_action(message) if code in DENIAL_CODES else ""
    return Answer(code, message, str(error.operation_name), action)


def client_error(error: BaseException | None) -> ClientError | None:
    """The error, if a service answered it."""
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
        found = client_error(error)
        answer = None if found is None else read_answer(found)
        if answer is None or answer.action.lower() != self._wanted.lower():
            text = f"`{self._wanted}` was not denied: {_instead(error, answer)}"
            raise ExpectationError(text, went_through=error is None) from error
        self.code, self.message = answer.code, answer.message
        self.operation, self.action = answer.operation, answer.action
        return True


def _instead(error: BaseException | None, answer: Answer | None) -> str:
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
        found = client_error(error)
        if found is None:
            return
        answer = read_answer(found)
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
