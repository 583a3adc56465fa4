"""A key of another account that does not exist: AWS tells no more than that the caller may not.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, key_arn

from pytest_kmslab.calls.api_call import ServiceError

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
THEIRS = key_arn(account="210987654321")
MADE = {"CiphertextBlob": b"blob"}


def error_of(operation: str, params: dict[str, Any]) -> ServiceError:
    view = FakeAccount()
    view.ciphertexts[b"blob"] = view.add_key().arn
    with pytest.raises(ServiceError) as refused:
        list(required_authorizations(call("kms", operation, params), view))
    return refused.value


@pytest.mark.parametrize(
    ("operation", "params", "action"),
    [
        ("Encrypt", {"KeyId": THEIRS, "Plaintext": b""}, "kms:Encrypt"),
        ("DescribeKey", {"KeyId": THEIRS}, "kms:DescribeKey"),
        ("Decrypt", {**MADE, "KeyId": THEIRS}, "kms:Decrypt"),
        ("ReEncrypt", {**MADE, "SourceKeyId": THEIRS, "DestinationKeyId": KEY_ID}, "kms:ReEncryptFrom"),
        ("ReEncrypt", {**MADE, "DestinationKeyId": THEIRS}, "kms:ReEncryptTo"),
        ("GetKeyPolicy", {"KeyId": THEIRS}, "kms:GetKeyPolicy"),
        ("CancelKeyDeletion", {"KeyId": THEIRS}, "kms:CancelKeyDeletion"),
        ("PutKeyPolicy", {"KeyId": THEIRS, "Policy": "{}"}, "kms:PutKeyPolicy"),
        ("ListAliases", {"KeyId": THEIRS}, "kms:ListAliases"),
        (
            "CreateGrant",
            {"KeyId": THEIRS, "GranteePrincipal": ANA, "Operations": ["Decrypt"]},
            "kms:CreateGrant",
        ),
        ("RetireGrant", {"KeyId": THEIRS, "GrantId": "g1"}, "kms:RetireGrant"),
    ],
)
def test_it_is_denied_as_one_that_lets_nobody_in(operation: str, params: dict[str, Any], action: str) -> None:
    error = error_of(operation, params)
    assert (error.code, error.status) == ("AccessDeniedException", 400)
    assert error.message == (
        f"User: {ANA} is not authorized to perform: {action} on this resource because the resource does not "
        "exist in this Region, no resource-based policies allow access, or a resource-based policy "
        "explicitly denies access"
    )


@pytest.mark.parametrize(
    ("key_id", "message"),
    [
        (key_arn("0987dcba-09fe-87dc-65ba-ab0987654321"), "Key '{key_id}' does not exist"),
        ("arn:aws:kms:us-east-1", "Invalid keyId '{key_id}'"),
        (f"arn:aws:s3:us-east-1:{ACCOUNT}:key/x", "Invalid keyId '{key_id}'"),
        (f"arn:aws:kms:us-east-1:{ACCOUNT}:grant/x", "Invalid keyId '{key_id}'"),
        (key_arn(region="eu-west-1"), "Invalid arn eu-west-1"),
        ("nothing", "Invalid keyId 'nothing'"),
        ("alias/none", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found."),
        (
            "0987dcba-09fe-87dc-65ba-ab0987654321",
            f"Key '{key_arn('0987dcba-09fe-87dc-65ba-ab0987654321')}' does not exist",
        ),
    ],
)
def test_a_key_of_ones_own_account_is_told_to_be_missing(key_id: str, message: str) -> None:
    """Texts recorded by LocalStack: test_invalid_key_usage and its kin."""
    error = error_of("Encrypt", {"KeyId": key_id, "Plaintext": b""})
    assert (error.code, error.message) == ("NotFoundException", message.format(key_id=key_id))


def test_a_ciphertext_that_no_key_made() -> None:
    for params in ({"CiphertextBlob": b"other"}, {"CiphertextBlob": b"other", "DestinationKeyId": KEY_ID}):
        error = error_of("ReEncrypt" if "DestinationKeyId" in params else "Decrypt", params)
        assert (error.code, error.message) == ("InvalidCiphertextException", "")
