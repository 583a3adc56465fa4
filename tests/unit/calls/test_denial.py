from __future__ import annotations

import re

import pytest
from helpers.fake_account import ACCOUNT, call, key_arn, role_session, table_arn, user

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import Authorization, ServiceError
from pytest_kmslab.calls.denial import denial_of

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
IDENTITY, RESOURCE = PolicyType.IDENTITY, PolicyType.RESOURCE


def denied(kind: PolicyType, effect: Effect = Effect.MISSING, policy: str = "") -> Decision:
    outcome = Outcome.EXPLICIT_DENY if effect is Effect.DENY else Outcome.IMPLICIT_DENY
    return Decision(outcome, (Reason(kind, effect, policy), Reason(IDENTITY, Effect.MISSING)))


def authorization(action: str, resource: str, via: str = "", from_ciphertext: bool = False) -> Authorization:
    return Authorization(Request(ANA, action, resource), via, from_ciphertext)


@pytest.mark.parametrize(
    ("kind", "effect", "cause"),
    [
        (IDENTITY, Effect.MISSING, "because no identity-based policy allows the kms:Encrypt action"),
        (RESOURCE, Effect.MISSING, "because no resource-based policy allows the kms:Encrypt action"),
        (IDENTITY, Effect.DENY, "with an explicit deny in an identity-based policy"),
        (RESOURCE, Effect.DENY, "with an explicit deny in a resource-based policy"),
        (
            PolicyType.PERMISSIONS_BOUNDARY,
            Effect.MISSING,
            "because no permissions boundary allows the kms:Encrypt action",
        ),
        (PolicyType.PERMISSIONS_BOUNDARY, Effect.DENY, "with an explicit deny in a permissions boundary"),
        (PolicyType.SESSION, Effect.MISSING, "because no session policy allows the kms:Encrypt action"),
        (PolicyType.SESSION, Effect.DENY, "with an explicit deny in a session policy"),
        (
            PolicyType.VPC_ENDPOINT,
            Effect.MISSING,
            "because no VPC endpoint policy allows the kms:Encrypt action",
        ),
        (PolicyType.VPC_ENDPOINT, Effect.DENY, "with an explicit deny in a VPC endpoint policy"),
        (PolicyType.SERVICE_CONTROL, Effect.DENY, "with an explicit deny in a service control policy"),
        (PolicyType.SERVICE_CONTROL, Effect.MISSING, "with an explicit deny in a service control policy"),
        (PolicyType.RESOURCE_CONTROL, Effect.DENY, "with an explicit deny in a resource control policy"),
    ],
)
def test_a_denial_by_kms_says_which_kind_of_policy(kind: PolicyType, effect: Effect, cause: str) -> None:
    error = denial_of(
        call("kms", "Encrypt", {}), authorization("kms:Encrypt", key_arn()), denied(kind, effect)
    )

    assert (error.code, error.status) == ("AccessDeniedException", 400)
    assert error.message == (
        f"User: {ANA} is not authorized to perform: kms:Encrypt on resource: {key_arn()} {cause}"
    )


def test_a_key_taken_from_the_ciphertext_is_not_named() -> None:
    evaluation = authorization("kms:Decrypt", key_arn(), from_ciphertext=True)

    error = denial_of(call("kms", "Decrypt", {}), evaluation, denied(IDENTITY))

    assert error.message == (
        f"User: {ANA} is not authorized to perform: kms:Decrypt on the resource associated with this "
        "ciphertext because no identity-based policy allows the kms:Decrypt action"
    )


ELSEWHERE = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a "
    "resource-based policy explicitly denies access"
)


@pytest.mark.parametrize("effect", [Effect.MISSING, Effect.DENY])
@pytest.mark.parametrize(
    ("from_ciphertext", "where"),
    [(False, "on this resource"), (True, "on the resource associated with this ciphertext")],
)
def test_what_another_accounts_key_policy_says_is_not_told(
    effect: Effect, from_ciphertext: bool, where: str
) -> None:
    evaluation = authorization(
        "kms:Decrypt", key_arn(account="999988887777"), from_ciphertext=from_ciphertext
    )

    error = denial_of(call("kms", "Decrypt", {}), evaluation, denied(RESOURCE, effect))

    assert error.message == f"User: {ANA} is not authorized to perform: kms:Decrypt {where} {ELSEWHERE}"


def test_what_the_callers_own_policy_says_of_another_accounts_key_is_told() -> None:
    there = key_arn(account="999988887777")

    error = denial_of(call("kms", "Decrypt", {}), authorization("kms:Decrypt", there), denied(IDENTITY))

    assert error.message.endswith(
        f"on resource: {there} because no identity-based policy allows the kms:Decrypt action"
    )


def test_dynamodb_denies_in_its_own_name() -> None:
    evaluation = authorization("dynamodb:PutItem", table_arn())

    error = denial_of(call("dynamodb", "PutItem", {}), evaluation, denied(IDENTITY))

    assert (error.code, error.status) == ("AccessDeniedException", 400)
    assert error.message == (
        f"User: {ANA} is not authorized to perform: dynamodb:PutItem on resource: {table_arn()} "
        "because no identity-based policy allows the dynamodb:PutItem action"
    )


@pytest.mark.parametrize(
    ("action", "from_ciphertext", "where"),
    [
        ("kms:Decrypt", True, "on the resource associated with this ciphertext"),
        ("kms:CreateGrant", False, f"on resource: {key_arn()}"),
    ],
)
def test_dynamodb_wraps_what_kms_denies(action: str, from_ciphertext: bool, where: str) -> None:
    evaluation = authorization(action, key_arn(), "dynamodb", from_ciphertext)

    error = denial_of(call("dynamodb", "GetItem", {}), evaluation, denied(RESOURCE))

    assert (error.code, error.status) == ("AccessDeniedException", 400)
    assert re.fullmatch(
        re.escape(
            "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: "
            f"User: {ANA} is not authorized to perform: {action} {where} because no resource-based policy "
            f"allows the {action} action (Service: AWSKMS; Status Code: 400; "
            "Error Code: AccessDeniedException; Request ID: "
        )
        + "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}; Proxy: null\\)",
        error.message,
    )


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_iam_and_sts_deny_with_another_code(service: str) -> None:
    evaluation = authorization(f"{service}:GetUser", f"arn:aws:iam::{ACCOUNT}:user/bob")

    error = denial_of(call(service, "GetUser", {}), evaluation, denied(IDENTITY))

    assert (error.code, error.status) == ("AccessDenied", 403)
    assert f"{service}:GetUser on resource: arn:aws:iam::{ACCOUNT}:user/bob because" in error.message


def test_a_role_session_is_named_as_it_calls() -> None:
    session = role_session()
    evaluation = authorization("dynamodb:PutItem", table_arn())

    error = denial_of(call("dynamodb", "PutItem", {}, session), evaluation, denied(IDENTITY))

    assert error.message.startswith(f"User: {session.arn} is not authorized")


def test_an_action_without_a_resource_names_everything() -> None:
    error = denial_of(call("kms", "CreateKey", {}), authorization("kms:CreateKey", "*"), denied(IDENTITY))

    assert " kms:CreateKey on resource: * because no identity-based policy" in error.message


@pytest.mark.parametrize("via", ["", "dynamodb"])
def test_a_policy_that_cannot_be_read_is_named(via: str) -> None:
    evaluation = authorization("kms:Decrypt", key_arn(account="999988887777"), via)

    error = denial_of(
        call("kms", "Decrypt", {}), evaluation, denied(RESOURCE, Effect.UNREADABLE, "team-policy")
    )

    assert error.code == "AccessDeniedException"
    assert "cannot read the policy `team-policy`" in error.message


def test_the_error_that_a_question_brings_along_wins() -> None:
    own = ServiceError("MalformedPolicyDocumentException", "the new key policy")
    evaluation = Authorization(Request(ANA, "kms:PutKeyPolicy", key_arn()), instead=own)

    assert denial_of(call("kms", "PutKeyPolicy", {}), evaluation, denied(RESOURCE)) is own


def test_a_denial_without_a_reason_is_a_denial_all_the_same() -> None:
    bare = Decision(Outcome.IMPLICIT_DENY, ())

    error = denial_of(call("kms", "Encrypt", {}, user()), authorization("kms:Encrypt", key_arn()), bare)

    assert error.code == "AccessDeniedException"
