"""The seam of an account: which calls are observed, and that each is told of once."""

from __future__ import annotations

import io
import socket
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.aws.backend import AwsBackend
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.pipeline import Incoming
from pytest_kmslab.enforcement.trail import Trail, UndecidedCalls
from pytest_kmslab.errors import UnreadError
from pytest_kmslab.interception.hooks import BotocoreHooks
from pytest_kmslab.observe.botocore_hooks import CallObservation

ANA = Caller("arn:aws:iam::111122223333:user/ana", "111122223333", "arn", "AIDA", "User", "ana")


class Noting:
    """An observer that notes what it is told."""

    services = frozenset({"kms", "iam"})

    def __init__(self, endpoint_url: str | None = None) -> None:
        self.active = True
        reader = SimpleNamespace(caller=lambda credentials: ANA)
        account = AwsBackend("us-east-1", stand_in=endpoint_url)
        self.backend = SimpleNamespace(owns_url=account.owns_url, reader=reader)
        self.told: list[Any] = []
        self.calls: list[ApiCall | Exception] = []

    def before(self, incoming: Incoming) -> str:
        name = f"{incoming.service}:{incoming.operation}"
        self.told.append(f"before {name}")
        try:
            caller, params = incoming.authenticate(), incoming.parse()
            call = ApiCall(incoming.service, incoming.operation, params, incoming.region, caller)
            self.calls.append(call)
        except UnreadError as error:
            self.calls.append(error)
        return name

    def after(self, observed: str, status: int, parsed: Any) -> None:
        self.told.append(f"after {observed} {status}")

    def no_answer(self, observed: str) -> None:
        self.told.append(f"lost {observed}")


def client(hooks: BotocoreHooks, service: str = "kms", **more: Any) -> Any:
    made = boto3.Session("AKIA", "secret", region_name="us-east-1").client(service, **more)
    for event, handler in hooks.handlers:
        made.meta.events.register(event, handler)
    return made


def watching(observer: Any) -> BotocoreHooks:
    hooks = BotocoreHooks()
    hooks.attach(CallObservation(observer, Trail(), UndecidedCalls(Trail())))
    return hooks


class Body(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def asked(made: Any, operation: str = "list_keys", answer: bytes = b"{}") -> None:
    """Make a call that is answered without being sent."""

    def reply(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), Body(answer))

    made.meta.events.register("before-send", reply)
    getattr(made, operation)()


def test_a_call_is_predicted_and_compared() -> None:
    observer = Noting()
    asked(client(watching(observer)))
    assert observer.told == ["before kms:ListKeys", "after kms:ListKeys 200"]
    (call,) = observer.calls
    assert isinstance(call, ApiCall)
    assert (call.name, call.caller, call.region) == ("kms:ListKeys", ANA, "us-east-1")


def test_a_call_without_an_answer_is_told_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        observer = Noting(url)
        made = client(watching(observer), endpoint_url=url, config=Config(retries={"max_attempts": 0}))
        with pytest.raises(EndpointConnectionError):
            made.list_keys()
    assert observer.told == ["before kms:ListKeys", "lost kms:ListKeys"]


def test_an_unsigned_call_is_nobody_s() -> None:
    from botocore import UNSIGNED

    observer = Noting()
    asked(client(watching(observer), config=Config(signature_version=UNSIGNED)))
    (error,) = observer.calls
    assert str(error) == "who calls: the request is not signed"


@pytest.mark.parametrize(
    ("observer", "service", "more"),
    [
        (Noting(), "kms", {"endpoint_url": "http://127.0.0.1:4566"}),
        (Noting("http://127.0.0.1:4566"), "kms", {}),
        (Noting(), "cloudwatch", {}),
    ],
    ids=["a client of an emulator", "AWS where a stand-in is watched", "another service"],
)
def test_other_calls_are_not_observed(observer: Noting, service: str, more: Any) -> None:
    operation = "list_keys" if service == "kms" else "list_metrics"
    asked(client(watching(observer), service, **more), operation)
    assert observer.told == []


def test_outside_of_a_lab_and_when_detached_nothing_is_observed() -> None:
    observer = Noting()
    hooks = watching(observer)
    observer.active = False
    asked(client(hooks))
    observer.active = True
    hooks.detach()
    asked(client(hooks))
    assert observer.told == []


def test_a_call_of_another_service_is_counted_and_not_predicted() -> None:
    observer, trail, hooks = Noting(), Trail(), BotocoreHooks()
    hooks.attach(CallObservation(observer, Trail(), UndecidedCalls(trail)))
    asked(client(hooks, "sqs"), "list_queues")
    assert observer.told == []
    assert trail.undecided == {"sqs": 1}
