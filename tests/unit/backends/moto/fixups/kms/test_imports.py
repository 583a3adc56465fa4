"""Keys whose material is imported: of no use before, and after it is taken away again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from helpers.account import TABLE, Account, allow
from helpers.asserts import code

MATERIAL = b"m" * 32
WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
KEY = {"id": {"S": "1"}}


def wrapped(kms: Any, key: str, material: bytes) -> dict[str, Any]:
    """The parameters of ImportKeyMaterial for some material."""
    given = kms.get_parameters_for_import(KeyId=key, **WRAPPING)
    public: Any = load_der_public_key(given["PublicKey"])
    way = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sent = public.encrypt(material, way)
    return {"KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sent, **FOREVER}


@pytest.fixture
def key(account: Account) -> str:
    return account.key(Origin="EXTERNAL")


def test_a_key_can_be_used_while_it_has_its_material(account: Account, key: str) -> None:
    kms, dynamodb = account.root.client("kms"), account.root.client("dynamodb")
    table = {**TABLE, "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}}
    assert code(kms.encrypt, KeyId=key, Plaintext=b"x") == "KMSInvalidStateException"
    assert code(dynamodb.create_table, **table) == "ValidationException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    dynamodb.create_table(**table)
    kms.delete_imported_key_material(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    assert code(kms.decrypt, CiphertextBlob=blob) == "KMSInvalidStateException"
    assert code(dynamodb.get_item, TableName="orders", Key=KEY) == "ValidationException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert code(dynamodb.get_item, TableName="orders", Key=KEY) == "allowed"


def test_what_is_not_the_keys_is_not_imported(account: Account, key: str) -> None:
    kms = account.root.client("kms")
    right = wrapped(kms, key, MATERIAL)
    assert code(kms.import_key_material, **right | {"ImportToken": b"x"}) == "InvalidImportTokenException"
    broken = right | {"EncryptedKeyMaterial": b"x" * 256}
    assert code(kms.import_key_material, **broken) == "InvalidCiphertextException"
    assert code(kms.import_key_material, **wrapped(kms, key, b"short")) == "IncorrectKeyMaterialException"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    assert code(kms.import_key_material, **wrapped(kms, key, b"o" * 32)) == "IncorrectKeyMaterialException"
    own = account.key()
    assert code(kms.get_parameters_for_import, KeyId=own, **WRAPPING) == "UnsupportedOperationException"


def test_importing_needs_its_right(account: Account, key: str) -> None:
    kms = account.root.client("kms")
    ana = account.user("ana", allow("kms:GetParametersForImport")).client("kms")
    assert code(ana.import_key_material, **wrapped(ana, key, MATERIAL)) == "AccessDeniedException"
    assert code(ana.delete_imported_key_material, KeyId=key) == "AccessDeniedException"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"


@pytest.mark.parametrize(("spec", "length"), [("HMAC_224", 28), ("HMAC_384", 48), ("HMAC_512", 64)])
def test_the_material_of_an_hmac_key_is_as_long_as_its_spec_says(
    account: Account, spec: str, length: int
) -> None:
    kms = account.root.client("kms")
    key = account.key(Origin="EXTERNAL", KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")
    assert code(kms.import_key_material, **wrapped(kms, key, MATERIAL)) == "IncorrectKeyMaterialException"
    assert code(kms.import_key_material, **wrapped(kms, key, b"m" * length)) == "allowed"


def encoded(private: Any) -> bytes:
    """A private key as it is imported."""
    return bytes(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def spki(private: Any) -> bytes:
    """Its public key, as KMS gives it."""
    return bytes(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def wrapped_by_aes(kms: Any, key: str, material: bytes, hashed: Any = None) -> dict[str, Any]:
    """The parameters of ImportKeyMaterial for material of whatever length."""
    hashed = hashed or hashes.SHA256()
    name = "SHA_256" if hashed.name == "sha256" else "SHA_1"
    way = {"WrappingAlgorithm": f"RSA_AES_KEY_WRAP_{name}", "WrappingKeySpec": "RSA_3072"}
    given = kms.get_parameters_for_import(KeyId=key, **way)
    public: Any = load_der_public_key(given["PublicKey"])
    head = public.encrypt(b"k" * 32, padding.OAEP(padding.MGF1(hashed), hashed, None))
    sent = head + aes_key_wrap_with_padding(b"k" * 32, material)
    return {"KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sent, **FOREVER}


@pytest.mark.parametrize("hashed", [hashes.SHA1(), hashes.SHA256()], ids=lambda hashed: hashed.name)
def test_an_rsa_key_is_wrapped_by_an_aes_key(account: Account, hashed: Any) -> None:
    kms = account.root.client("kms")
    key = account.key(Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert code(kms.get_parameters_for_import, KeyId=key, **WRAPPING) == "UnsupportedOperationException"
    private = rsa.generate_private_key(65537, 2048)
    answer = kms.import_key_material(**wrapped_by_aes(kms, key, encoded(private), hashed))
    assert (answer["KeyId"], "KeyMaterialId" in answer) == (key, False)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == spki(private)
    by = {"KeyId": key, "SigningAlgorithm": "RSASSA_PSS_SHA_256", "Message": b"x"}
    for length, valid in ((32, True), (padding.PSS.MAX_LENGTH, False)):
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=length)
        signature = private.sign(b"x", pss, hashes.SHA256())
        verified = code(kms.verify, **by, Signature=signature)
        assert verified == ("allowed" if valid else "KMSInvalidSignatureException")


@pytest.mark.parametrize(
    ("spec", "private"),
    [
        ("ECC_NIST_P256", ec.generate_private_key(ec.SECP256R1())),
        ("ECC_NIST_P521", ec.generate_private_key(ec.SECP521R1())),
        ("ECC_SECG_P256K1", ec.generate_private_key(ec.SECP256K1())),
        ("ECC_NIST_EDWARDS25519", ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_elliptic_curves_are_imported_as_pkcs_8(account: Account, spec: str, private: Any) -> None:
    """Recorded by LocalStack: test_import_key_ecc_keys"""
    kms = account.root.client("kms")
    key = account.key(Origin="EXTERNAL", KeySpec=spec, KeyUsage="SIGN_VERIFY")
    assert code(kms.get_public_key, KeyId=key) == "KMSInvalidStateException"
    other = ec.generate_private_key(ec.SECP384R1())
    for wrong in (encoded(other), b"x" * 64):
        refused = code(kms.import_key_material, **wrapped_by_aes(kms, key, wrong))
        assert refused == "IncorrectKeyMaterialException"
    kms.import_key_material(**wrapped_by_aes(kms, key, encoded(private)))
    assert kms.get_public_key(KeyId=key)["PublicKey"] == spki(private)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (told["ExpirationModel"], "CurrentKeyMaterialId" in told) == (FOREVER["ExpirationModel"], False)
    kms.delete_imported_key_material(KeyId=key)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (told["KeyState"], "ExpirationModel" in told) == ("PendingImport", False)
    kms.import_key_material(**wrapped_by_aes(kms, key, encoded(private)))


def test_material_is_wrapped_as_its_token_says(account: Account) -> None:
    kms = account.root.client("kms")
    key = account.key(Origin="EXTERNAL", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    private = encoded(ec.generate_private_key(ec.SECP256R1()))
    direct, by_aes = wrapped(kms, key, private), wrapped_by_aes(kms, key, private)
    mixed = {**direct, "ImportToken": by_aes["ImportToken"]}
    assert code(kms.import_key_material, **mixed) == "InvalidCiphertextException"
    other = account.key(Origin="EXTERNAL", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    assert code(kms.import_key_material, **{**direct, "KeyId": other}) == "InvalidImportTokenException"
    assert code(kms.import_key_material, **direct) == "allowed"


def test_when_imported_material_expires_is_told(account: Account, key: str) -> None:
    kms, now = account.root.client("kms"), datetime.now(timezone.utc).replace(microsecond=0)
    until = now + timedelta(days=30)
    for when, fits in ((now - timedelta(days=1), False), (now + timedelta(days=366), False), (until, True)):
        dated = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": when}
        imported = code(kms.import_key_material, **{**wrapped(kms, key, MATERIAL), **dated})
        assert imported == ("allowed" if fits else "ValidationException")
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (told["ExpirationModel"], told["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", until)


@pytest.mark.parametrize("imported", [True, False])
def test_a_key_is_not_enabled_without_its_material(account: Account, key: str, imported: bool) -> None:
    kms = account.root.client("kms")
    if imported:
        kms.import_key_material(**wrapped(kms, key, MATERIAL))
    kms.schedule_key_deletion(KeyId=key)
    kms.delete_imported_key_material(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    assert code(kms.enable_key, KeyId=key) == "KMSInvalidStateException"


def test_a_key_with_its_material_is_only_disabled(account: Account, key: str) -> None:
    kms = account.root.client("kms")
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    kms.schedule_key_deletion(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(KeyId=key)
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_an_asymmetric_replica_takes_the_same_key_however_it_is_written(account: Account) -> None:
    kms, there = account.root.client("kms"), account.root.client("kms", region_name="eu-west-1")
    curve = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "MultiRegion": True}
    key = account.key(Origin="EXTERNAL", **curve)
    private = ec.generate_private_key(ec.SECP256R1())
    kms.import_key_material(**wrapped_by_aes(kms, key, encoded(private)))
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    key_id = key.rpartition("/")[2]
    other = encoded(ec.generate_private_key(ec.SECP256R1()))
    refused = code(there.import_key_material, **wrapped_by_aes(there, key_id, other))
    assert refused == "IncorrectKeyMaterialException"
    there.import_key_material(**wrapped_by_aes(there, key_id, encoded(private)))
    by = {"SigningAlgorithm": "ECDSA_SHA_256", "Message": b"x"}
    signature = kms.sign(KeyId=key, **by)["Signature"]
    assert there.verify(KeyId=key_id, **by, Signature=signature)["SignatureValid"]
