from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.authz.context import LazyContext
from pytest_kmslab.authz.decision import Decision, Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement import authorizer as module
from pytest_kmslab.enforcement.authorizer import Authorizer

ANA, BEN = (f"arn:aws:iam::111122223333:user/{name}" for name in ("ana", "ben"))
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DYNAMODB, S3 = "dynamodb.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests that were evaluated."""
    requests: list[Request] = []
    authorize = module.authorize

    def counted(request: Request, *args: Any) -> Decision:
        requests.append(request)
        return authorize(request, *args)

    monkeypatch.setattr(module, "authorize", counted)
    return requests


def key_policy(*names: str, **more: Any) -> Policies:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(names)}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})
    return Policies(resource=NamedPolicy(KEY, parse_policy(text)))


def asked(principal: str = ANA, via: str = DYNAMODB, action: str = "kms:Decrypt") -> Request:
    return Request(principal, action, KEY, LazyContext(lambda: {"kms:ViaService": via}))


def test_the_same_question_is_evaluated_once(evaluated: list[Request]) -> None:
    decisions, policies = Authorizer(), key_policy(ANA)
    first = decisions.decide(asked(via=DYNAMODB), policies, ())
    assert decisions.decide(asked(via=S3), key_policy(ANA), ()) == first
    assert len(evaluated) == 1
    assert first.allowed


@pytest.mark.parametrize(
    ("request_", "policies"),
    [
        (asked(BEN), key_policy(ANA)),
        (asked(action="kms:Encrypt"), key_policy(ANA)),
        (asked(), key_policy(BEN)),
        (asked(), key_policy(ANA, Effect="Deny")),
        (asked(), key_policy(ANA)._replace(service_control=((),))),
    ],
)
def test_another_caller_action_or_policy_is_another_question(
    evaluated: list[Request], request_: Request, policies: Policies
) -> None:
    decisions = Authorizer()
    decisions.decide(asked(), key_policy(ANA), ())
    decisions.decide(request_, policies, ())
    assert len(evaluated) == 2


def test_what_a_condition_bore_on_is_evaluated_each_time() -> None:
    through = key_policy(ANA, Condition={"StringEquals": {"kms:ViaService": DYNAMODB}})
    decisions = Authorizer()
    answers = [decisions.decide(asked(via=via), through, ()).decision for via in (DYNAMODB, S3, DYNAMODB)]
    assert answers == [Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.ALLOWED]


def test_a_context_that_was_read_before_is_not_taken_for_unread(evaluated: list[Request]) -> None:
    decisions, read = Authorizer(), asked()
    assert read.context["kms:ViaService"] == (DYNAMODB,)
    for _ in range(2):
        decisions.decide(read, key_policy(ANA), ())
    assert len(evaluated) == 2


def test_grants_are_looked_at_each_time() -> None:
    decisions, grant = Authorizer(), Grant(ANA, frozenset(["Decrypt"]), "g1")
    outcomes = [decisions.decide(asked(), key_policy(BEN), held).allowed for held in ((), (grant,), ())]
    assert outcomes == [False, True, False]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch, evaluated: list[Request]) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    decisions = Authorizer()
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:Sign", "kms:Sign", "kms:Decrypt"):
        decisions.decide(asked(action=action), key_policy(ANA), ())
    assert [request.action for request in evaluated] == [
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:Sign",
        "kms:Decrypt",
    ]
