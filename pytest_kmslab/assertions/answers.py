"""What a service answered to a call, read from the exception that boto3 made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import SkipTest

from pytest_kmslab.calls.error_codes import DENIAL_CODES, denied_action

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class ExpectationError(AssertionError):
    """An expectation of `denied`, `allowed` or `eventually` that was not met; the message says what came.

    `went_through` says that a denial was expected, and everything went through; `was_denied` that something
    was denied which was expected to be allowed.
    """

    def __init__(self, message: str, *, went_through: bool = False, was_denied: bool = False) -> None:
        super().__init__(message)
        self.went_through = went_through
        self.was_denied = was_denied


class Answer(NamedTuple):
    """An error of AWS, read."""

    code: str
    message: str
    operation: str
    """The API operation that was called."""
    action: str
    """The action that was denied, as AWS spelt it; empty where nothing was, or where it is not said."""

    @property
    def is_denial(self) -> bool:
        """Whether somebody was denied something."""
        return self.code in DENIAL_CODES

    @property
    def line(self) -> str:
        """In a line: ValidationException when calling GetItem: what the service said. Of a text of KMS inside
        one of DynamoDB's, without what the SDK put around it."""
        # Not imported above: reading an answer needs nothing of how calls are decided.
        from pytest_kmslab.calls.dynamodb.sse.key_use import without_sdk_words

        return f"{self.code} when calling {self.operation}: {without_sdk_words(self.message)}"

    def __str__(self) -> str:
        return f"{self.operation} was answered {self.code}: {self.message}"


def read_answer(error: ClientError) -> Answer:
    """What a service said."""
    answer: Any = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    # A text that only quotes a denial, in an error of another kind, is none.
    action = denied_action(message) if code in DENIAL_CODES else ""
    return Answer(code, message, str(error.operation_name), action)


def client_error(error: BaseException | None) -> ClientError | None:
    """The error, if a service answered it."""
    from botocore.exceptions import ClientError

    # Imported here: a run that never calls AWS needs no botocore, which takes long to load.
    return error if isinstance(error, ClientError) else None


def is_verdict(error: BaseException) -> bool:
    """Whether an exception is the word of the test or of the run, whatever it was raised from.

    That is a failed assert, a skip or an interrupt, alone or in a group. A program's own end is none.
    """
    import pytest

    if isinstance(error, AssertionError | SkipTest | pytest.exit.Exception):
        return True
    # KeyboardInterrupt, GeneratorExit, and pytest's outcomes (Skipped, Failed), which are BaseExceptions so
    # that no `except Exception` takes them.
    if not isinstance(error, Exception | SystemExit):
        return True
    return any(is_verdict(inner) for inner in getattr(error, "exceptions", ()))


def carried_answers(error: BaseException | None, *, handled: BaseException | None = None) -> Iterator[Answer]:
    """The answers of services that an exception is, wraps (`raise … from`), was raised while handling, or
    has in a group; each once. `handled` was there before, so what led to it is not looked at.
    """
    # Exceptions may lead to one another in a ring, and compare equal though they are two.
    seen = {id(handled)}
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        answered = client_error(current)
        if answered is not None:
            yield read_answer(answered)
        # Both: `raise … from` sets the cause, and the context stays what was being handled.
        waiting += [current.__context__, current.__cause__, *getattr(current, "exceptions", ())]
