"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.botocore_models import operation as model
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn, user

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.kms.granting import OPERATIONS

BEN = user("ben").arn
SYMMETRIC = {"spec": "SYMMETRIC_DEFAULT"}
RSA = {"spec": "RSA_2048"}
SIGNING = {"spec": "RSA_2048", "usage": "SIGN_VERIFY"}
HMAC = {"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}


def creating(params: dict[str, Any], **key: Any) -> Any:
    view = FakeAccount()
    view.add_key(**key)
    given = {"KeyId": KEY_ID, "GranteePrincipal": BEN, "Operations": ["DescribeKey"], **params}
    asked = required_authorizations(call("kms", "CreateGrant", given), view)
    assert next(asked).request.resource == key_arn()
    return asked


def refused(params: dict[str, Any], **key: Any) -> ServiceError:
    """What CreateGrant answers to a caller who may."""
    with pytest.raises(ServiceError) as error:
        next(creating(params, **key))
    return error.value


@pytest.mark.parametrize(
    ("key", "operations"),
    [
        (SYMMETRIC, ["Encrypt", "Decrypt", "GenerateDataKeyPair", "ReEncryptTo", "CreateGrant"]),
        (RSA, ["Encrypt", "Decrypt", "ReEncryptFrom", "GetPublicKey"]),
        (SIGNING, ["Sign", "Verify", "GetPublicKey", "RetireGrant"]),
        (HMAC, ["GenerateMac", "VerifyMac", "DescribeKey"]),
        ({"spec": "ECC_NIST_P256", "usage": "KEY_AGREEMENT"}, ["DeriveSharedSecret", "GetPublicKey"]),
    ],
)
def test_operations_of_the_key(key: dict[str, str], operations: list[str]) -> None:
    assert list(creating({"Operations": operations}, **key)) == []


@pytest.mark.parametrize(
    ("key", "operation"),
    [
        (SYMMETRIC, "Sign"),
        (SYMMETRIC, "GetPublicKey"),
        (SYMMETRIC, "GenerateMac"),
        (RSA, "GenerateDataKey"),
        (RSA, "Sign"),
        (SIGNING, "Encrypt"),
        (HMAC, "GetPublicKey"),
        (SYMMETRIC, "Foo"),
        (SYMMETRIC, "kms:Encrypt"),
        (SYMMETRIC, "encrypt"),
        (SYMMETRIC, "ScheduleKeyDeletion"),
    ],
)
def test_operations_that_the_key_does_not_have(key: dict[str, str], operation: str) -> None:
    assert refused({"Operations": ["DescribeKey", operation]}, **key).code == "ValidationException"


def test_a_grant_of_nothing() -> None:
    assert refused({"Operations": []}).code == "ValidationException"
    assert refused({"Operations": ["CreateGrant"]}).message == (
        "Grants must not contain only the CreateGrant operation."
    )


KINDS = ("EncryptionContextEquals", "EncryptionContextSubset")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pairs", [{str(number): "x" for number in range(9)}, {"a": "x" * 384}, {"n" * 384: "x"}]
)
def test_a_constraint_that_is_too_big(kind: str, pairs: dict[str, str]) -> None:
    assert refused({"Constraints": {kind: pairs}}).code == "LimitExceededException"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pairs", [{str(number): "x" for number in range(8)}, {"a": "x" * 383}, {}])
def test_a_constraint_as_big_as_it_may_be(kind: str, pairs: dict[str, str]) -> None:
    assert list(creating({"Constraints": {kind: pairs}})) == []


@pytest.mark.parametrize("key", [RSA, HMAC])
def test_a_constraint_on_a_key_without_encryption_context(key: dict[str, str]) -> None:
    error = refused({"Constraints": {"EncryptionContextSubset": {"a": "b"}}}, **key)
    assert (error.code, error.message) == (
        "ValidationException",
        "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.",
    )


def test_permission_comes_first_then_the_keys_state() -> None:
    assert refused({"Operations": ["Sign"]}, state="Disabled").code == "DisabledException"


def test_every_operation_of_the_model_is_known() -> None:
    assert set(model("kms", "CreateGrant").input_shape.members["Operations"].member.enum) <= OPERATIONS


SERVICE = "dynamodb.amazonaws.com"


def test_a_grant_has_one_constraint_on_its_encryption_context() -> None:
    pairs = {"a": "b"}
    both = {"EncryptionContextSubset": pairs, "EncryptionContextEquals": pairs}
    assert str(refused({"Constraints": both})) == "ValidationException: More than one constraint supplied"
    assert list(creating({"Constraints": {**both, "EncryptionContextEquals": {}}})) == []


ON_BEHALF = {"Constraints": {"SourceArn": "arn:aws:dynamodb:us-east-1:123456789012:table/t"}}


@pytest.mark.parametrize(
    "params",
    [
        {"GranteePrincipal": None},
        {"GranteeServicePrincipal": SERVICE, "RetiringPrincipal": BEN, **ON_BEHALF},
        {"GranteePrincipal": None, "GranteeServicePrincipal": SERVICE, "RetiringPrincipal": BEN},
        {"GranteePrincipal": None, "GranteeServicePrincipal": SERVICE, **ON_BEHALF},
        {"RetiringPrincipal": BEN, "RetiringServicePrincipal": SERVICE},
    ],
)
def test_principals_that_do_not_go_together(params: dict[str, Any]) -> None:
    assert refused(params).code == "ValidationException"


def test_a_grant_to_a_service_on_behalf_of_a_resource() -> None:
    services = {"GranteeServicePrincipal": SERVICE, "RetiringServicePrincipal": SERVICE}
    assert list(creating({"GranteePrincipal": None, **services, **ON_BEHALF})) == []
