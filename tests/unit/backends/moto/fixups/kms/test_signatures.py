"""What KMS signs and encrypts, other software verifies and decrypts, and the other way round.

Recorded by LocalStack: test_sign_verify, test_verify_salt_length, test_derive_shared_secret.
"""

from __future__ import annotations

import hashlib
import hmac
from importlib import import_module
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from helpers.account import Account
from helpers.asserts import code

from pytest_kmslab.backends.moto import key_pairs
from pytest_kmslab.calls.api_call import ServiceError

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
MESSAGE = b"what is signed"
SIGNING = [
    *(("RSA_2048", f"RSASSA_{way}_SHA_{size}") for way in ("PSS", "PKCS1_V1_5") for size in HASHES),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
]


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def public_key(kms: Any, key: str) -> Any:
    return load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])


def verify(key: Any, algorithm: str, signature: bytes, message: bytes, hashed: Any) -> None:
    """By the rules of the standards: a salt as long as the hash."""
    if algorithm.startswith("ECDSA"):
        key.verify(signature, message, ec.ECDSA(hashed))
        return
    size = HASHES[algorithm[-3:]]
    pss = padding.PSS(mgf=padding.MGF1(size), salt_length=size.digest_size)
    key.verify(signature, message, pss if "PSS" in algorithm else padding.PKCS1v15(), hashed)


@pytest.mark.parametrize(("spec", "algorithm"), SIGNING)
def test_others_verify_what_kms_signs(account: Account, kms: Any, spec: str, algorithm: str) -> None:
    key = account.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    hashed = HASHES[algorithm[-3:]]
    digest = hashlib.new(hashed.name, MESSAGE).digest()
    by = {"KeyId": key, "SigningAlgorithm": algorithm}
    for message, message_type in ((MESSAGE, "RAW"), (digest, "DIGEST")):
        signature = kms.sign(**by, Message=message, MessageType=message_type)["Signature"]
        way = hashed if message_type == "RAW" else Prehashed(hashed)
        verify(public_key(kms, key), algorithm, signature, message, way)
        for told, its_type in ((MESSAGE, "RAW"), (digest, "DIGEST")):
            verified = kms.verify(**by, Message=told, MessageType=its_type, Signature=signature)
            assert (verified["SignatureValid"], verified["KeyId"]) == (True, key)
        with pytest.raises(InvalidSignature):
            verify(public_key(kms, key), algorithm, signature, b"x" * len(message), way)


@pytest.mark.parametrize(("algorithm", "hashed"), [("SHA_1", hashes.SHA1()), ("SHA_256", hashes.SHA256())])
def test_kms_decrypts_what_others_encrypt(account: Account, kms: Any, algorithm: str, hashed: Any) -> None:
    key = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    oaep = padding.OAEP(mgf=padding.MGF1(hashed), algorithm=hashed, label=None)
    blob = public_key(kms, key).encrypt(b"secret", oaep)
    by = {"KeyId": key, "EncryptionAlgorithm": f"RSAES_OAEP_{algorithm}"}
    answer = kms.decrypt(**by, CiphertextBlob=blob)
    assert answer["Plaintext"] == b"secret"
    assert "KeyMaterialId" not in answer
    own = kms.encrypt(**by, Plaintext=b"secret")
    assert (len(own["CiphertextBlob"]), own["EncryptionAlgorithm"]) == (256, by["EncryptionAlgorithm"])
    assert code(kms.decrypt, **by, CiphertextBlob=blob[:-1] + b"x") == "InvalidCiphertextException"
    assert code(kms.decrypt, CiphertextBlob=blob) == "InvalidCiphertextException"
    other = account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    wrong = {**by, "KeyId": other, "CiphertextBlob": blob}
    assert code(kms.decrypt, **wrong) == "InvalidCiphertextException"


def test_more_than_fits_is_not_encrypted_again(account: Account, kms: Any) -> None:
    own, rsa_key = account.key(), account.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    for length, fits in ((190, True), (191, False)):
        blob = kms.encrypt(KeyId=own, Plaintext=b"x" * length)["CiphertextBlob"]
        moved = {"DestinationKeyId": rsa_key, "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        if fits:
            assert len(kms.re_encrypt(CiphertextBlob=blob, **moved)["CiphertextBlob"]) == 256
        else:
            assert code(kms.re_encrypt, CiphertextBlob=blob, **moved) == "ValidationException"


def test_edwards_curves(account: Account, kms: Any) -> None:
    key = account.key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")
    told = kms.get_public_key(KeyId=key)
    assert (len(told["PublicKey"]), told["KeySpec"]) == (44, "ECC_NIST_EDWARDS25519")
    public: Any = load_der_public_key(told["PublicKey"])
    assert isinstance(public, ed25519.Ed25519PublicKey)
    by = {"KeyId": key, "SigningAlgorithm": "ED25519_SHA_512", "Message": MESSAGE}
    signature = kms.sign(**by)["Signature"]
    public.verify(signature, MESSAGE)
    assert kms.verify(**by, Signature=signature)["SignatureValid"]
    assert code(kms.verify, **by, Signature=b"x" * 64) == "KMSInvalidSignatureException"
    hashed = {**by, "SigningAlgorithm": "ED25519_PH_SHA_512", "MessageType": "DIGEST", "Message": b"x" * 64}
    assert code(kms.sign, **hashed) == "UnsupportedOperationException"


def _has(module: str) -> bool:
    try:
        import_module(f"cryptography.hazmat.primitives.asymmetric.{module}")
    except ImportError:
        return False
    return True


@pytest.mark.skipif(not _has("mldsa"), reason="cryptography has no ML-DSA")
@pytest.mark.parametrize(("spec", "length"), [("ML_DSA_44", 1334), ("ML_DSA_65", 1974), ("ML_DSA_87", 2614)])
def test_ml_dsa(account: Account, kms: Any, spec: str, length: int) -> None:
    """https://github.com/floci-io/floci/issues/3025, measured on AWS"""
    key = account.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["SigningAlgorithms"] == ["ML_DSA_SHAKE_256"]
    encoded = kms.get_public_key(KeyId=key)["PublicKey"]
    assert len(encoded) == length
    by = {"KeyId": key, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = kms.sign(**by, Message=MESSAGE)["Signature"]
    public: Any = load_der_public_key(encoded)
    public.verify(signature, MESSAGE)
    assert code(kms.verify, **by, Message=b"other", Signature=signature) == "KMSInvalidSignatureException"
    digest = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(digest + b"\x00\x00" + MESSAGE).digest(64)
    told = {**by, "Message": mu, "MessageType": "EXTERNAL_MU"}
    assert kms.verify(**told, Signature=signature)["SignatureValid"]
    assert kms.verify(**by, Message=MESSAGE, Signature=kms.sign(**told)["Signature"])["SignatureValid"]


@pytest.mark.skipif(not _has("mlkem"), reason="cryptography has no ML-KEM")
def test_ml_kem(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Encapsulate.html"""
    key = account.key(KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    by = {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}
    public: Any = public_key(kms, key)
    secret, blob = public.encapsulate()
    assert kms.decapsulate(**by, SharedSecretCiphertextBlob=blob)["SharedSecret"] == secret
    made = kms.encapsulate(**by)
    again = kms.decapsulate(**by, SharedSecretCiphertextBlob=made["SharedSecretCiphertextBlob"])
    assert (again["SharedSecret"], again["KeyId"]) == (made["SharedSecret"], key)
    assert code(kms.decapsulate, **by, SharedSecretCiphertextBlob=b"x") == "InvalidCiphertextException"


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_shared_secrets(account: Account, kms: Any, spec: str) -> None:
    key = account.key(KeySpec=spec, KeyUsage="KEY_AGREEMENT")
    public = public_key(kms, key)
    peer = ec.generate_private_key(public.curve)
    told = peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    by = {"KeyId": key, "KeyAgreementAlgorithm": "ECDH"}
    answer = kms.derive_shared_secret(**by, PublicKey=told)
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), public)
    assert (answer["KeyId"], answer["KeyOrigin"], answer["KeyAgreementAlgorithm"]) == (key, "AWS_KMS", "ECDH")
    strange = rsa.generate_private_key(65537, 2048).public_key()
    for wrong in (b"none", strange.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)):
        assert code(kms.derive_shared_secret, **by, PublicKey=wrong) == "ValidationException"


@pytest.mark.parametrize(
    ("region", "spec", "usage"),
    [
        ("us-east-1", "SM2", "SIGN_VERIFY"),
        ("cn-north-1", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
        ("us-east-1", "ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
    ],
)
def test_keys_that_cannot_be_made(account: Account, region: str, spec: str, usage: str) -> None:
    """Neither the Region's nor the installed library's keys; a pair neither."""
    if spec == "ML_KEM_512" and _can_make(spec):
        pytest.skip("cryptography has it by now")
    kms = account.root.client("kms", region_name=region)
    assert code(kms.create_key, KeySpec=spec, KeyUsage=usage) == "UnsupportedOperationException"
    if region == "us-east-1":
        pair = {"KeyId": account.key(), "KeyPairSpec": spec}
        assert code(kms.generate_data_key_pair, **pair) == "UnsupportedOperationException"


def _can_make(spec: str) -> bool:
    try:
        key_pairs.check_can_be_made(spec)
    except ServiceError:
        return False
    return True


@pytest.mark.parametrize("spec", ["RSA_3072", "ECC_NIST_P384", "ECC_NIST_EDWARDS25519"])
def test_data_key_pairs(account: Account, kms: Any, spec: str) -> None:
    key, context = account.key(), {"a": "b"}
    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=context)
    private: Any = load_der_private_key(made["PrivateKeyPlaintext"], None)
    shown = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (made["PublicKey"], made["KeyId"], made["KeyPairSpec"]) == (shown, key, spec)
    sealed = {"CiphertextBlob": made["PrivateKeyCiphertextBlob"], "EncryptionContext": context}
    assert kms.decrypt(**sealed)["Plaintext"] == made["PrivateKeyPlaintext"]


@pytest.mark.parametrize("size", ["224", "256", "384", "512"])
def test_macs(account: Account, kms: Any, size: str) -> None:
    key = account.key(KeySpec=f"HMAC_{size}", KeyUsage="GENERATE_VERIFY_MAC")
    by = {"KeyId": key, "MacAlgorithm": f"HMAC_SHA_{size}", "Message": MESSAGE}
    made = kms.generate_mac(**by)
    assert (made["KeyId"], len(made["Mac"]) * 8) == (key, int(size))
    assert kms.verify_mac(**by, Mac=made["Mac"]) | {"ResponseMetadata": None} == {
        "KeyId": key,
        "MacValid": True,
        "MacAlgorithm": f"HMAC_SHA_{size}",
        "ResponseMetadata": None,
    }
    assert (
        code(kms.verify_mac, **by, Mac=hmac.digest(b"other", MESSAGE, "sha256")) == "KMSInvalidMacException"
    )


def test_an_encryption_context_is_not_cut_otherwise(account: Account, kms: Any) -> None:
    """moto authenticates names and values run together."""
    key = account.key()
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "bc"})["CiphertextBlob"]
    for other in ({"ab": "c"}, {"a": "b", "c": ""}, {}):
        assert code(kms.decrypt, CiphertextBlob=blob, EncryptionContext=other) == "InvalidCiphertextException"
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "bc"})["Plaintext"] == b"x"


def test_no_plaintext_for_an_enclave_that_is_not_looked_at(account: Account, kms: Any) -> None:
    blob = kms.encrypt(KeyId=account.key(), Plaintext=b"x")["CiphertextBlob"]
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    for act, given in (
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.generate_data_key, {"KeyId": account.key(), "KeySpec": "AES_256"}),
        (kms.generate_random, {"NumberOfBytes": 8}),
    ):
        assert code(act, **given, Recipient=recipient) == "UnsupportedOperationException"
