from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.fake_account import FakeAccount, call, policy, user

from pytest_kmslab.account.model import Organization, Standing
from pytest_kmslab.authz.context import LazyContext
from pytest_kmslab.authz.decision import Decision, Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import Authorization
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


NOTHING, ALL = ({"Action": "s3:*"},), ({"Action": "*"},)
ORGANIZATION = Organization("o-1", "o-1/r-1/", (), ())
"""Of the account itself."""


class Granting(FakeAccount):
    """An account whose resources are under control policies."""

    control: tuple[tuple[NamedPolicy, ...], ...] = ()

    def resource_control(self, resource: str) -> tuple[tuple[NamedPolicy, ...], ...]:
        assert resource == KEY
        return self.control


def given(name: str, statements: tuple[dict[str, Any], ...]) -> NamedPolicy:
    return NamedPolicy(name, policy(*statements))


@pytest.mark.parametrize(
    ("lacking", "decision"),
    [
        ("", Outcome.ALLOWED),
        ("identity", Outcome.IMPLICIT_DENY),
        ("permissions_boundary", Outcome.IMPLICIT_DENY),
        ("session", Outcome.IMPLICIT_DENY),
        ("service_control", Outcome.IMPLICIT_DENY),
        ("resource_control", Outcome.IMPLICIT_DENY),
        ("resource", Outcome.IMPLICIT_DENY),
    ],
)
def test_every_type_of_policy_counts(lacking: str, decision: Outcome) -> None:
    def of(kind: str) -> tuple[dict[str, Any], ...]:
        return NOTHING if kind == lacking else ALL

    view = Granting()
    everybody = tuple({**statement, "Principal": "*"} for statement in of("resource_control"))
    view.control = ((given("rcp", everybody),),)
    root = {"Principal": {"AWS": "111122223333"}}
    view.key_policies[KEY] = policy({**root, "Action": "s3:*" if lacking == "resource" else "kms:*"})
    own = Policies(
        identity=(given("own", of("identity")),),
        permissions_boundary=given("boundary", of("permissions_boundary")),
        session=(given("session", of("session")),),
        service_control=((given("scp", of("service_control")),),),
    )
    caller = user("ana", "111122223333")
    request = Request(ANA, "kms:Decrypt", KEY, LazyContext(dict), "111122223333")
    standing = Standing("111122223333", ORGANIZATION, own)
    made = Authorizer().authorize(call("kms", "Decrypt", {}, caller), Authorization(request), view, standing)
    assert made.decision.decision is decision
    assert made.request.context["aws:ResourceOrgID"] == ("o-1",)
    assert made.request.context["aws:ResourceOrgPaths"] == ("o-1/r-1/",)
