from __future__ import annotations

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn, user

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.calls.api_call import Authorization, ServiceError
from pytest_kmslab.calls.denial import denial_of

OTHER = "210987654321"
EVERYBODY = (
    '{"Version":"2012-10-17","Statement":['
    '{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}'
)
MISSING = "ffffffff-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key(aliases=("alias/app",))
    return view


def only(asked: object) -> Authorization:
    (authorization,) = list(asked)  # type: ignore[call-overload]
    return authorization


@pytest.mark.parametrize(
    "key_id", [KEY_ID, key_arn(), "alias/app", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"]
)
def test_a_key_is_found_by_id_arn_alias_and_alias_arn(view: FakeAccount, key_id: str) -> None:
    request = only(required_authorizations(call("kms", "DescribeKey", {"KeyId": key_id}), view)).request
    assert (request.action, request.resource) == ("kms:DescribeKey", key_arn())
    assert request.resource_account == ACCOUNT


@pytest.mark.parametrize(
    ("key_id", "code", "message"),
    [
        (MISSING, "NotFoundException", f"Key '{key_arn(MISSING)}' does not exist"),
        (key_arn(MISSING), "NotFoundException", f"Key '{key_arn(MISSING)}' does not exist"),
        ("mrk-" + "f" * 32, "NotFoundException", f"Key '{key_arn('mrk-' + 'f' * 32)}' does not exist"),
        ("nonsense", "NotFoundException", "Invalid keyId 'nonsense'"),
        (
            "arn:aws:iam::123456789012:user/x",
            "NotFoundException",
            "Invalid keyId 'arn:aws:iam::123456789012:user/x'",
        ),
        ("arn:aws:kms", "NotFoundException", "Invalid keyId 'arn:aws:kms'"),
        (key_arn(region="eu-west-1"), "NotFoundException", "Invalid arn eu-west-1"),
        ("alias/no", "NotFoundException", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/no is not found."),
    ],
)
def test_a_key_that_is_not_there(view: FakeAccount, key_id: str, code: str, message: str) -> None:
    with pytest.raises(ServiceError) as refused:
        next(required_authorizations(call("kms", "DescribeKey", {"KeyId": key_id}), view))
    assert (refused.value.code, refused.value.message, refused.value.status) == (code, message, 400)


def test_whether_another_accounts_key_exists_is_not_told(view: FakeAccount) -> None:
    for key_id in (key_arn(MISSING, account=OTHER), f"arn:aws:kms:us-east-1:{OTHER}:alias/app"):
        with pytest.raises(ServiceError) as refused:
            next(required_authorizations(call("kms", "Encrypt", {"KeyId": key_id, "Plaintext": b""}), view))
        assert refused.value.code == "AccessDeniedException"
        assert refused.value.message == (
            "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: kms:Encrypt on this "
            "resource because the resource does not exist in this Region, no resource-based policies allow "
            "access, or a resource-based policy explicitly denies access"
        )


@pytest.mark.parametrize("operation", ["DescribeKey", "DisableKey"])
def test_another_accounts_key_is_asked_for_whatever_the_operation(view: FakeAccount, operation: str) -> None:
    caller = user(account=OTHER)
    authorization = only(required_authorizations(call("kms", operation, {"KeyId": key_arn()}, caller), view))
    assert authorization.request.resource_account == ACCOUNT
    assert authorization.request.context["kms:CallerAccount"] == (OTHER,)


def test_another_accounts_key_is_not_for_managing(view: FakeAccount) -> None:
    disable = call("kms", "DisableKey", {"KeyId": key_arn()}, user(account=OTHER))
    authorization = only(required_authorizations(disable, view))
    decision = authorize(authorization.request, Policies(resource=NamedPolicy("key", read_policy(EVERYBODY))))
    assert denial_of(disable, authorization, decision).message.startswith(
        f"User: {disable.caller.arn} is not authorized to perform: kms:DisableKey on this resource because "
    )


CRYPTOGRAPHY = {"Encrypt": {"Plaintext": b""}, "GenerateDataKey": {}, "GenerateDataKeyWithoutPlaintext": {}}
STATE_TEXTS = {
    "Disabled": ("DisabledException", "is disabled."),
    "PendingDeletion": ("KMSInvalidStateException", "is pending deletion."),
    "PendingImport": ("KMSInvalidStateException", "is pending import."),
    "Unavailable": ("KMSInvalidStateException", "is unavailable."),
}


@pytest.mark.parametrize("state", STATE_TEXTS)
@pytest.mark.parametrize("operation", CRYPTOGRAPHY)
def test_a_key_that_is_not_enabled_does_no_cryptography(operation: str, state: str) -> None:
    view = FakeAccount()
    view.add_key(state=state)
    asked = required_authorizations(
        call("kms", operation, {"KeyId": KEY_ID, **CRYPTOGRAPHY[operation]}), view
    )
    next(asked)  # permission is asked for first: a state is told only to who may use the key
    code, text = STATE_TEXTS[state]
    with pytest.raises(ServiceError) as refused:
        next(asked)
    assert (refused.value.code, refused.value.message) == (code, f"{key_arn()} {text}")


IN_ANY_STATE = (
    "DescribeKey",
    "GetKeyPolicy",
    "ListGrants",
    "RevokeGrant",
    "ListResourceTags",
    "ListKeyPolicies",
)
NOT_PENDING_DELETION = (
    "EnableKey",
    "DisableKey",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
    "ScheduleKeyDeletion",
    "CreateGrant",
    "EnableKeyRotation",
)
PARAMS = {"Tags": [], "TagKeys": ["k"], "Description": "d", "Operations": ["Decrypt"], "GrantId": "g"}


@pytest.mark.parametrize("operation", IN_ANY_STATE)
def test_operations_that_a_key_pending_deletion_still_has(operation: str) -> None:
    view = FakeAccount()
    view.add_key(state="PendingDeletion")
    assert list(required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **PARAMS}), view))


@pytest.mark.parametrize("operation", NOT_PENDING_DELETION)
def test_operations_that_a_key_pending_deletion_has_not(operation: str) -> None:
    view = FakeAccount()
    view.add_key(state="PendingDeletion")
    with pytest.raises(ServiceError, match="is pending deletion"):
        list(required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **PARAMS}), view))


@pytest.mark.parametrize(
    ("operation", "allowed"),
    [("CreateGrant", False), ("EnableKeyRotation", False), ("TagResource", True), ("EnableKey", True)],
)
def test_operations_on_a_disabled_key(operation: str, allowed: bool) -> None:
    view = FakeAccount()
    view.add_key(state="Disabled")
    asked = required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **PARAMS}), view)
    next(asked)
    if allowed:
        assert list(asked) == []
    else:
        with pytest.raises(ServiceError, match="is disabled"):
            next(asked)


@pytest.mark.parametrize("state", ["Enabled", "Disabled", "PendingImport"])
def test_only_a_key_pending_deletion_can_be_saved(state: str) -> None:
    view = FakeAccount()
    view.add_key(state=state)
    asked = required_authorizations(call("kms", "CancelKeyDeletion", {"KeyId": KEY_ID}), view)
    assert next(asked).request.action == "kms:CancelKeyDeletion"
    with pytest.raises(ServiceError, match=f"KMSInvalidStateException: {key_arn()} is not pending deletion."):
        next(asked)


def test_a_key_pending_deletion_is_saved() -> None:
    view = FakeAccount()
    view.add_key(state="PendingDeletion")
    assert len(list(required_authorizations(call("kms", "CancelKeyDeletion", {"KeyId": KEY_ID}), view))) == 1


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("Sign", {"Message": b"", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("GenerateMac", {"Message": b"", "MacAlgorithm": "HMAC_SHA_256"}),
        ("DeriveSharedSecret", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": b""}),
    ],
)
def test_a_key_for_another_use(view: FakeAccount, operation: str, params: dict[str, object]) -> None:
    asked = required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **params}), view)
    next(asked)
    text = f"{key_arn()} key usage is ENCRYPT_DECRYPT which is not valid for {operation}."
    with pytest.raises(ServiceError) as refused:
        next(asked)
    assert (refused.value.code, refused.value.message) == ("InvalidKeyUsageException", text)


def test_a_dry_run_is_answered_once_everything_else_is_in_order(view: FakeAccount) -> None:
    params = {"KeyId": KEY_ID, "Plaintext": b"", "DryRun": True}
    asked = required_authorizations(call("kms", "Encrypt", params), view)
    next(asked)
    with pytest.raises(ServiceError) as refused:
        next(asked)
    assert refused.value.code == "DryRunOperationException"
    assert refused.value.message == "The request would have succeeded, but the DryRun option is set."


@pytest.mark.parametrize(
    ("operation", "says_account"),
    [
        ("ListKeys", False),
        ("ListAliases", False),
        ("ListRetirableGrants", False),
        ("DescribeCustomKeyStores", True),
    ],
)
def test_operations_on_no_key(operation: str, says_account: bool) -> None:
    named = {"RetiringPrincipal": "arn:aws:iam::123456789012:root"}
    params = named if operation == "ListRetirableGrants" else {}
    request = only(required_authorizations(call("kms", operation, params), FakeAccount())).request
    resource = params.get("RetiringPrincipal", "*")
    assert (request.action, request.resource) == (f"kms:{operation}", resource)
    assert ("kms:CallerAccount" in request.context) is says_account
