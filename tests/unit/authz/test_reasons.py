"""The reasons of a decision: all that allowed or denied it, all that is lacking, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.decisions import (
    ALL,
    BOUNDARY,
    IDENTITY,
    NOTHING,
    RESOURCE,
    SCP,
    TRUST,
    allowed,
    decide,
    denied,
    key,
    lacking,
    outcome,
)
from helpers.factories import (
    KEY,
    ROOT,
    SESSION,
    STRANGER,
    TABLE,
    USER,
    allow,
    deny,
    named,
    request_of,
    to,
)

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Keys, LazyContext
from pytest_kmslab.authz.decision import Effect, Reason
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request

RETIRES = Request(USER, "kms:RetireGrant", KEY, grant_id="g1")
SOMEBODYS = Grant(STRANGER, frozenset(["Decrypt"]), "g1")


def test_every_policy_that_allows_is_a_reason() -> None:
    identity = tuple(named(allow(Sid="A"), name=name) for name in ("p1", "p2"))
    decision = decide(request_of(USER, "dynamodb:GetItem", TABLE), identity=identity)
    assert decision.reasons == (
        Reason(IDENTITY, Effect.ALLOW, "p1", "A"),
        Reason(IDENTITY, Effect.ALLOW, "p2", "A"),
    )


def test_across_accounts_the_policies_of_both_sides_are_reasons() -> None:
    policies = {"resource": key(to(STRANGER, Sid="S")), "identity": (named(allow(Sid="A"), name="p1"),)}
    assert decide(request_of(STRANGER), **policies).reasons == (
        Reason(RESOURCE, Effect.ALLOW, KEY, "S"),
        Reason(IDENTITY, Effect.ALLOW, "p1", "A"),
    )


def test_every_policy_that_denies_is_a_reason() -> None:
    no = named(deny(), name="no")
    policies = {"resource": key(to(USER), deny(Principal="*")), "identity": (no,), "permissions_boundary": no}
    assert outcome(decide(request_of(), **policies)) == denied(RESOURCE, IDENTITY, BOUNDARY)


def test_the_root_user_is_allowed_by_being_it() -> None:
    decision = decide(request_of(ROOT, "dynamodb:GetItem", TABLE))
    assert decision.reasons == (Reason(IDENTITY, Effect.ALLOW, ROOT, ""),)


def test_a_deny_of_a_resource_policy_that_names_nobody_hits_everybody() -> None:
    assert outcome(decide(request_of(), resource=key(to(USER), deny()))) == denied(RESOURCE)


@pytest.mark.parametrize("held", [SOMEBODYS, Grant(USER, frozenset(["Encrypt"]), "g1")])
def test_grants_that_do_not_serve_take_nothing_away(held: Grant) -> None:
    policies = Policies(resource=key(to(USER, Sid="Use")))
    assert authorize(request_of(), policies, (held,)).reasons == (Reason(RESOURCE, Effect.ALLOW, KEY, "Use"),)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({}, lacking(IDENTITY)),
        ({"permissions_boundary": NOTHING}, lacking(IDENTITY, BOUNDARY)),
        ({"identity": (ALL,), "permissions_boundary": NOTHING}, lacking(BOUNDARY)),
        ({"identity": (ALL,), "service_control": ((NOTHING,),)}, lacking(SCP)),
        ({"identity": (ALL,)}, allowed(IDENTITY)),
    ],
    ids=["nothing", "nothing within a boundary", "a boundary", "an SCP", "enough"],
)
def test_what_is_lacking_to_retire_a_grant(policies: dict[str, Any], expected: Any) -> None:
    held = Policies(resource=key(TRUST), **policies)
    assert outcome(authorize(RETIRES, held, (SOMEBODYS,))) == expected


def test_to_retire_a_grant_by_itself_no_policy_is_lacking_but_the_one_that_forbids_it() -> None:
    mine = Grant(STRANGER, frozenset(["Decrypt"]), "g1", retiring_principal=USER)
    held = Policies(resource=key(TRUST), service_control=((NOTHING,),))
    assert outcome(authorize(RETIRES, held, (mine,))) == lacking(SCP)


@pytest.mark.parametrize(
    ("identity", "resource"),
    [((ALL,), key()), ((), key(to(ROOT, "kms:*")))],
    ids=["IAM policies of a key that trusts nobody", "a key policy that trusts the account"],
)
def test_the_service_is_what_stands_before_the_first_colon(identity: Any, resource: Any) -> None:
    decision = decide(request_of(action="kms:Encrypt:More"), identity=identity, resource=resource)
    assert not decision.allowed
    assert decide(request_of(action="kms:Encrypt:More"), identity=(ALL,), resource=key(TRUST)).allowed


@pytest.mark.parametrize("principal", [USER, ROOT])
def test_the_keys_of_a_request_are_made_only_where_a_decision_needs_them(principal: str) -> None:
    made: list[Keys] = []

    def keys() -> Keys:
        made.append({"kms:ViaService": "x"})
        return made[-1]

    def request(action: str, of: str = principal) -> Request:
        return Request(of, action, KEY, LazyContext(keys))

    asked = request("kms:Decrypt")
    assert decide(asked, resource=key(TRUST), identity=(ALL,)).allowed
    assert (asked.context.unread, made) == (True, [])
    meets = key(to(principal, Condition={"StringEquals": {"kms:ViaService": "x"}}))
    assert decide(asked, resource=meets).allowed
    assert decide(asked, resource=meets).allowed
    assert (asked.context.unread, len(made)) == (False, 1)
    assert decide(request("kms:Decrypt", SESSION), resource=key(to(SESSION))).allowed
    assert len(made) == 2  # of a session only the context knows the role


ALIASES = {"ForAllValues:StringLike": {"kms:ResourceAliases": "alias/a*"}}
OF_ALIAS = {"kms__ResourceAliases": ["alias/a1"], "kms__CallerAccount": "111122223333"}


def test_a_key_policys_aliases_take_no_other_condition_away() -> None:
    """Its statement by aliases is looked at without them too, with all else that is known."""
    condition = {**ALIASES, "StringEquals": {"kms:CallerAccount": "111122223333"}}
    statement = {**to(USER, Condition=condition), "Resource": f"{KEY[:-1]}*"}
    assert outcome(decide(request_of(**OF_ALIAS), resource=key(statement))) == allowed(RESOURCE)


def test_a_key_policys_deny_by_aliases_without_resource_has_no_effect() -> None:
    statement = deny(Principal="*", Condition=ALIASES)
    del statement["Resource"]
    assert outcome(decide(request_of(**OF_ALIAS), resource=key(to(USER), statement))) == allowed(RESOURCE)
