from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import Mode
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.session.current import run_is_current

ANA = "arn:aws:iam::111122223333:user/team/ana"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OUTCOMES = {
    "allowed": Decision(
        Outcome.ALLOWED, (Reason(PolicyType.RESOURCE, Effect.ALLOW, KEY, "Allow use of the key"),)
    ),
    "missing": Decision(Outcome.IMPLICIT_DENY, (Reason(PolicyType.IDENTITY, Effect.MISSING),)),
    "denied": Decision(Outcome.EXPLICIT_DENY, (Reason(PolicyType.RESOURCE, Effect.DENY, KEY, "Keep out"),)),
}


@dataclass
class FakeRun:
    """A run in which a test decides by itself what is asked and answered."""

    mode: Mode
    trail: Trail = field(default_factory=Trail)
    in_lab: bool = True
    recorder: None = None
    view: Any = None

    def decide(
        self,
        outcome: str,
        action: str = "kms:Decrypt",
        principal: str = ANA,
        resource: str = KEY,
        via: str = "dynamodb",
    ) -> None:
        self.trail.count_call()
        self.trail.record("dynamodb:GetItem", Request(principal, action, resource), OUTCOMES[outcome], via)


@pytest.fixture
def run() -> Iterator[FakeRun]:
    """A lab whose calls are decided."""
    run = FakeRun(Mode.ENFORCE)
    with run_is_current(run):
        yield run


@pytest.fixture
def undecided() -> Iterator[FakeRun]:
    """A lab whose calls are not decided, so that a service's answer is all that is known."""
    run = FakeRun(Mode.OFF)
    with run_is_current(run):
        yield run
