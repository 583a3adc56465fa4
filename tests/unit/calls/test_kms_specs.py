"""Keys of a kind that an operation is not for, and algorithms that a key does not have.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from typing import Any

import pytest
from unit.calls.fake_facts import KEY_ID, FakeFacts, call, key_arn
from unit.calls.models import operation as model

from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.calls.kms.specs import KEY_SPECS
from pytest_kmslab.calls.operations import required_authorizations

RSA = {"spec": "RSA_2048"}
SIGNING = {"spec": "RSA_2048", "usage": "SIGN_VERIFY"}
CURVE = {"spec": "ECC_NIST_P256", "usage": "SIGN_VERIFY"}
HMAC = {"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}
OAEP = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
TARGET = "00000000-12ab-34cd-56ef-1234567890ab"


def refused(name: str, params: dict[str, Any], **key: Any) -> ServiceError:
    """What an operation on such a key is answered after it was allowed."""
    view = FakeFacts()
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
    view = FakeFacts()
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
    view = FakeFacts()
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
    view = FakeFacts()
    view.add_key(**key)
    return len(list(required_authorizations(call("kms", name, {"KeyId": KEY_ID, **params}), view))) == 1


def test_that_an_asymmetric_key_is_not_rotated_is_told() -> None:
    """https://github.com/ansible-collections/community.aws/pull/311"""
    assert allowed("GetKeyRotationStatus", {}, **SIGNING)


@pytest.mark.parametrize(
    ("spec", "algorithm", "most"),
    [
        ("RSA_2048", "RSAES_OAEP_SHA_1", 214),
        ("RSA_2048", "RSAES_OAEP_SHA_256", 190),
        ("RSA_3072", "RSAES_OAEP_SHA_1", 342),
        ("RSA_3072", "RSAES_OAEP_SHA_256", 318),
        ("RSA_4096", "RSAES_OAEP_SHA_1", 470),
        ("RSA_4096", "RSAES_OAEP_SHA_256", 446),
    ],
)
def test_what_fits_under_an_rsa_key(spec: str, algorithm: str, most: int) -> None:
    """Recorded by LocalStack: test_encrypt_validate_plaintext_size_per_key_type"""
    by = {"EncryptionAlgorithm": algorithm}
    error = refused("Encrypt", {**by, "Plaintext": b"x" * (most + 1)}, spec=spec)
    assert (error.code, error.message) == (
        "ValidationException",
        f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes.",
    )
    assert allowed("Encrypt", {**by, "Plaintext": b"x" * most}, spec=spec)


@pytest.mark.parametrize("name", ["Sign", "Verify"])
@pytest.mark.parametrize(
    ("spec", "algorithm", "length"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256", 32),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", 64),
        ("ECC_NIST_P384", "ECDSA_SHA_384", 48),
        ("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", 64),
    ],
)
def test_a_digest_is_as_long_as_its_hash(name: str, spec: str, algorithm: str, length: int) -> None:
    """Recorded by LocalStack: test_sign_verify"""
    key = {"spec": spec, "usage": "SIGN_VERIFY"}
    given = {"SigningAlgorithm": algorithm, "MessageType": "DIGEST"}
    for wrong in (length - 1, length + 1):
        error = refused(name, {**given, "Message": b"x" * wrong}, **key)
        assert error.code == "ValidationException"
        assert error.message == f"Digest is invalid length for algorithm {algorithm}."
    assert allowed(name, {**given, "Message": b"x" * length}, **key)


@pytest.mark.parametrize(
    ("spec", "algorithm", "message_type"),
    [
        ("ML_DSA_44", "ML_DSA_SHAKE_256", "DIGEST"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "DIGEST"),
        ("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", "RAW"),
        ("RSA_2048", "RSASSA_PSS_SHA_256", "EXTERNAL_MU"),
    ],
)
def test_message_types_that_an_algorithm_does_not_take(spec: str, algorithm: str, message_type: str) -> None:
    """https://github.com/floci-io/floci/issues/3025 and 2924, both measured on AWS"""
    given = {"SigningAlgorithm": algorithm, "MessageType": message_type, "Message": b"x" * 64}
    error = refused("Sign", given, spec=spec, usage="SIGN_VERIFY")
    assert error.code == "ValidationException"
    assert error.message == f"Message type {message_type} is incompatible with key spec {spec}."


@pytest.mark.parametrize("message_type", ["RAW", "EXTERNAL_MU"])
def test_messages_of_ml_dsa(message_type: str) -> None:
    given = {"SigningAlgorithm": "ML_DSA_SHAKE_256", "MessageType": message_type, "Message": b"x" * 64}
    assert allowed("Sign", given, spec="ML_DSA_44", usage="SIGN_VERIFY")


@pytest.mark.parametrize("params", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
def test_a_data_key_has_one_length(params: dict[str, Any]) -> None:
    error = refused("GenerateDataKey", params)
    assert error.message == "Please specify either number of bytes or key spec."
    assert allowed("GenerateDataKey", {"NumberOfBytes": 32})


def test_a_spec_of_another_partition() -> None:
    """https://github.com/floci-io/floci/issues/3026, measured on AWS"""
    error = refused("GenerateDataKeyPair", {"KeyPairSpec": "SM2"})
    assert (error.code, error.message) == (
        "UnsupportedOperationException",
        "KeyPairSpec SM2 is not supported in this Region",
    )
    view = FakeFacts()
    asked = required_authorizations(
        call("kms", "CreateKey", {"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}), view
    )
    next(asked)
    with pytest.raises(
        ServiceError, match=r"UnsupportedOperationException: KeySpec SM2 is not supported in this Region$"
    ):
        next(asked)


@pytest.mark.parametrize(
    ("spec", "algorithm", "wrapping", "fits"),
    [
        ("SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256", "RSA_2048", True),
        ("SYMMETRIC_DEFAULT", "RSAES_PKCS1_V1_5", "RSA_2048", False),
        ("SYMMETRIC_DEFAULT", "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048", False),
        ("RSA_2048", "RSAES_OAEP_SHA_256", "RSA_4096", False),
        ("RSA_2048", "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048", True),
        ("ECC_NIST_P521", "RSAES_OAEP_SHA_1", "RSA_2048", False),
        ("ECC_NIST_P521", "RSAES_OAEP_SHA_1", "RSA_3072", True),
        ("ECC_NIST_P256", "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048", True),
        ("HMAC_256", "RSAES_OAEP_SHA_1", "RSA_2048", True),
        ("HMAC_256", "RSAES_OAEP_SHA_1", "SM2", False),
    ],
)
def test_what_wraps_which_material(spec: str, algorithm: str, wrapping: str, fits: bool) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html"""
    given = {"WrappingAlgorithm": algorithm, "WrappingKeySpec": wrapping}
    key = {"spec": spec, "origin": "EXTERNAL", "state": "PendingImport"}
    if fits:
        assert allowed("GetParametersForImport", given, **key)
    else:
        assert refused("GetParametersForImport", given, **key).code == "UnsupportedOperationException"


@pytest.mark.parametrize("name", ["GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"])
def test_nothing_is_imported_into_a_key_that_kms_made(name: str) -> None:
    """Recorded by LocalStack: test_get_parameters_for_import_raises_for_non_external_kms_keys"""
    error = refused(name, {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
    assert error.code == "UnsupportedOperationException"
    assert error.message == f"{key_arn()} origin is AWS_KMS which is not valid for this operation."


@pytest.mark.parametrize(
    ("key", "params", "code"),
    [
        ({"spec": "HMAC_256"}, {"ImportType": "EXISTING_KEY_MATERIAL"}, "ValidationException"),
        ({}, {"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": "a" * 64}, "ValidationException"),
        (
            {"multi_region_type": "REPLICA"},
            {"ImportType": "NEW_KEY_MATERIAL"},
            "UnsupportedOperationException",
        ),
    ],
)
def test_what_is_imported(key: dict[str, Any], params: dict[str, Any], code: str) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html"""
    given = {**params, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    assert refused("ImportKeyMaterial", given, origin="EXTERNAL", **key).code == code


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
    view = FakeFacts()
    view.add_key(spec="NEW_SPEC")
    with pytest.raises(ServiceError, match=r"does not know the KeySpec `NEW_SPEC`.*please report it"):
        list(required_authorizations(call("kms", "Encrypt", {"KeyId": KEY_ID, **OAEP}), view))
