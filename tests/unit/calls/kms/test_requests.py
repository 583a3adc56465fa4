"""What a request cannot ask of a key: sizes, digests, kinds of message, data keys, wrappings and imports."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import FakeAccount, call, key_arn
from unit.calls.kms.test_specs import CURVE, HMAC, SIGNING, allowed, refused

from pytest_kmslab.calls.api_call import ServiceError


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


@pytest.mark.parametrize(
    ("message_type", "length", "fits"),
    [
        ("RAW", 1, True),
        ("EXTERNAL_MU", 64, True),
        ("EXTERNAL_MU", 63, False),
        ("EXTERNAL_MU", 65, False),
    ],
)
def test_messages_of_ml_dsa(message_type: str, length: int, fits: bool) -> None:
    by = {"SigningAlgorithm": "ML_DSA_SHAKE_256", "MessageType": message_type}
    given, key = {**by, "Message": b"x" * length}, {"spec": "ML_DSA_44", "usage": "SIGN_VERIFY"}
    if fits:
        assert allowed("Sign", given, **key)
    else:
        assert refused("Sign", given, **key).code == "ValidationException"


@pytest.mark.parametrize("length", [0, 31, 4096])
def test_a_message_that_is_hashed_has_any_length(length: int) -> None:
    given = {"SigningAlgorithm": "RSASSA_PSS_SHA_256", "Message": b"x" * length}
    assert allowed("Sign", given, **SIGNING)
    assert allowed("Verify", {**given, "MessageType": "RAW"}, **SIGNING)


@pytest.mark.parametrize("name", ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"])
@pytest.mark.parametrize("params", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
def test_a_data_key_has_one_length(name: str, params: dict[str, Any]) -> None:
    error = refused(name, params)
    assert error.code == "ValidationException"
    assert error.message == "Please specify either number of bytes or key spec."
    assert allowed(name, {"NumberOfBytes": 32})
    assert allowed(name, {"KeySpec": "AES_128"})


@pytest.mark.parametrize("name", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"])
def test_a_pair_of_another_partition(name: str) -> None:
    error = refused(name, {"KeyPairSpec": "SM2"})
    assert error.code == "UnsupportedOperationException"
    assert error.message == "KeyPairSpec SM2 is not supported in this Region"


@pytest.mark.parametrize(
    ("region", "spec", "usage", "fits"),
    [
        ("us-east-1", "SM2", "SIGN_VERIFY", False),
        ("cn-north-1", "SM2", "SIGN_VERIFY", True),
        ("cn-northwest-1", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", False),
        ("us-east-1", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", True),
        ("cn-north-1", "RSA_2048", "SIGN_VERIFY", True),
    ],
)
def test_a_key_spec_of_another_partition(region: str, spec: str, usage: str, fits: bool) -> None:
    """https://github.com/floci-io/floci/issues/3026, measured on AWS"""
    params = {"KeySpec": spec, "KeyUsage": usage}
    asked = required_authorizations(call("kms", "CreateKey", params, region=region), FakeAccount())
    next(asked)
    if fits:
        assert list(asked) == []
        return
    text = f"UnsupportedOperationException: KeySpec {spec} is not supported in this Region$"
    with pytest.raises(ServiceError, match=text):
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
        ("HMAC_256", "SM2PKE", "RSA_2048", False),
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


NEW, EXISTING = {"ImportType": "NEW_KEY_MATERIAL"}, {"ImportType": "EXISTING_KEY_MATERIAL"}
REPLICA, PRIMARY = {"multi_region_type": "REPLICA"}, {"multi_region_type": "PRIMARY"}


@pytest.mark.parametrize(
    ("key", "params", "code"),
    [
        (HMAC, EXISTING, "ValidationException"),
        (CURVE, {"KeyMaterialDescription": "x"}, "ValidationException"),
        (HMAC, {"KeyMaterialId": "a" * 64}, "ValidationException"),
        (HMAC, {}, ""),
        ({}, {**NEW, "KeyMaterialId": "a" * 64}, "ValidationException"),
        ({}, {**EXISTING, "KeyMaterialId": "a" * 64}, ""),
        ({}, {**NEW, "KeyMaterialDescription": "x"}, ""),
        (REPLICA, NEW, "UnsupportedOperationException"),
        (REPLICA, EXISTING, ""),
        (PRIMARY, NEW, ""),
    ],
)
def test_what_is_imported(key: dict[str, Any], params: dict[str, Any], code: str) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html"""
    given = {**params, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    if code:
        assert refused("ImportKeyMaterial", given, origin="EXTERNAL", **key).code == code
    else:
        assert allowed("ImportKeyMaterial", given, origin="EXTERNAL", **key)
