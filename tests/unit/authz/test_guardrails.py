from __future__ import annotations

from typing import Any

import pytest
from helpers.decisions import (
    ALL,
    BOUNDARY,
    ENDPOINT,
    IDENTITY,
    NOTHING,
    RCP,
    RESOURCE,
    SCP,
    SESSION_POLICY,
    TRUST,
    allowed,
    decide,
    key,
    lacking,
    outcome,
)
from helpers.factories import (
    ACCOUNT,
    KEY,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    deny,
    named,
    request_of,
    to,
    unreadable,
)

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (((ALL,), (ALL,)), True),
        (((ALL,), (NOTHING, ALL)), True),
        (((ALL,), (NOTHING,)), False),
        (((ALL,), ()), False),
    ],
)
@pytest.mark.parametrize("kind", [SCP, RCP])
def test_every_level_of_the_organization_must_allow(kind: PolicyType, levels: Any, expected: bool) -> None:
    if kind is RCP:
        rename = {"all": named(allow(Principal="*")), "narrow": named(allow("s3:GetObject", Principal="*"))}
        levels = tuple(tuple(rename[policy.name] for policy in level) for level in levels)
    field = "service_control" if kind is SCP else "resource_control"
    decision = decide(request_of(), resource=key(to(USER)), **{field: levels})
    assert outcome(decision) == (allowed(RESOURCE) if expected else lacking(kind))


def test_guardrails_are_named_before_what_else_is_lacking() -> None:
    decision = decide(
        request_of(),
        resource=key(TRUST),
        permissions_boundary=NOTHING,
        resource_control=((named(allow("s3:*", Principal="*")),),),
        service_control=((NOTHING,),),
        vpc_endpoint=named(allow("s3:*", Principal="*")),
    )
    assert outcome(decision) == lacking(RCP, SCP, ENDPOINT, IDENTITY, BOUNDARY)


def test_organization_policies_pass_by_services_and_service_linked_roles() -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/Linked"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Linked/s"
    forbidden = named(deny(Principal="*"))
    request = request_of(session, aws__PrincipalArn=linked)
    policies = {"service_control": ((forbidden,),), "resource_control": ((forbidden,),)}
    assert decide(request, resource=key(to(linked)), **policies).allowed
    assert not decide(request_of(session), resource=key(to(session)), **policies).allowed
    service = key(to({"Service": SERVICE}))
    assert decide(request_of(SERVICE), resource=service, service_control=((forbidden,),)).allowed
    assert not decide(request_of(SERVICE), resource=service, resource_control=((forbidden,),)).allowed


@pytest.mark.parametrize(
    ("principal", "action", "resource", "statement", "expected"),
    [
        (USER, "kms:Decrypt", KEY, to("*"), True),
        (USER, "kms:Decrypt", KEY, to(USER), True),
        (USER, "kms:Decrypt", KEY, to(STRANGER), False),
        (USER, "kms:Decrypt", KEY, allow(), False),
        (USER, "kms:Decrypt", KEY, to(ROOT), True),
        (USER, "dynamodb:GetItem", TABLE, to(ROOT), False),
        (SESSION, "dynamodb:GetItem", TABLE, to(ROLE), True),
        (ROOT, "dynamodb:GetItem", TABLE, to(ROOT), True),
    ],
)
def test_an_endpoint_policy_lets_through_whom_it_names(
    principal: str, action: str, resource: str, statement: dict[str, Any], expected: bool
) -> None:
    policies = {"resource": key(to("*")), "vpc_endpoint": named(statement)}
    decision = decide(request_of(principal, action, resource), **policies)
    assert outcome(decision) == ((Outcome.ALLOWED, outcome(decision)[1]) if expected else lacking(ENDPOINT))


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("identity", IDENTITY),
        ("resource", RESOURCE),
        ("permissions_boundary", BOUNDARY),
        ("session", SESSION_POLICY),
        ("service_control", SCP),
        ("resource_control", RCP),
        ("vpc_endpoint", ENDPOINT),
    ],
)
def test_a_policy_that_cannot_be_read_denies(field: str, kind: PolicyType) -> None:
    broken: Any = unreadable()
    value = {"identity": (broken, ALL), "session": (ALL, broken)}.get(field, broken)
    value = ((ALL, broken),) if field.endswith("control") else value
    policies = {"identity": (ALL,)} | {field: value}
    decision = decide(request_of(USER, "dynamodb:GetItem", TABLE), **policies)
    assert decision == Decision(Outcome.IMPLICIT_DENY, (Reason(kind, Effect.UNREADABLE, "broken"),))
    explicit = decide(
        request_of(USER, "dynamodb:GetItem", TABLE),
        **policies | {"identity": (named(deny()), broken)},
    )
    assert explicit.decision is Outcome.EXPLICIT_DENY


def test_a_policy_that_does_not_bear_on_the_request_may_be_broken() -> None:
    assert decide(request_of(ROOT, "dynamodb:GetItem", TABLE), identity=(unreadable(),)).allowed
