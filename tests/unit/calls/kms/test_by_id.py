"""Which operations take an alias: https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html."""

from __future__ import annotations

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn

from pytest_kmslab.calls.api_call import ServiceError


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key(aliases=("alias/app",))
    return view


BY_ALIAS = ("Encrypt", "GenerateDataKey", "DescribeKey", "Sign", "VerifyMac", "GetPublicKey")
BY_ID = (
    *("CreateGrant", "ListGrants", "RevokeGrant", "RetireGrant", "EnableKey", "DisableKey"),
    *("ScheduleKeyDeletion", "CancelKeyDeletion", "GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies"),
    *("TagResource", "UntagResource", "ListResourceTags", "UpdateKeyDescription", "ListAliases"),
    *("EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "RotateKeyOnDemand"),
    *("ListKeyRotations", "ReplicateKey", "UpdatePrimaryRegion", "ImportKeyMaterial"),
)
NAMES = ["alias/app", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app", "alias/no"]
MORE = {
    "Tags": [],
    "TagKeys": ["k"],
    "Description": "d",
    "Operations": ["Decrypt"],
    "GrantId": "g",
    "Policy": "{}",
    "ReplicaRegion": "eu-west-1",
    "PrimaryRegion": "eu-west-1",
}


@pytest.mark.parametrize("operation", BY_ALIAS)
def test_operations_that_take_an_alias(view: FakeAccount, operation: str) -> None:
    request = next(required_authorizations(call("kms", operation, {"KeyId": "alias/app"}), view)).request
    assert request.resource == key_arn()


@pytest.mark.parametrize("key_id", NAMES)
@pytest.mark.parametrize("operation", BY_ID)
def test_operations_that_take_no_alias(view: FakeAccount, operation: str, key_id: str) -> None:
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("kms", operation, {**MORE, "KeyId": key_id}), view))
    assert (refused.value.code, refused.value.message) == (
        "InvalidArnException",
        "Key Aliases are not supported for this operation.",
    )


@pytest.mark.parametrize("key_id", [KEY_ID, key_arn(), None])
def test_the_aliases_of_one_key_are_asked_for_as_all_are(view: FakeAccount, key_id: str | None) -> None:
    params = {} if key_id is None else {"KeyId": key_id}
    assert [
        authorization.request.resource
        for authorization in required_authorizations(call("kms", "ListAliases", params), view)
    ] == ["*"]
