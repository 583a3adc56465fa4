"""What other processes make through a gateway, undecided: alarms and stacks that a lab can adopt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import ROOT, signed
from werkzeug.test import Client

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.pipeline import Pipeline
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.gateway.app import Gateway
from pytest_kmslab.gateway.creations import PassedCreations
from pytest_kmslab.wire.http_message import Environ, Reply

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/app/1"
STACK_XML = f"<CreateStackResult><StackId>{STACK}</StackId></CreateStackResult>"
FORM = "application/x-www-form-urlencoded"
TARGET = "GraniteServiceVersion20100801"
CBOR = bytes([0xA1, 0x69, *b"AlarmName", 0x64, *b"slow"])


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


class Emulator(FakeUpstream):
    """Answers what is passed on as it answers everything."""

    def forward(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        super().forward(environ, lambda *_: None)
        start_response(f"{self.reply.status} told", list(self.reply.headers))
        return [self.reply.body]


class Passing:
    """A gateway before an emulator that answers everything so."""

    def __init__(self, body: str = "", status: int = 200, *, is_there: bool = False) -> None:
        self.backend = MotoBackend("us-east-1", root=ROOT)
        self.backend.start()
        upstream = Emulator(Reply(status, (("Content-Type", "text/xml"),), body.encode()))
        pipeline = Pipeline(self.backend, Trail(), Clock())
        self.asked: list[tuple[str, str, str]] = []

        def exists(*what: str) -> bool:
            self.asked.append(what)  # type: ignore[arg-type]
            return is_there

        passed = PassedCreations(pipeline.creations, self.backend, exists)
        self.client = Client(Gateway(pipeline, upstream, Trail(), passed_creations=passed))
        self.creations = pipeline.creations

    def call(
        self, service: str, body: bytes, keys: Credentials = ROOT, path: str = "/", **headers: str
    ) -> Any:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=body, headers=signed(service, body, headers, keys, target=path))

    def __enter__(self) -> Passing:
        return self

    def __exit__(self, *_: object) -> None:
        self.backend.stop()


ALARMS: dict[str, tuple[bytes, str, dict[str, str]]] = {
    "query": (form(Action="PutMetricAlarm", AlarmName="slow"), "/", {"Content_Type": FORM}),
    "json": (b'{"AlarmName": "slow"}', "/", {"X_Amz_Target": f"{TARGET}.PutMetricAlarm"}),
    "cbor": (CBOR, f"/service/{TARGET}/operation/PutMetricAlarm", {"Smithy_Protocol": "rpc-v2-cbor"}),
}


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("protocol", ALARMS)
def test_an_alarm_is_the_runs_if_there_was_none_of_its_name(protocol: str, is_there: bool) -> None:
    body, path, headers = ALARMS[protocol]
    with Passing(is_there=is_there) as passing:
        assert passing.call("monitoring", body, path=path, **headers).status_code == 200
        assert bool(passing.creations.unique_ids_of(ALARM)) is not is_there
        assert passing.asked == [("cloudwatch", "slow", "us-east-1")]


def test_whose_account_is_not_known_makes_no_alarm_of_the_runs() -> None:
    with Passing() as passing:
        body, _, headers = ALARMS["query"]
        passing.call("monitoring", body, Credentials("AKIAUNKNOWN", "x"), **headers)
        assert passing.creations.unique_ids_of(ALARM) == frozenset()


STACKS: list[tuple[dict[str, str], bool, bool]] = [
    ({"Action": "CreateStack"}, False, True),
    ({"Action": "CreateStack", "ClientRequestToken": "a"}, False, True),
    ({"Action": "CreateStack", "ClientRequestToken": "a"}, True, False),
    ({"Action": "CreateChangeSet", "ChangeSetType": "CREATE"}, False, True),
    ({"Action": "CreateChangeSet", "ChangeSetType": "CREATE"}, True, False),
    ({"Action": "CreateChangeSet"}, False, False),
    ({"Action": "UpdateStack"}, False, False),
]


@pytest.mark.parametrize(("fields", "is_there", "counts"), STACKS)
def test_a_stack_is_the_runs_if_the_call_made_it(
    fields: dict[str, str], is_there: bool, counts: bool
) -> None:
    with Passing(STACK_XML, is_there=is_there) as passing:
        reply = passing.call("cloudformation", form(**fields, StackName="app"), Content_Type=FORM)
        assert STACK in reply.text
        assert bool(passing.creations.unique_ids_of(STACK)) is counts


def test_what_was_refused_was_not_made() -> None:
    with Passing(STACK_XML, 400) as passing:
        passing.call("cloudformation", form(Action="CreateStack", StackName="app"), Content_Type=FORM)
        assert passing.creations.unique_ids_of(STACK) == frozenset()
