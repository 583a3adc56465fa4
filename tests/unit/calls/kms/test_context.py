"""Condition keys of KMS: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, KEY_ID, FakeAccount, call, role_session, user

from pytest_kmslab.authz.context import Context

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"


def context_of(operation: str, params: dict[str, Any], **key: Any) -> Context:
    view = FakeAccount()
    view.add_key(**key)
    asked = required_authorizations(call("kms", operation, {"KeyId": KEY_ID, **params}), view)
    return next(asked).request.context


def test_what_every_operation_on_a_key_carries() -> None:
    context = context_of(
        "DisableKey",
        {},
        aliases=("alias/a", "alias/b"),
        tags={"Team": "blue"},
        multi_region=True,
        multi_region_type="PRIMARY",
    )
    for name, values in {
        "kms:CallerAccount": (ACCOUNT,),
        "kms:KeySpec": ("SYMMETRIC_DEFAULT",),
        "kms:CustomerMasterKeySpec": ("SYMMETRIC_DEFAULT",),
        "kms:KeyUsage": ("ENCRYPT_DECRYPT",),
        "kms:CustomerMasterKeyUsage": ("ENCRYPT_DECRYPT",),
        "kms:KeyOrigin": ("AWS_KMS",),
        "kms:MultiRegion": ("true",),
        "kms:MultiRegionKeyType": ("PRIMARY",),
        "kms:ResourceAliases": ("alias/a", "alias/b"),
        "aws:ResourceTag/Team": ("blue",),
        "aws:ResourceAccount": (ACCOUNT,),
        "aws:username": ("ana",),
    }.items():
        assert context[name] == values, name


@pytest.mark.parametrize(
    "name", ["kms:ViaService", "kms:MultiRegionKeyType", "kms:ResourceAliases", "kms:RequestAlias"]
)
def test_what_a_direct_call_on_a_plain_key_does_not_carry(name: str) -> None:
    assert name not in context_of("DescribeKey", {})


def test_multi_region_is_false_for_an_ordinary_key() -> None:
    assert context_of("DescribeKey", {})["kms:MultiRegion"] == ("false",)


@pytest.mark.parametrize("by", ["alias/app", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"])
@pytest.mark.parametrize("operation", ["DescribeKey", "Encrypt", "GetPublicKey", "GenerateDataKey"])
def test_the_alias_of_the_request_is_its_name(operation: str, by: str) -> None:
    context = context_of(operation, {"KeyId": by, "Plaintext": b""}, aliases=("alias/app",))
    assert context["kms:RequestAlias"] == ("alias/app",)


def test_an_operation_that_is_no_cryptography_has_no_alias_of_the_request() -> None:
    context = context_of(
        "CreateGrant", {"GranteePrincipal": ANA, "Operations": ["Decrypt"]}, aliases=("alias/app",)
    )
    assert "kms:RequestAlias" not in context


@pytest.mark.parametrize(
    "operation",
    [
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    ],
)
def test_the_encryption_context(operation: str) -> None:
    params = {
        "EncryptionContext": {"Dept": "IT", "dept": "hr", "X": "1"},
        "Plaintext": b"",
        "CiphertextBlob": b"x",
        "KeyPairSpec": "RSA_2048",
    }
    context = context_of(operation, params)
    assert context["kms:EncryptionContext:X"] == ("1",)
    assert context["kms:EncryptionContext:DEPT"] == ("IT", "hr")
    assert context["kms:EncryptionContextKeys"] == ("Dept", "dept", "X")


@pytest.mark.parametrize("given", [{}, {"EncryptionContext": {}}])
def test_no_encryption_context_is_no_key_at_all(given: dict[str, Any]) -> None:
    assert "kms:EncryptionContextKeys" not in context_of("Encrypt", {"Plaintext": b"", **given})


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("Encrypt", {"Plaintext": b""}, {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
        (
            "Encrypt",
            {"Plaintext": b"", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"},
            {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"},
        ),
        ("GenerateDataKey", {}, {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
        ("GenerateDataKeyPair", {"KeyPairSpec": "RSA_2048"}, {"kms:DataKeyPairSpec": "RSA_2048"}),
        (
            "Sign",
            {"Message": b"", "SigningAlgorithm": "ECDSA_SHA_256"},
            {"kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:MessageType": "RAW"},
        ),
        (
            "VerifyMac",
            {"Message": b"", "Mac": b"", "MacAlgorithm": "HMAC_SHA_256"},
            {"kms:MacAlgorithm": "HMAC_SHA_256"},
        ),
        ("ScheduleKeyDeletion", {}, {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}),
        (
            "ScheduleKeyDeletion",
            {"PendingWindowInDays": 7},
            {"kms:ScheduleKeyDeletionPendingWindowInDays": "7"},
        ),
        ("EnableKeyRotation", {}, {"kms:RotationPeriodInDays": "365"}),
        ("EnableKeyRotation", {"RotationPeriodInDays": 90}, {"kms:RotationPeriodInDays": "90"}),
        (
            "GetParametersForImport",
            {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
            {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256", "kms:WrappingKeySpec": "RSA_2048"},
        ),
        (
            "ImportKeyMaterial",
            {"ValidTo": 1546257599.0, "ExpirationModel": "KEY_MATERIAL_EXPIRES"},
            {"kms:ValidTo": "1546257599.0", "kms:ExpirationModel": "KEY_MATERIAL_EXPIRES"},
        ),
        (
            "PutKeyPolicy",
            {"Policy": "", "BypassPolicyLockoutSafetyCheck": True},
            {"kms:BypassPolicyLockoutSafetyCheck": "true"},
        ),
        ("ListGrants", {}, {"kms:GrantIsForAWSResource": "false"}),
        ("RevokeGrant", {"GrantId": "g"}, {"kms:GrantIsForAWSResource": "false"}),
        (
            "TagResource",
            {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
            {"aws:RequestTag/a": "b", "aws:TagKeys": "a"},
        ),
        ("UntagResource", {"TagKeys": ["a"]}, {"aws:TagKeys": "a"}),
    ],
)
def test_what_the_request_sets(operation: str, params: dict[str, Any], expected: dict[str, str]) -> None:
    context = context_of(operation, params)
    assert {name: context[name] for name in expected} == {name: (value,) for name, value in expected.items()}


@pytest.mark.parametrize(
    ("operation", "params", "name"),
    [
        ("ImportKeyMaterial", {}, "kms:ExpirationModel"),
        ("PutKeyPolicy", {"Policy": ""}, "kms:BypassPolicyLockoutSafetyCheck"),
        ("TagResource", {"Tags": []}, "aws:TagKeys"),
    ],
)
def test_what_is_absent_because_the_request_does_not_say_it(
    operation: str, params: dict[str, Any], name: str
) -> None:
    assert name not in context_of(operation, params)


def test_a_grant_about_to_be_made() -> None:
    context = context_of(
        "CreateGrant",
        {
            "Operations": ["Encrypt", "Decrypt"],
            "GranteePrincipal": "arn:aws:iam::123456789012:role/app",
            "RetiringPrincipal": "arn:aws:iam::123456789012:role/ops",
            "Constraints": {"EncryptionContextSubset": {"a": "b"}},
        },
    )
    assert context["kms:GrantOperations"] == ("Encrypt", "Decrypt")
    assert context["kms:GranteePrincipal"] == ("arn:aws:iam::123456789012:role/app",)
    assert context["kms:RetiringPrincipal"] == ("arn:aws:iam::123456789012:role/ops",)
    assert context["kms:GrantConstraintType"] == ("EncryptionContextSubset",)
    assert context["kms:EncryptionContext:a"] == ("b",)
    assert context["kms:EncryptionContextKeys"] == ("a",)
    assert context["kms:GrantIsForAWSResource"] == ("false",)


def test_a_grant_limited_to_the_calls_of_one_resource() -> None:
    source = "arn:aws:s3:::bucket"
    params = {"Operations": ["Decrypt"], "Constraints": {"SourceArn": source}}
    assert context_of("CreateGrant", params)["kms:GrantConstraintSourceArn"] == (source,)


@pytest.mark.parametrize(
    "name", ["kms:GrantConstraintType", "kms:RetiringPrincipal", "kms:EncryptionContextKeys"]
)
def test_a_grant_without_constraint_and_retiring_principal(name: str) -> None:
    assert name not in context_of("CreateGrant", {"Operations": ["Decrypt"], "GranteePrincipal": "x"})


def test_the_callers_tags_and_session() -> None:
    view = FakeAccount()
    view.add_key()
    for caller, expected in (
        (user(tags={"Team": "blue"}), {"aws:PrincipalTag/Team": ("blue",), "aws:username": ("ana",)}),
        (role_session(), {"aws:PrincipalArn": ("arn:aws:iam::123456789012:role/app",)}),
    ):
        asked = required_authorizations(call("kms", "DescribeKey", {"KeyId": KEY_ID}, caller), view)
        context = next(asked).request.context
        assert {name: context.get(name) for name in expected} == expected
        assert ("aws:username" in context) is (caller.kind == "User")


def test_services_that_a_grant_names() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"""
    params = {
        "Operations": ["Decrypt"],
        "GranteeServicePrincipal": "backup.amazonaws.com",
        "RetiringServicePrincipal": "dynamodb.amazonaws.com",
        "Constraints": {"SourceArn": "arn:aws:s3:::bucket"},
    }
    context = context_of("CreateGrant", params)
    assert context["kms:GranteeServicePrincipal"] == ("backup.amazonaws.com",)
    assert context["kms:RetiringServicePrincipal"] == ("dynamodb.amazonaws.com",)
    assert "kms:GranteePrincipal" not in context


def test_the_key_that_replication_makes_says_whose_call_it_is() -> None:
    view = FakeAccount()
    view.add_key(multi_region=True, multi_region_type="PRIMARY")
    params = {"KeyId": KEY_ID, "ReplicaRegion": "eu-west-1"}
    making = list(required_authorizations(call("kms", "ReplicateKey", params), view))
    for authorization in making:
        assert authorization.request.context["kms:CallerAccount"] == (ACCOUNT,)
        assert authorization.request.context["kms:MultiRegion"] == ("true",)
    regions = [one.request.context["aws:RequestedRegion"] for one in making]
    assert regions == [("us-east-1",), ("eu-west-1",)]
