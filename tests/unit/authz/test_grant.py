from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import (
    ACCOUNT,
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
    deny,
    named,
    request_of,
    to,
)

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.grant import Grant, allowing_grants
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.principal import identify
from pytest_kmslab.authz.request import Request

CONTEXT = "kms:EncryptionContext:"
KEY_POLICY = named(name=KEY)


def grant(to_whom: str, *operations: str, **more: Any) -> Grant:
    return Grant(to_whom, frozenset(operations or ("Decrypt",)), grant_id="g1", **more)


def allowed(request: Request, *grants: Grant, **policies: Any) -> bool:
    everything = Policies(**{"resource": KEY_POLICY, **policies})
    return authorize(request, everything, grants).allowed


@pytest.mark.parametrize(
    ("grantee", "principal", "expected"),
    [
        (USER, USER, True),
        (USER, ROOT, False),
        (ROLE, SESSION, True),
        (SESSION, SESSION, True),
        (SESSION.replace("s1", "s2"), SESSION, False),
        (SERVICE, SERVICE, True),
        (STRANGER, STRANGER, True),
        (ROOT, ROOT, True),
        (ROOT, USER, False),
        ("", USER, False),
    ],
)
def test_a_grant_is_its_grantees(grantee: str, principal: str, expected: bool) -> None:
    assert allowed(request_of(principal), grant(grantee)) is expected


@pytest.mark.parametrize(
    ("operations", "action", "expected"),
    [
        (["Decrypt", "Encrypt"], "kms:Encrypt", True),
        (["GenerateDataKey"], "kms:GenerateDataKeyWithoutPlaintext", False),
        (["Decrypt"], "kms:Encrypt", False),
        (["DescribeKey"], "kms:DescribeKey", True),
        (["Decrypt"], "kms:More:Decrypt", False),
        (["RetireGrant"], "kms:RetireGrant", False),
    ],
)
def test_a_grant_allows_its_operations(operations: list[str], action: str, expected: bool) -> None:
    assert allowed(request_of(action=action), grant(USER, *operations)) is expected


def test_a_grant_says_nothing_of_what_is_no_key() -> None:
    assert not allowed(request_of(action="dynamodb:Decrypt", resource=TABLE), grant(USER))
    assert not allowed(request_of(resource="*"), grant(USER))


def test_a_grant_never_beats_a_deny_and_is_bound_by_guardrails() -> None:
    assert not allowed(request_of(), grant(USER), resource=named(deny(Principal="*")))
    assert not allowed(request_of(), grant(USER), identity=(named(deny()),))
    assert not allowed(request_of(), grant(USER), service_control=((named(allow("s3:*")),),))


def test_a_boundary_limits_a_grant_to_a_role_only() -> None:
    narrow = named(allow("s3:*"))
    assert allowed(request_of(), grant(USER), permissions_boundary=narrow)
    assert allowed(request_of(SESSION), grant(SESSION), permissions_boundary=narrow, session=(narrow,))
    assert not allowed(request_of(SESSION), grant(ROLE), permissions_boundary=narrow)
    assert not allowed(request_of(SESSION), grant(ROLE), session=(narrow,))
    assert allowed(request_of(SESSION), grant(ROLE), session=(named(allow("kms:*")),))


def test_an_unknown_key_policy_may_hold_a_deny() -> None:
    assert not authorize(request_of(), Policies(), (grant(USER),)).allowed


@pytest.mark.parametrize(
    ("constraint", "given", "expected"),
    [
        ({"encryption_context_equals": {"a": "1"}}, {"a": "1"}, True),
        ({"encryption_context_equals": {"a": "1"}}, {"a": "1", "b": "2"}, False),
        ({"encryption_context_equals": {"a": "1"}}, {"A": "1"}, False),
        ({"encryption_context_equals": {"a": "x"}}, {"a": "X"}, False),
        ({"encryption_context_equals": {"a": "1"}}, {}, False),
        ({"encryption_context_equals": {}}, {"a": "1"}, False),
        ({"encryption_context_subset": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"encryption_context_subset": {"a": "1", "b": "2"}}, {"a": "1"}, False),
        ({"encryption_context_subset": {"a": "1"}}, {"a": "1", "A": "2"}, True),
        ({"encryption_context_subset": {}}, {}, True),
        (
            {"encryption_context_equals": {"a": "1"}, "encryption_context_subset": {"b": "2"}},
            {"a": "1"},
            False,
        ),
        ({}, {"a": "1"}, True),
    ],
)
def test_constraints_are_on_the_encryption_context(
    constraint: dict[str, Any], given: dict[str, str], expected: bool
) -> None:
    keys: dict[str, Any] = {CONTEXT + name: value for name, value in given.items()}
    for context in (keys, keys | {"kms:EncryptionContextKeys": list(given)}):
        request = Request(USER, "kms:Decrypt", KEY, Context(context))
        assert allowed(request, grant(USER, **constraint)) is expected


def test_a_context_of_which_a_part_is_missing_meets_no_constraint() -> None:
    keys = {CONTEXT + "a": "1", "kms:EncryptionContextKeys": ["a", "b"]}
    request = Request(USER, "kms:Decrypt", KEY, Context(keys))
    assert not allowed(request, grant(USER, encryption_context_subset={"a": "1"}))


@pytest.mark.parametrize("operation", ["DescribeKey", "GetPublicKey"])
def test_constraints_have_no_say_where_there_is_no_encryption_context(operation: str) -> None:
    constrained = grant(USER, operation, encryption_context_equals={"a": "1"})
    assert allowed(request_of(action=f"kms:{operation}"), constrained)


PARENT: dict[str, Any] = {"encryption_context_subset": {"a": "1"}}


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        ({}, {"kms:GrantOperations": ["Decrypt"]}, True),
        ({}, {"kms:GrantOperations": ["Decrypt", "CreateGrant"]}, True),
        ({}, {"kms:GrantOperations": ["Decrypt", "Encrypt"]}, False),
        ({}, {}, False),
        (PARENT, {"kms:GrantOperations": ["Decrypt"]}, False),
        (PARENT, {"kms:GrantOperations": ["Decrypt"], CONTEXT + "a": "1"}, False),
        (
            PARENT,
            {
                "kms:GrantOperations": ["Decrypt"],
                "kms:GrantConstraintType": "EncryptionContextSubset",
                "kms:EncryptionContextKeys": ["a", "b"],
                CONTEXT + "a": "1",
            },
            False,
        ),
        (
            PARENT,
            {
                "kms:GrantOperations": ["Decrypt"],
                "kms:GrantConstraintType": "EncryptionContextSubset",
                CONTEXT + "a": "1",
                CONTEXT + "b": "2",
            },
            True,
        ),
        (
            PARENT,
            {
                "kms:GrantOperations": ["Decrypt"],
                "kms:GrantConstraintType": "EncryptionContextEquals",
                CONTEXT + "a": "1",
            },
            True,
        ),
        (
            PARENT,
            {
                "kms:GrantOperations": ["Decrypt"],
                "kms:GrantConstraintType": "EncryptionContextSubset",
                CONTEXT + "b": "2",
            },
            False,
        ),
        (
            {"encryption_context_equals": {"a": "1"}},
            {
                "kms:GrantOperations": ["Decrypt"],
                "kms:GrantConstraintType": "EncryptionContextSubset",
                CONTEXT + "a": "1",
            },
            False,
        ),
        *(
            (
                {"encryption_context_equals": {"a": "1"}},
                {
                    "kms:GrantOperations": ["Decrypt"],
                    "kms:GrantConstraintType": "EncryptionContextEquals",
                    CONTEXT + "a": value,
                },
                value == "1",
            )
            for value in "12"
        ),
    ],
)
def test_a_child_grant_is_no_wider_than_its_parent(
    parent: dict[str, Any], child: dict[str, Any], expected: bool
) -> None:
    request = Request(USER, "kms:CreateGrant", KEY, Context(child))
    assert allowed(request, grant(USER, "CreateGrant", "Decrypt", **parent)) is expected


def retires(principal: str, grants: list[Grant], **policies: Any) -> bool:
    context = Context({"aws:PrincipalArn": ROLE} if principal == SESSION else {})
    request = Request(principal, "kms:RetireGrant", KEY, context, grant_id="g1")
    return allowed(request, *grants, **policies)


@pytest.mark.parametrize(
    ("principal", "held", "expected"),
    [
        (USER, grant(STRANGER, retiring_principal=USER), True),
        (SESSION, grant(STRANGER, retiring_principal=ROLE), True),
        (USER, grant(USER, "Decrypt", "RetireGrant"), True),
        (USER, grant(USER, "Decrypt"), False),
        (USER, grant(STRANGER, "RetireGrant"), False),
        (ROOT, grant(USER, issuing_account=ROOT), True),
        (USER, grant(STRANGER, issuing_account=ROOT), False),
        (f"arn:aws:iam::{OTHER}:root", grant(USER, issuing_account=f"arn:aws:iam::{OTHER}:root"), True),
        (f"arn:aws:iam::{OTHER}:root", grant(USER, issuing_account=ROOT), False),
        (SERVICE, grant(SERVICE, retiring_principal=SERVICE), True),
    ],
)
def test_the_grant_says_who_may_retire_it(principal: str, held: Grant, expected: bool) -> None:
    assert retires(principal, [held]) is expected
    assert not retires(principal, [held], resource=named(deny(Principal="*")))


def test_retiring_is_not_allowed_as_other_operations_are() -> None:
    held, identity = grant(USER, "Decrypt", "RetireGrant"), identify(USER)
    assert allowing_grants("Decrypt", identity, Context(), [held]) == [held]
    assert allowing_grants("RetireGrant", identity, Context(), [held]) == []


def test_only_the_grant_to_be_retired_counts() -> None:
    other = Grant(USER, frozenset(["RetireGrant"]), grant_id="g2")
    assert not retires(USER, [grant(STRANGER), other])
    assert not allowed(request_of(action="kms:RetireGrant"), grant(USER, "RetireGrant"))


def test_policies_let_retire_where_the_account_owns_the_key_or_is_the_retiring_principal() -> None:
    everything = (named(allow()),)
    assert retires(USER, [grant(STRANGER)], identity=everything)
    assert not retires(
        USER, [grant(STRANGER)], identity=everything, permissions_boundary=named(allow("s3:*"))
    )
    assert not retires(STRANGER, [grant(USER)], identity=everything)
    theirs = grant(USER, retiring_principal=f"arn:aws:iam::{OTHER}:root")
    assert retires(STRANGER, [theirs], identity=everything)
    assert not retires(STRANGER, [theirs])
    assert not retires(USER, [grant(STRANGER)], resource=named(to(USER)))
    assert retires(USER, [grant(USER, "RetireGrant")], resource_control=((named(deny(Principal="*")),),))


def test_reasons_name_the_grant() -> None:
    held = Grant.from_json(
        {
            "GranteePrincipal": USER,
            "Operations": ["Decrypt"],
            "GrantId": "abc",
            "Name": "n",
            "Constraints": {"EncryptionContextSubset": {"a": "1"}},
            "RetiringPrincipal": ROLE,
            "IssuingAccount": ROOT,
            "KeyId": KEY,
            "CreationDate": 0,
        }
    )
    request = Request(USER, "kms:Decrypt", KEY, Context({CONTEXT + "a": "1"}))
    decision = authorize(request, Policies(resource=KEY_POLICY), (held,))
    assert decision.decision is Outcome.ALLOWED
    assert decision.reasons == (Reason(PolicyType.GRANT, Effect.ALLOW, "n", "abc"),)
    assert (held.retiring_principal, held.issuing_account) == (ROLE, ROOT)
    assert Grant.from_json({"GranteePrincipal": USER, "Operations": []}).encryption_context_subset is None
    assert ACCOUNT in held.issuing_account
