"""Whom a lab can act as, and what is known of what they may do."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_client import Bed, FakeClient, RefusedError

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.lab.acting.principals import Principals, own_policies_say
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.sessions import PrincipalSession, Sessions
from pytest_kmslab.lab.waiting.waiters import Waiter

ACTIONS = ["dynamodb:ListTables", "kms:ListAliases", "kms:Decrypt"]


def test_iam_says_what_the_policies_of_a_user_allow(lab: Lab) -> None:
    user = lab.create_user(policies=["AmazonDynamoDBFullAccess"])
    said = own_policies_say(lab.as_(lab.admin).client("iam"), user.arn, ACTIONS)
    assert said == dict(zip(ACTIONS, ["allowed", "allowed", "implicitDeny"], strict=True))


def test_where_iam_does_not_say_nothing_is_known(lab: Lab) -> None:
    iam = lab.as_(lab.create_user()).client("iam")
    assert own_policies_say(iam, lab.admin.arn, ACTIONS) == {}


class Answers(FakeClient):
    """IAM's simulator, which allows ListTables alone."""

    def paginate(self, **given: Any) -> list[dict[str, Any]]:
        decisions = dict.fromkeys(given["ActionNames"], "implicitDeny")
        decisions["dynamodb:ListTables"] = "allowed"
        results = [{"EvalActionName": one, "EvalDecision": said} for one, said in decisions.items()]
        return [{"EvaluationResults": results}]


@pytest.mark.parametrize("made_here", [True, False])
def test_a_user_of_the_lab_is_waited_for_until_its_policies_act(
    site: LabContext, bed: Bed, monkeypatch: pytest.MonkeyPatch, made_here: bool
) -> None:
    iam: Any = Answers()
    iam._answers["get_paginator"] = [iam]
    sessions = Sessions(site.backend, Waiter(is_strongly_consistent=False, sleep=bed.sleep))
    admin = IamUser("admin", "arn:aws:iam::123456789012:user/admin", Credentials("AKIAADMIN", "secret"), iam)
    at_once = PrincipalSession(FakeSession(iam), {}, Waiter(is_strongly_consistent=True))  # type: ignore[arg-type]
    principals = Principals(sessions, admin, at_once)
    ana = IamUser("ana", "arn:aws:iam::123456789012:user/ana", Credentials("AKIAANA", "secret"), iam)
    if made_here:
        principals.add(ana)
    denied: Any = FakeClient(list_tables=[RefusedError("AccessDeniedException")])
    session = principals.session(ana)
    monkeypatch.setattr(session, "_session", FakeSession(denied))
    session.client("dynamodb")
    assert (sum(bed.slept) >= 60) is made_here


class FakeSession:
    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, *_: Any, **__: Any) -> Any:
        return self._client
