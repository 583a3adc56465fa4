"""https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn, outcome, policy, role_session, user

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.calls.api_call import ServiceError

ANA, BOB = user(), user("bob")
ROLE = "arn:aws:iam::123456789012:role/app"


def retire(caller: Any = ANA, **params: Any) -> Any:
    return call("kms", "RetireGrant", {"KeyId": KEY_ID, "GrantId": "g1", **params}, caller)


def account(*operations: str, **grant: Any) -> FakeAccount:
    view = FakeAccount()
    view.add_key()
    nobody = policy({"Principal": {"AWS": user("nobody").arn}, "Action": "kms:*"})
    view.key_policies[key_arn()] = nobody
    settings = {"grantee_principal": BOB.arn, "grant_id": "g1"} | grant
    view.grants_by_key[key_arn()] = (Grant(operations=frozenset(operations), **settings),)
    return view


@pytest.mark.parametrize(
    ("caller", "view", "expected"),
    [
        (ANA, account("Decrypt", retiring_principal=ANA.arn), "allowed"),
        (ANA, account("Decrypt"), "kms:RetireGrant"),
        (BOB, account("Decrypt"), "kms:RetireGrant"),
        (BOB, account("Decrypt", "RetireGrant"), "allowed"),
        (role_session(), account("Decrypt", retiring_principal=ROLE), "allowed"),
    ],
)
def test_the_grant_says_who_may_retire_it(caller: Any, view: FakeAccount, expected: str) -> None:
    assert outcome(retire(caller), view) == expected


def test_a_deny_in_an_iam_policy_keeps_the_retiring_principal_from_it() -> None:
    view = account("Decrypt", retiring_principal=ANA.arn)
    view.allow(ANA, {"Effect": "Deny", "Action": "kms:RetireGrant"})
    assert outcome(retire(), view) == "kms:RetireGrant"


def test_an_iam_policy_of_the_keys_account_can_delegate_retiring() -> None:
    view = account("Decrypt")
    view.allow(ANA, {"Action": "kms:RetireGrant"})
    assert outcome(retire(), view) == "allowed"


def test_the_request_names_the_grant_and_its_constraint() -> None:
    view = account("Decrypt", encryption_context_equals={"a": "b"})
    (authorization,) = required_authorizations(retire(), view)
    assert authorization.request.grant_id == "g1"
    assert authorization.request.context["kms:GrantConstraintType"] == ("EncryptionContextEquals",)
    assert authorization.request.context["kms:EncryptionContext:a"] == ("b",)


def test_a_grant_that_is_not_there() -> None:
    with pytest.raises(ServiceError, match="NotFoundException"):
        next(required_authorizations(retire(GrantId="g2"), account("Decrypt")))


def test_a_dry_run() -> None:
    assert (
        outcome(retire(DryRun=True), account("Decrypt", retiring_principal=ANA.arn))
        == "DryRunOperationException"
    )


def test_a_grant_can_be_named_by_its_token() -> None:
    view = account("Decrypt", token="t")
    (authorization,) = required_authorizations(call("kms", "RetireGrant", {"GrantToken": "t"}), view)
    assert authorization.request.grant_id == "g1"
    with pytest.raises(ServiceError, match="InvalidGrantTokenException"):
        next(required_authorizations(call("kms", "RetireGrant", {"GrantToken": "other"}), view))


def test_a_grant_must_be_named() -> None:
    with pytest.raises(ServiceError, match="ValidationException"):
        next(required_authorizations(call("kms", "RetireGrant", {}), account("Decrypt")))
