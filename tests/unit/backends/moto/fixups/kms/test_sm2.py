"""SM2 keys in China: the signature that the standard prints, and what KMS does with such keys."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from helpers.account import Account
from helpers.asserts import code

from pytest_kmslab.backends.moto.sm2 import Sm2PrivateKey

REGION = "cn-north-1"
SIGN = {"SigningAlgorithm": "SM2DSA"}
ENCRYPT = {"EncryptionAlgorithm": "SM2PKE"}


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms", region_name=REGION)


def made(kms: Any, usage: str, **more: str) -> str:
    key_id: str = kms.create_key(KeySpec="SM2", KeyUsage=usage, **more)["KeyMetadata"]["KeyId"]
    return key_id


def test_the_example_of_the_standard() -> None:
    """GB/T 32918.5, appendix A: the recommended curve and user id."""
    key = Sm2PrivateKey(0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8).public_key()
    assert key.point[0] == 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
    signature = encode_dss_signature(
        0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
        0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
    )
    key.verify(signature, b"message digest", False)
    for wrong in (signature[:-1], encode_dss_signature(0, 1), encode_dss_signature(1, 1)):
        with pytest.raises(InvalidSignature):
            key.verify(wrong, b"message digest", False)


def test_signing(kms: Any) -> None:
    by = {"KeyId": made(kms, "SIGN_VERIFY"), **SIGN}
    digest = {"Message": os.urandom(32), "MessageType": "DIGEST"}
    for message in ({"Message": b"m"}, digest):
        signature = kms.sign(**by, **message)["Signature"]
        assert kms.verify(**by, **message, Signature=signature)["SignatureValid"]
    assert code(kms.verify, **by, Message=b"m", Signature=signature) == "KMSInvalidSignatureException"
    assert code(kms.sign, **by, Message=b"short", MessageType="DIGEST") == "ValidationException"


@pytest.mark.parametrize("size", [1, 32, 33, 1024])
def test_encryption(kms: Any, size: int) -> None:
    by, plaintext = {"KeyId": made(kms, "ENCRYPT_DECRYPT"), **ENCRYPT}, os.urandom(size)
    blob = kms.encrypt(**by, Plaintext=plaintext)["CiphertextBlob"]
    assert kms.decrypt(**by, CiphertextBlob=blob)["Plaintext"] == plaintext
    for wrong in (blob[:-1], blob + b"x", blob[:-1] + bytes((blob[-1] ^ 1,)), b"0", b"none of it"):
        assert code(kms.decrypt, **by, CiphertextBlob=wrong) == "InvalidCiphertextException"
    other = made(kms, "ENCRYPT_DECRYPT")
    assert code(kms.decrypt, **ENCRYPT, KeyId=other, CiphertextBlob=blob) == "InvalidCiphertextException"


def test_agreement(kms: Any) -> None:
    by = {"KeyId": made(kms, "KEY_AGREEMENT"), "KeyAgreementAlgorithm": "ECDH"}
    peer = Sm2PrivateKey.generate()
    secret = kms.derive_shared_secret(**by, PublicKey=peer.public_key().public_bytes())["SharedSecret"]
    assert secret == peer.exchange(kms.get_public_key(KeyId=by["KeyId"])["PublicKey"])
    off = peer.public_key().public_bytes()[:-1] + b"\0"
    for wrong in (b"none", off):
        assert code(kms.derive_shared_secret, **by, PublicKey=wrong) == "ValidationException"


def test_material_that_is_imported(kms: Any) -> None:
    key_id, own = made(kms, "SIGN_VERIFY", Origin="EXTERNAL"), Sm2PrivateKey.generate()
    wrapping = {"WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "SM2"}
    told = kms.get_parameters_for_import(KeyId=key_id, **wrapping)
    public = type(own.public_key())(
        (int.from_bytes(told["PublicKey"][-64:-32], "big"), int.from_bytes(told["PublicKey"][-32:], "big"))
    )
    forever = {"ImportToken": told["ImportToken"], "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    wrong = public.encrypt(b"no key")
    refused = code(kms.import_key_material, KeyId=key_id, EncryptedKeyMaterial=wrong, **forever)
    assert refused == "IncorrectKeyMaterialException"
    kms.import_key_material(KeyId=key_id, EncryptedKeyMaterial=public.encrypt(own.private_bytes()), **forever)
    signature = kms.sign(KeyId=key_id, Message=b"m", **SIGN)["Signature"]
    own.public_key().verify(signature, b"m", False)


def test_a_data_key_pair(account: Account, kms: Any) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    pair = kms.generate_data_key_pair(KeyId=key_id, KeyPairSpec="SM2")
    assert (
        Sm2PrivateKey.from_pkcs8(pair["PrivateKeyPlaintext"]).public_key().public_bytes() == pair["PublicKey"]
    )
