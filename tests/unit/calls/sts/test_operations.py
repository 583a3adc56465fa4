"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, FakeAccount, call, outcome, policy, role_session, user

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/svc/app"
ANA = user()
TAGS = [{"Key": "Team", "Value": "blue"}]


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.iam_arns["role", "app"] = ROLE
    view.tags_by_arn[ROLE] = {"Stage": "prod"}
    return view


def assume(**params: Any) -> Any:
    return call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", **params}, ANA)


def asked(view: FakeAccount, operation: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (authorization.request.action, authorization.request.resource)
        for authorization in required_authorizations(call("sts", operation, params, ANA), view)
    ]


def test_assuming_a_role_asks_on_the_role(view: FakeAccount) -> None:
    (authorization,) = required_authorizations(assume(ExternalId="x1"), view)
    assert (authorization.request.action, authorization.request.resource) == ("sts:AssumeRole", ROLE)
    context = authorization.request.context
    assert context["sts:RoleSessionName"] == ("s1",)
    assert context["sts:ExternalId"] == ("x1",)
    assert context["aws:ResourceTag/Stage"] == ("prod",)
    assert context["iam:ResourceTag/Stage"] == ("prod",)


def test_session_tags_and_a_source_identity_need_a_permission_each(view: FakeAccount) -> None:
    params = {"Tags": TAGS, "TransitiveTagKeys": ["Team"], "SourceIdentity": "ana"}
    found = list(required_authorizations(assume(**params), view))
    assert [authorization.request.action for authorization in found] == [
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ]
    assert found[0].request.context["aws:RequestTag/Team"] == ("blue",)
    assert found[0].request.context["sts:TransitiveTagKeys"] == ("Team",)
    assert found[0].request.context["sts:SourceIdentity"] == ("ana",)


def test_contexts_that_a_provider_asserts_need_a_permission_more(view: FakeAccount) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html"""
    provider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
    asserted = [{"ProviderArn": provider, "ContextAssertion": "opaque"}]
    found = list(required_authorizations(assume(ProvidedContexts=asserted), view))
    assert [(one.request.action, one.request.resource) for one in found] == [
        ("sts:AssumeRole", ROLE),
        ("sts:SetContext", ROLE),
    ]
    assert found[1].request.context["sts:RequestContextProviders"] == (provider,)
    (alone,) = required_authorizations(assume(ProvidedContexts=[]), view)
    assert "sts:RequestContextProviders" not in alone.request.context
    trust = policy({"Principal": {"AWS": ANA.arn}, "Action": "sts:AssumeRole"})
    view.key_policies[ROLE] = trust
    assert outcome(assume(ProvidedContexts=asserted), view) == "sts:SetContext"
    view.key_policies[ROLE] = policy(
        {"Principal": {"AWS": ANA.arn}, "Action": ["sts:AssumeRole", "sts:SetContext"]}
    )
    assert outcome(assume(ProvidedContexts=asserted), view) == "allowed"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("FederatedUser", "Cannot call AssumeRole with federated credentials"),
        ("Account", "Roles may not be assumed by root accounts."),
    ],
)
def test_who_can_assume_no_role_at_all(view: FakeAccount, kind: str, text: str) -> None:
    caller = replace(ANA, kind=kind)
    with pytest.raises(ServiceError) as refused:
        next(required_authorizations(assume()._replace(caller=caller), view))
    assert (refused.value.code, refused.value.message, refused.value.status) == ("AccessDenied", text, 403)


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
@pytest.mark.parametrize("caller", [role_session(), replace(ANA, token_issued="2026-01-02T12:00:00Z")])
def test_temporary_credentials_get_no_further_ones(view: FakeAccount, operation: str, caller: Caller) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html"""
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("sts", operation, {"Name": "fed"}, caller), view))
    text = f"Cannot call {operation} with session credentials"
    assert (refused.value.code, refused.value.message, refused.value.status) == ("AccessDenied", text, 403)


OTHERS = {
    "AssumeRoot": {"TargetPrincipal": "210987654321", "TaskPolicyArn": {"arn": "arn:p"}},
    "DecodeAuthorizationMessage": {"EncodedMessage": "m"},
    "GetAccessKeyInfo": {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"},
    "GetDelegatedAccessToken": {"TradeInToken": "t"},
    "GetWebIdentityToken": {"Audience": ["a"], "SigningAlgorithm": "RS256"},
}


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("kind", ["User", "Account", "FederatedUser"])
def test_sessions_of_users_call_little_of_sts(view: FakeAccount, operation: str, kind: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    session = replace(ANA, kind=kind, token_issued="2026-01-02T12:00:00Z")
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("sts", operation, OTHERS[operation], session), view))
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    for other in (ANA, role_session()):
        assert list(required_authorizations(call("sts", operation, OTHERS[operation], other), view))


def test_what_is_said_of_a_root_task_and_of_a_token() -> None:
    (root,) = required_authorizations(
        call(
            "sts",
            "AssumeRoot",
            {"TargetPrincipal": "arn:aws:iam::210987654321:root", "TaskPolicyArn": {"arn": "arn:p"}},
        ),
        FakeAccount(),
    )
    assert root.request.resource == "arn:aws:iam::210987654321:root"
    assert root.request.context["sts:TaskPolicyArn"] == ("arn:p",)
    assert root.request.context["aws:ResourceAccount"] == ("210987654321",)
    params = {"Audience": ["a", "b"], "SigningAlgorithm": "RS256", "DurationSeconds": 300}
    (token,) = required_authorizations(call("sts", "GetWebIdentityToken", params), FakeAccount())
    context = token.request.context
    assert context["sts:IdentityTokenAudience"] == ("a", "b")
    assert context["sts:SigningAlgorithm"] == ("RS256",)
    assert context["sts:DurationSeconds"] == ("300",)


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
    view: FakeAccount, trusted: str, identity: dict[str, Any] | None, expected: str
) -> None:
    view.key_policies[ROLE] = policy({"Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"})
    if identity:
        view.allow(ANA, identity)
    assert outcome(assume(), view) == expected


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
def test_a_role_that_does_not_exist_is_denied_like_one_that_does(view: FakeAccount, role: str) -> None:
    with pytest.raises(ServiceError) as denied:
        next(required_authorizations(assume(RoleArn=role), view))
    assert (denied.value.code, denied.value.status) == ("AccessDenied", 403)
    assert (
        denied.value.message
        == f"User: {ANA.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    )


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "GetSessionToken"])
def test_who_am_i_needs_no_permission(view: FakeAccount, operation: str) -> None:
    assert asked(view, operation, {}) == []


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
    view: FakeAccount, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert asked(view, operation, params) == expected
