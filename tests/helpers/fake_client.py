"""A client that answers what it is told to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from pytest_kmslab.lab.creation import Creation
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.teardown.stack import TeardownStack
from pytest_kmslab.lab.waiting.waiters import Waiter


class RefusedError(ClientError):
    """The error that a service answers with this code."""

    def __init__(self, code: str, status: int = 400, message: str = "", operation: str = "Operation") -> None:
        answer: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        super().__init__(answer, operation)


class NotThereError(RefusedError):
    """ResourceNotFoundException."""

    def __init__(self) -> None:
        super().__init__("ResourceNotFoundException")


class ConflictError(RefusedError):
    """DeleteConflictException."""

    def __init__(self, message: str = "") -> None:
        super().__init__("DeleteConflict", 409, message)


class FakeClient:
    """Answers each operation with the next of its answers, the last one for good, and keeps the calls."""

    def __init__(self, **answers: list[Any]) -> None:
        self.exceptions = SimpleNamespace(
            DeleteConflictException=ConflictError,
            NoSuchEntityException=KeyError,
            NotFoundException=NotThereError,
            ResourceNotFoundException=NotThereError,
        )
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        def call(*_: Any, **parameters: Any) -> Any:
            self.calls.append((operation, parameters))
            answers = self._answers.get(operation, [{}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    @property
    def operations(self) -> list[str]:
        """What was called, in order."""
        return [operation for operation, _ in self.calls]


def creation_of(client: Any, waiter: Waiter) -> Creation:
    """What it takes to make something with one client for every service."""
    backend = SimpleNamespace(region="us-east-1", account="123456789012", view=None)
    context: Any = SimpleNamespace(
        backend=backend, waiter=waiter, naming=Naming("1a2b3c4d"), kinds_made=set()
    )
    return Creation(context, TeardownStack(), lambda _service: client)


class Bed:
    """Sleeps without sleeping, and keeps count."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
