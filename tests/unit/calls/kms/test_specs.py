"""Keys of a kind that an operation is not for, and algorithms that a key does not have.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.botocore_models import operation as model
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.kms.specs import KEY_SPECS

RSA = {"spec": "RSA_2048"}
SIGNING = {"spec": "RSA_2048", "usage": "SIGN_VERIFY"}
CURVE = {"spec": "ECC_NIST_P256", "usage": "SIGN_VERIFY"}
HMAC = {"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}
OAEP = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
TARGET = "00000000-12ab-34cd-56ef-1234567890ab"


def refused(name: str, params: dict[str, Any], **key: Any) -> ServiceError:
    """What an operation on such a key is answered after it was allowed."""
    view = FakeAccount()
    view.add_key(**key)
    view.ciphertexts[b"sealed"] = key_arn()
    asked = required_authorizations(call("kms", name, {"KeyId": KEY_ID, **params}), view)
    assert next(asked).request.resource == key_arn()
    with pytest.raises(ServiceError) as error:
        next(asked)
    return error.value


@pytest.mark.parametrize("dry", [{}, {"DryRun": True}])
@pytest.mark.parametrize(
    ("name", "params", "key", "algorithm"),
    [
        ("Encrypt", OAEP, {}, "RSAES_OAEP_SHA_256"),
        ("Encrypt", {}, RSA, "SYMMETRIC_DEFAULT"),
        ("Encrypt", {"EncryptionAlgorithm": "SM2PKE"}, RSA, "SM2PKE"),
        ("Decrypt", {"CiphertextBlob": b"sealed", **OAEP}, {}, "RSAES_OAEP_SHA_256"),
        ("Decrypt", {"CiphertextBlob": b"sealed"}, RSA, "SYMMETRIC_DEFAULT"),
        ("GenerateDataKey", {}, RSA, "SYMMETRIC_DEFAULT"),
        ("GenerateDataKey", OAEP, RSA, "SYMMETRIC_DEFAULT"),
        ("GenerateDataKeyWithoutPlaintext", {}, RSA, "SYMMETRIC_DEFAULT"),
        ("GenerateDataKeyPair", {"KeyPairSpec": "RSA_2048"}, RSA, "SYMMETRIC_DEFAULT"),
        ("GenerateDataKeyPairWithoutPlaintext", {"KeyPairSpec": "RSA_2048"}, RSA, "SYMMETRIC_DEFAULT"),
        ("Sign", {"SigningAlgorithm": "RSASSA_PSS_SHA_256"}, CURVE, "RSASSA_PSS_SHA_256"),
        ("Verify", {"SigningAlgorithm": "ECDSA_SHA_384"}, CURVE, "ECDSA_SHA_384"),
        ("GenerateMac", {"MacAlgorithm": "HMAC_SHA_512"}, HMAC, "HMAC_SHA_512"),
        ("VerifyMac", {"MacAlgorithm": "HMAC_SHA_512"}, HMAC, "HMAC_SHA_512"),
    ],
)
def test_an_algorithm_that_the_key_does_not_have(
    name: str, params: dict[str, Any], key: dict[str, str], algorithm: str, dry: dict[str, bool]
) -> None:
    spec = key.get("spec", "SYMMETRIC_DEFAULT")
    error = refused(name, {**params, **dry}, **key)
    assert error.code == "InvalidKeyUsageException"
    assert error.message == f"Algorithm {algorithm} is incompatible with key spec {spec}."


@pytest.mark.parametrize("side", ["Source", "Destination"])
def test_both_keys_of_a_re_encryption_have_their_algorithm(side: str) -> None:
    view = FakeAccount()
    view.add_key()
    view.add_key(TARGET)
    view.ciphertexts[b"sealed"] = key_arn()
    params = {"CiphertextBlob": b"sealed", "DestinationKeyId": TARGET}
    asked = required_authorizations(
        call("kms", "ReEncrypt", {**params, f"{side}EncryptionAlgorithm": "SM2PKE"}), view
    )
    with pytest.raises(ServiceError, match="InvalidKeyUsageException: Algorithm SM2PKE"):
        list(asked)


def test_the_algorithm_is_looked_at_after_state_and_usage() -> None:
    assert refused("Encrypt", OAEP, state="Disabled").code == "DisabledException"
    assert "key usage is SIGN_VERIFY" in refused("Encrypt", {}, **SIGNING).message


@pytest.mark.parametrize(
    ("name", "params"),
    [("Encrypt", {}), ("Decrypt", {"CiphertextBlob": b"sealed"})],
)
def test_only_a_symmetric_key_takes_an_encryption_context(name: str, params: dict[str, Any]) -> None:
    error = refused(name, {**params, **OAEP, "EncryptionContext": {"a": "b"}}, **RSA)
    assert error.code == "ValidationException"


@pytest.mark.parametrize("key", [{}, HMAC])
def test_a_key_without_a_public_key(key: dict[str, str]) -> None:
    assert refused("GetPublicKey", {}, **key).code == "UnsupportedOperationException"


ROTATION = ("EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand")


@pytest.mark.parametrize("name", ROTATION)
@pytest.mark.parametrize("key", [RSA, SIGNING, HMAC])
def test_only_symmetric_keys_are_rotated(name: str, key: dict[str, str]) -> None:
    assert refused(name, {}, **key).code == "UnsupportedOperationException"


@pytest.mark.parametrize("name", ROTATION[:2])
def test_imported_material_is_not_rotated_by_a_schedule(name: str) -> None:
    error = refused(name, {}, origin="EXTERNAL")
    assert error.code == "UnsupportedOperationException"
    assert error.message == f"{key_arn()} origin is EXTERNAL which is not valid for this operation."


def test_imported_material_is_rotated_on_demand() -> None:
    view = FakeAccount()
    view.add_key(origin="EXTERNAL", multi_region=True, multi_region_type="PRIMARY")
    assert len(list(required_authorizations(call("kms", "RotateKeyOnDemand", {"KeyId": KEY_ID}), view))) == 1


@pytest.mark.parametrize("origin", ["AWS_KMS", "EXTERNAL"])
@pytest.mark.parametrize("name", ["RotateKeyOnDemand", "EnableKeyRotation", "DisableKeyRotation"])
def test_a_replica_is_rotated_with_its_primary_key(name: str, origin: str) -> None:
    error = refused(name, {}, origin=origin, multi_region=True, multi_region_type="REPLICA")
    assert error.code == "UnsupportedOperationException"


def test_a_key_without_material_is_not_rotated() -> None:
    """tests/aws/services/kms/test_kms.snapshot.json of LocalStack"""
    error = refused("RotateKeyOnDemand", {}, origin="EXTERNAL", state="PendingImport")
    assert (error.code, error.message) == ("KMSInvalidStateException", f"{key_arn()} is pending import.")


def test_the_rotation_of_imported_material_has_no_status() -> None:
    """https://github.com/duo-labs/cloudmapper/issues/906"""
    error = refused("GetKeyRotationStatus", {}, origin="EXTERNAL")
    assert error.code == "UnsupportedOperationException"
    assert error.message == f"{key_arn()} origin is EXTERNAL which is not valid for this operation."


def allowed(name: str, params: dict[str, Any], **key: Any) -> bool:
    """Whether an operation on such a key is not refused after it was allowed."""
    view = FakeAccount()
    view.add_key(**key)
    return len(list(required_authorizations(call("kms", name, {"KeyId": KEY_ID, **params}), view))) == 1


@pytest.mark.parametrize("key", [SIGNING, HMAC])
def test_a_key_with_one_material_does_not_list_it(key: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html"""
    asked = {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"}
    assert refused("ListKeyRotations", asked, **key).code == "ValidationException"
    assert allowed("ListKeyRotations", {}, **key)
    assert allowed("ListKeyRotations", asked)


def test_that_an_asymmetric_key_is_not_rotated_is_told() -> None:
    """https://github.com/ansible-collections/community.aws/pull/311"""
    assert allowed("GetKeyRotationStatus", {}, **SIGNING)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("Encrypt", "EncryptionAlgorithm"),
        ("Sign", "SigningAlgorithm"),
        ("GenerateMac", "MacAlgorithm"),
        ("DeriveSharedSecret", "KeyAgreementAlgorithm"),
    ],
)
def test_every_algorithm_of_the_model_is_some_keys(name: str, member: str) -> None:
    known = {algorithm for uses in KEY_SPECS.values() for every in uses.values() for algorithm in every}
    assert set(model("kms", name).input_shape.members[member].enum) <= known


def test_every_spec_and_usage_of_the_model_is_in_the_table() -> None:
    members = model("kms", "CreateKey").input_shape.members
    assert set(members["KeySpec"].enum) <= set(KEY_SPECS)
    assert set(members["KeyUsage"].enum) <= {usage for uses in KEY_SPECS.values() for usage in uses}


def test_nothing_is_done_with_a_spec_that_is_not_in_the_table() -> None:
    """Its algorithms are not known, and a policy may go by the one that the caller claims."""
    view = FakeAccount()
    view.add_key(spec="NEW_SPEC")
    with pytest.raises(ServiceError, match=r"does not know the KeySpec `NEW_SPEC`.*please report it"):
        list(required_authorizations(call("kms", "Encrypt", {"KeyId": KEY_ID, **OAEP}), view))
