from __future__ import annotations

from typing import Any

import pytest
from unit.authz.build import (
    ACCOUNT,
    FEDERATED,
    KEY,
    OTHER,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    asks,
    deny,
    named,
    to,
    unreadable,
)

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request

IDENTITY, RESOURCE, BOUNDARY = PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.PERMISSIONS_BOUNDARY
SESSION_POLICY, SCP, RCP = PolicyType.SESSION, PolicyType.SERVICE_CONTROL, PolicyType.RESOURCE_CONTROL
ENDPOINT = PolicyType.VPC_ENDPOINT
ALL = named(allow(Sid="All"), name="all")
NOTHING = named(allow("s3:GetObject"), name="narrow")
TRUST = to(ROOT, Sid="Trust")


def decide(request: Request, **policies: Any) -> Decision:
    """Policies by their field; a lone statement list is the resource policy."""
    return authorize(request, Policies(**policies))


def key(*statements: dict[str, Any]) -> NamedPolicy:
    return named(*statements, name=KEY)


def outcome(decision: Decision) -> tuple[Outcome, list[PolicyType]]:
    return decision.decision, [reason.policy_type for reason in decision.reasons]


def lacking(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.IMPLICIT_DENY, list(kinds)


def allowed(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.ALLOWED, list(kinds)


def denied(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.EXPLICIT_DENY, list(kinds)


@pytest.mark.parametrize(
    ("principal", "policies", "expected"),
    [
        # the key policy names the caller
        (USER, {"resource": key(to(USER))}, allowed(RESOURCE)),
        (USER, {"resource": key(to(USER)), "permissions_boundary": NOTHING}, allowed(RESOURCE)),
        (USER, {"resource": key(to("*")), "permissions_boundary": NOTHING}, allowed(RESOURCE)),
        (SESSION, {"resource": key(to(SESSION)), "session": (NOTHING,)}, allowed(RESOURCE)),
        (SESSION, {"resource": key(to(SESSION)), "permissions_boundary": NOTHING}, allowed(RESOURCE)),
        (SESSION, {"resource": key(to(ROLE))}, allowed(RESOURCE)),
        (
            SESSION,
            {"resource": key(to(ROLE)), "permissions_boundary": ALL, "session": (ALL,)},
            allowed(RESOURCE),
        ),
        (SESSION, {"resource": key(to(ROLE)), "permissions_boundary": NOTHING}, lacking(BOUNDARY)),
        (SESSION, {"resource": key(to(ROLE)), "session": (NOTHING,)}, lacking(SESSION_POLICY)),
        (FEDERATED, {"resource": key(to(FEDERATED))}, allowed(RESOURCE)),
        (ROOT, {"resource": key(TRUST)}, allowed(RESOURCE)),
        (ROOT, {"resource": key(to(ACCOUNT))}, allowed(RESOURCE)),
        (ROOT, {"resource": key(to(USER))}, lacking(RESOURCE)),
        (ROOT, {"resource": key(TRUST), "identity": (named(deny()),)}, allowed(RESOURCE)),
        (SERVICE, {"resource": key(to({"Service": SERVICE}))}, allowed(RESOURCE)),
        (SERVICE, {"resource": key(TRUST)}, lacking(RESOURCE)),
        # the trust question
        (USER, {"resource": key(TRUST), "identity": (ALL,)}, allowed(IDENTITY, RESOURCE)),
        (USER, {"resource": key(to(ACCOUNT)), "identity": (ALL,)}, allowed(IDENTITY, RESOURCE)),
        (USER, {"resource": key(TRUST)}, lacking(IDENTITY)),
        (USER, {"resource": key(to(STRANGER)), "identity": (ALL,)}, lacking(RESOURCE)),
        (USER, {"resource": key(to(ROOT, "kms:Encrypt")), "identity": (ALL,)}, lacking(RESOURCE)),
        (USER, {"resource": key(), "identity": (ALL,)}, lacking(RESOURCE)),
        (USER, {"identity": (ALL,)}, lacking(RESOURCE)),
        (USER, {"resource": key(to(OTHER)), "identity": (ALL,)}, lacking(RESOURCE)),
        (
            USER,
            {"resource": key(TRUST), "identity": (ALL,), "permissions_boundary": NOTHING},
            lacking(BOUNDARY),
        ),
        (
            SESSION,
            {"resource": key(TRUST), "identity": (ALL,), "session": (NOTHING,)},
            lacking(SESSION_POLICY),
        ),
        (
            SESSION,
            {"resource": key(TRUST), "identity": (ALL,), "session": (NOTHING, ALL)},
            allowed(IDENTITY, RESOURCE),
        ),
        (USER, {"resource": key(TRUST), "permissions_boundary": NOTHING}, lacking(IDENTITY, BOUNDARY)),
        (FEDERATED, {"resource": key(TRUST), "identity": (ALL,)}, lacking(SESSION_POLICY)),
        (
            FEDERATED,
            {"resource": key(TRUST), "identity": (ALL,), "session": (ALL,)},
            allowed(IDENTITY, RESOURCE),
        ),
        # an explicit Deny, wherever
        (USER, {"resource": key(to(USER), deny(Principal="*"))}, denied(RESOURCE)),
        (USER, {"resource": key(to(USER)), "identity": (named(deny()),)}, denied(IDENTITY)),
        (USER, {"resource": key(to(USER)), "permissions_boundary": named(deny())}, denied(BOUNDARY)),
        (SESSION, {"resource": key(to(SESSION)), "session": (ALL, named(deny()))}, denied(SESSION_POLICY)),
        (USER, {"resource": key(to(USER)), "service_control": ((named(deny()),),)}, denied(SCP)),
        (
            USER,
            {"resource": key(to(USER)), "resource_control": ((named(deny(Principal="*")),),)},
            denied(RCP),
        ),
        (USER, {"resource": key(to(USER)), "vpc_endpoint": named(deny(Principal="*"))}, denied(ENDPOINT)),
        (USER, {"identity": (named(deny()),)}, denied(IDENTITY)),
        # NotPrincipal
        (USER, {"resource": key(to(USER), deny(NotPrincipal={"AWS": [ROOT, USER]}))}, allowed(RESOURCE)),
        (USER, {"resource": key(to(USER), deny(NotPrincipal={"AWS": [ROOT, ROLE]}))}, denied(RESOURCE)),
        (
            USER,
            {
                "resource": key(to(USER), deny(NotPrincipal={"AWS": [ROOT, USER]})),
                "permissions_boundary": ALL,
            },
            denied(RESOURCE),
        ),
        # nobody at all
        ("ana", {"resource": key(to("*")), "identity": (ALL,)}, lacking(RESOURCE)),
    ],
)
def test_use_of_a_key(principal: str, policies: dict[str, Any], expected: Any) -> None:
    assert outcome(decide(asks(principal), **policies)) == expected


@pytest.mark.parametrize(
    ("principal", "policies", "expected"),
    [
        (USER, {"identity": (ALL,)}, allowed(IDENTITY)),
        (USER, {}, lacking(IDENTITY)),
        (USER, {"resource": named(to(USER))}, allowed(RESOURCE)),
        (USER, {"resource": named(to(USER)), "identity": (ALL,)}, allowed(RESOURCE, IDENTITY)),
        (USER, {"resource": named(TRUST)}, lacking(IDENTITY)),
        (USER, {"resource": named(TRUST), "identity": (ALL,)}, allowed(IDENTITY)),
        (USER, {"resource": named(to(STRANGER)), "identity": (ALL,)}, allowed(IDENTITY)),
        (USER, {"identity": (ALL,), "permissions_boundary": NOTHING}, lacking(BOUNDARY)),
        (SESSION, {"identity": (ALL,), "session": (NOTHING,)}, lacking(SESSION_POLICY)),
        (FEDERATED, {"identity": (ALL,)}, lacking(SESSION_POLICY)),
        (ROOT, {}, allowed(IDENTITY)),
        (ROOT, {"identity": (named(deny()),), "permissions_boundary": NOTHING}, allowed(IDENTITY)),
        (ROOT, {"resource": named(deny(Principal="*"))}, denied(RESOURCE)),
        (ROOT, {"service_control": ((NOTHING,),)}, lacking(SCP)),
        (SERVICE, {"resource": named(to({"Service": SERVICE}))}, allowed(RESOURCE)),
        (SERVICE, {}, lacking(RESOURCE)),
        ("ana", {"identity": (ALL,)}, lacking(IDENTITY)),
    ],
)
def test_use_of_a_table(principal: str, policies: dict[str, Any], expected: Any) -> None:
    assert outcome(decide(asks(principal, "dynamodb:GetItem", TABLE), **policies)) == expected


@pytest.mark.parametrize(
    ("action", "resource", "policies", "expected"),
    [
        (
            "kms:Decrypt",
            KEY,
            {"resource": key(to(STRANGER)), "identity": (ALL,)},
            allowed(RESOURCE, IDENTITY),
        ),
        ("kms:Decrypt", KEY, {"resource": key(to(OTHER)), "identity": (ALL,)}, allowed(RESOURCE, IDENTITY)),
        ("kms:Decrypt", KEY, {"resource": key(to("*")), "identity": (ALL,)}, allowed(RESOURCE, IDENTITY)),
        ("kms:Decrypt", KEY, {"resource": key(to(STRANGER))}, lacking(IDENTITY)),
        ("kms:Decrypt", KEY, {"resource": key(TRUST), "identity": (ALL,)}, lacking(RESOURCE)),
        ("kms:Decrypt", KEY, {"resource": key(TRUST)}, lacking(RESOURCE, IDENTITY)),
        (
            "kms:Decrypt",
            KEY,
            {"resource": key(to(STRANGER)), "identity": (ALL,), "permissions_boundary": NOTHING},
            lacking(BOUNDARY),
        ),
        ("kms:PutKeyPolicy", KEY, {"resource": key(to(STRANGER)), "identity": (ALL,)}, lacking(RESOURCE)),
        ("kms:ScheduleKeyDeletion", KEY, {"resource": key(to("*")), "identity": (ALL,)}, lacking(RESOURCE)),
        (
            "dynamodb:GetItem",
            TABLE,
            {"resource": named(to(OTHER)), "identity": (ALL,)},
            allowed(RESOURCE, IDENTITY),
        ),
        ("dynamodb:GetItem", TABLE, {"identity": (ALL,)}, lacking(RESOURCE)),
    ],
)
def test_across_accounts_both_sides_must_allow(
    action: str, resource: str, policies: dict[str, Any], expected: Any
) -> None:
    assert outcome(decide(asks(STRANGER, action, resource), **policies)) == expected


def test_the_account_of_the_resource_may_be_said() -> None:
    request = Request(USER, "s3:GetObject", "arn:aws:s3:::bucket/x")
    theirs = Request(USER, "s3:GetObject", "arn:aws:s3:::bucket/x", resource_account=OTHER)
    assert decide(request, identity=(ALL,)).allowed
    assert not decide(theirs, identity=(ALL,)).allowed


def test_a_service_crosses_accounts_with_every_operation() -> None:
    assert decide(asks(SERVICE, "kms:PutKeyPolicy"), resource=key(to({"Service": SERVICE}))).allowed


def test_a_service_has_no_account_of_its_own() -> None:
    request = Request(SERVICE, "s3:GetObject", "arn:aws:s3:::bucket/x")
    assert outcome(decide(request, identity=(ALL,))) == lacking(RESOURCE)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kms:CreateKey", "*"),
        ("kms:ListKeys", "*"),
        ("kms:CreateAlias", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/a"),
        ("iam:GetRole", ROLE),
    ],
)
def test_where_there_is_no_resource_policy_iam_decides(action: str, resource: str) -> None:
    assert decide(asks(USER, action, resource), identity=(ALL,)).allowed
    assert outcome(decide(asks(USER, action, resource))) == lacking(IDENTITY)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": {"AWS": USER}}, allowed(RESOURCE)),
        ({"Principal": {"AWS": ROOT}}, allowed(IDENTITY, RESOURCE)),
        ({"Principal": {"AWS": STRANGER}}, lacking(RESOURCE)),
        ({"Principal": {"Service": SERVICE}}, lacking(RESOURCE)),
    ],
)
def test_a_role_is_assumed_only_by_whom_its_trust_policy_lets(
    statement: dict[str, Any], expected: Any
) -> None:
    trust = named({"Effect": "Allow", "Action": "sts:AssumeRole", **statement})
    assert outcome(decide(asks(USER, "sts:AssumeRole", ROLE), resource=trust, identity=(ALL,))) == expected
    assert outcome(decide(asks(USER, "sts:AssumeRole", ROLE), identity=(ALL,))) == lacking(RESOURCE)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("missing", ["Action", "Resource"])
def test_a_key_policy_statement_without_action_or_resource_has_no_effect(effect: str, missing: str) -> None:
    statement = {"Effect": effect, "Principal": {"AWS": USER}, "Action": "*", "Resource": "*"}
    del statement[missing]
    others = (to(USER),) if effect == "Deny" else ()
    assert decide(asks(), resource=key(statement, *others)).allowed is (effect == "Deny")


def test_the_conditions_of_the_trusting_statement_limit_what_iam_gives() -> None:
    via = "dynamodb.us-east-1.amazonaws.com"
    trust = key(to(ROOT, Condition={"StringEquals": {"kms:ViaService": via}}))
    assert decide(asks(kms__ViaService=via), resource=trust, identity=(ALL,)).allowed
    assert outcome(decide(asks(), resource=trust, identity=(ALL,))) == lacking(RESOURCE)


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
    decision = decide(asks(), resource=key(to(USER)), **{field: levels})
    assert outcome(decision) == (allowed(RESOURCE) if expected else lacking(kind))


def test_guardrails_are_named_before_what_else_is_lacking() -> None:
    decision = decide(
        asks(),
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
    request = asks(session, aws__PrincipalArn=linked)
    policies = {"service_control": ((forbidden,),), "resource_control": ((forbidden,),)}
    assert decide(request, resource=key(to(linked)), **policies).allowed
    assert not decide(asks(session), resource=key(to(session)), **policies).allowed
    service = key(to({"Service": SERVICE}))
    assert decide(asks(SERVICE), resource=service, service_control=((forbidden,),)).allowed
    assert not decide(asks(SERVICE), resource=service, resource_control=((forbidden,),)).allowed


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
    decision = decide(asks(principal, action, resource), **policies)
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
    decision = decide(asks(USER, "dynamodb:GetItem", TABLE), **policies)
    assert decision == Decision(Outcome.IMPLICIT_DENY, (Reason(kind, Effect.UNREADABLE, "broken"),))
    explicit = decide(
        asks(USER, "dynamodb:GetItem", TABLE), **policies | {"identity": (named(deny()), broken)}
    )
    assert explicit.decision is Outcome.EXPLICIT_DENY


def test_a_policy_that_does_not_bear_on_the_request_may_be_broken() -> None:
    assert decide(asks(ROOT, "dynamodb:GetItem", TABLE), identity=(unreadable(),)).allowed


def test_reasons_name_policy_and_statement() -> None:
    policies = {"identity": (named(deny(Sid="No"), deny(), name="p1"), named(deny("s3:*"), name="p2"))}
    decision = decide(asks(), resource=key(to(USER, Sid="Yes")), **policies)
    assert decision.reasons == (
        Reason(IDENTITY, Effect.DENY, "p1", "No"),
        Reason(IDENTITY, Effect.DENY, "p1", "Statement[1]"),
    )
    assert not decision.allowed
    assert decide(asks(), resource=key(to(USER, Sid="Yes"), to(USER))).reasons == (
        Reason(RESOURCE, Effect.ALLOW, KEY, "Yes"),
        Reason(RESOURCE, Effect.ALLOW, KEY, "Statement[1]"),
    )
    assert decide(asks(), resource=key(TRUST)).reasons == (Reason(IDENTITY, Effect.MISSING),)
