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
    denied,
    key,
    lacking,
    outcome,
)
from helpers.factories import (
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
    deny,
    named,
    request_of,
    to,
)

from pytest_kmslab.authz.decision import Effect, Reason
from pytest_kmslab.authz.request import Request


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
    assert outcome(decide(request_of(principal), **policies)) == expected


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
    assert outcome(decide(request_of(principal, "dynamodb:GetItem", TABLE), **policies)) == expected


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
    assert outcome(decide(request_of(STRANGER, action, resource), **policies)) == expected


def test_the_account_of_the_resource_may_be_said() -> None:
    request = Request(USER, "s3:GetObject", "arn:aws:s3:::bucket/x")
    theirs = Request(USER, "s3:GetObject", "arn:aws:s3:::bucket/x", resource_account=OTHER)
    assert decide(request, identity=(ALL,)).allowed
    assert not decide(theirs, identity=(ALL,)).allowed


def test_a_service_crosses_accounts_with_every_operation() -> None:
    assert decide(request_of(SERVICE, "kms:PutKeyPolicy"), resource=key(to({"Service": SERVICE}))).allowed


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
    assert decide(request_of(USER, action, resource), identity=(ALL,)).allowed
    assert outcome(decide(request_of(USER, action, resource))) == lacking(IDENTITY)


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
    assert (
        outcome(decide(request_of(USER, "sts:AssumeRole", ROLE), resource=trust, identity=(ALL,))) == expected
    )
    assert outcome(decide(request_of(USER, "sts:AssumeRole", ROLE), identity=(ALL,))) == lacking(RESOURCE)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("missing", ["Action", "Resource"])
def test_a_key_policy_statement_without_action_or_resource_has_no_effect(effect: str, missing: str) -> None:
    statement = {"Effect": effect, "Principal": {"AWS": USER}, "Action": "*", "Resource": "*"}
    del statement[missing]
    others = (to(USER),) if effect == "Deny" else ()
    assert decide(request_of(), resource=key(statement, *others)).allowed is (effect == "Deny")


def test_the_conditions_of_the_trusting_statement_limit_what_iam_gives() -> None:
    via = "dynamodb.us-east-1.amazonaws.com"
    trust = key(to(ROOT, Condition={"StringEquals": {"kms:ViaService": via}}))
    assert decide(request_of(kms__ViaService=via), resource=trust, identity=(ALL,)).allowed
    assert outcome(decide(request_of(), resource=trust, identity=(ALL,))) == lacking(RESOURCE)


def test_reasons_name_policy_and_statement() -> None:
    policies = {"identity": (named(deny(Sid="No"), deny(), name="p1"), named(deny("s3:*"), name="p2"))}
    decision = decide(request_of(), resource=key(to(USER, Sid="Yes")), **policies)
    assert decision.reasons == (
        Reason(IDENTITY, Effect.DENY, "p1", "No"),
        Reason(IDENTITY, Effect.DENY, "p1", "Statement[1]"),
    )
    assert not decision.allowed
    assert decide(request_of(), resource=key(to(USER, Sid="Yes"), to(USER))).reasons == (
        Reason(RESOURCE, Effect.ALLOW, KEY, "Yes"),
        Reason(RESOURCE, Effect.ALLOW, KEY, "Statement[1]"),
    )
    assert decide(request_of(), resource=key(TRUST)).reasons == (Reason(IDENTITY, Effect.MISSING),)
