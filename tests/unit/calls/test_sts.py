"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html"""

from __future__ import annotations

from typing import Any

import pytest
from unit.calls.fake_facts import ACCOUNT, FakeFacts, call, outcome, policy, user

from pytest_kmslab.calls.base import ServiceError
from pytest_kmslab.calls.operations import asks

ROLE = f"arn:aws:iam::{ACCOUNT}:role/svc/app"
ANA = user()
TAGS = [{"Key": "Team", "Value": "blue"}]


@pytest.fixture
def facts() -> FakeFacts:
    facts = FakeFacts()
    facts.iam_arns["role", "app"] = ROLE
    facts.tags_by_arn[ROLE] = {"Stage": "prod"}
    return facts


def assume(**params: Any) -> Any:
    return call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", **params}, ANA)


def asked(facts: FakeFacts, operation: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (ask.request.action, ask.request.resource) for ask in asks(call("sts", operation, params, ANA), facts)
    ]


def test_assuming_a_role_asks_on_the_role(facts: FakeFacts) -> None:
    (ask,) = asks(assume(ExternalId="x1"), facts)
    assert (ask.request.action, ask.request.resource) == ("sts:AssumeRole", ROLE)
    context = ask.request.context
    assert context["sts:RoleSessionName"] == ("s1",)
    assert context["sts:ExternalId"] == ("x1",)
    assert context["aws:ResourceTag/Stage"] == ("prod",)
    assert context["iam:ResourceTag/Stage"] == ("prod",)


def test_session_tags_and_a_source_identity_need_a_permission_each(facts: FakeFacts) -> None:
    params = {"Tags": TAGS, "TransitiveTagKeys": ["Team"], "SourceIdentity": "ana"}
    found = list(asks(assume(**params), facts))
    assert [ask.request.action for ask in found] == [
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ]
    assert found[0].request.context["aws:RequestTag/Team"] == ("blue",)
    assert found[0].request.context["sts:TransitiveTagKeys"] == ("Team",)
    assert found[0].request.context["sts:SourceIdentity"] == ("ana",)


@pytest.mark.parametrize(
    ("trusted", "identity", "expected"),
    [
        (ANA.arn, None, "allowed"),
        (f"arn:aws:iam::{ACCOUNT}:root", None, "sts:AssumeRole"),
        (f"arn:aws:iam::{ACCOUNT}:root", {"Action": "sts:AssumeRole"}, "allowed"),
        (user("bob").arn, {"Action": "sts:AssumeRole"}, "sts:AssumeRole"),
    ],
)
def test_the_roles_trust_policy_decides(
    facts: FakeFacts, trusted: str, identity: dict[str, Any] | None, expected: str
) -> None:
    facts.key_policies[ROLE] = policy({"Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"})
    if identity:
        facts.allow(ANA, identity)
    assert outcome(assume(), facts) == expected


@pytest.mark.parametrize(
    "role",
    [
        f"arn:aws:iam::{ACCOUNT}:role/none",
        f"arn:aws:iam::{ACCOUNT}:role/app",
        f"arn:aws:iam::{ACCOUNT}:user/app",
        "arn:aws:s3:::role/app",
        "app",
    ],
)
def test_a_role_that_does_not_exist_is_denied_like_one_that_does(facts: FakeFacts, role: str) -> None:
    with pytest.raises(ServiceError) as denied:
        next(asks(assume(RoleArn=role), facts))
    assert (denied.value.code, denied.value.status) == ("AccessDenied", 403)
    assert (
        denied.value.message
        == f"User: {ANA.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    )


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "GetSessionToken"])
def test_who_am_i_needs_no_permission(facts: FakeFacts, operation: str) -> None:
    assert asked(facts, operation, {}) == []


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        (
            "GetFederationToken",
            {"Name": "fed"},
            [("sts:GetFederationToken", f"arn:aws:sts::{ACCOUNT}:federated-user/fed")],
        ),
        (
            "GetFederationToken",
            {"Name": "fed", "Tags": TAGS},
            [
                ("sts:GetFederationToken", f"arn:aws:sts::{ACCOUNT}:federated-user/fed"),
                ("sts:TagSession", f"arn:aws:sts::{ACCOUNT}:federated-user/fed"),
            ],
        ),
        ("DecodeAuthorizationMessage", {"EncodedMessage": "x"}, [("sts:DecodeAuthorizationMessage", "*")]),
        ("GetAccessKeyInfo", {"AccessKeyId": "AKIA"}, [("sts:GetAccessKeyInfo", "*")]),
        (
            "AssumeRoot",
            {"TargetPrincipal": "210987654321", "TaskPolicyArn": {"arn": "arn:p"}},
            [("sts:AssumeRoot", "arn:aws:iam::210987654321:root")],
        ),
        (
            "GetWebIdentityToken",
            {"Audience": ["a"], "SigningAlgorithm": "RS256", "Tags": TAGS},
            [("sts:GetWebIdentityToken", "*"), ("sts:TagGetWebIdentityToken", "*")],
        ),
    ],
)
def test_what_the_others_ask_for(
    facts: FakeFacts, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert asked(facts, operation, params) == expected
