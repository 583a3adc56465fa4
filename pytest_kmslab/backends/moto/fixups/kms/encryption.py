"""Encrypt, Decrypt, ReEncrypt and data keys: by the key's own algorithm, for keys of two accounts.

A symmetric ciphertext is moto's: the key id, and AES-GCM over the plaintext with the encryption context.
An asymmetric one is RSAES-OAEP and nothing else, so other software reads and writes it.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from moto.kms import utils
from moto.kms.exceptions import AccessDeniedException, InvalidCiphertextException, ValidationException

from pytest_kmslab.backends.moto import key_pairs
from pytest_kmslab.backends.moto.fixups.kms.materials import Material, current, materials
from pytest_kmslab.backends.moto.reader import key_of, maker_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.kms.specs import BYTES, SYMMETRIC, check_plaintext_size

WITHOUT_PLAINTEXT = "WithoutPlaintext"
Pairs = Mapping[str, str]


def encrypt(call: ApiCall) -> dict[str, Any]:
    """The answer to Encrypt."""
    key = called_key(call)
    algorithm = call.params.get("EncryptionAlgorithm", SYMMETRIC)
    blob = sealed(key, algorithm, call.params["Plaintext"], call.params.get("EncryptionContext") or {})
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


def decrypt(call: ApiCall) -> dict[str, Any]:
    """The answer to Decrypt."""
    params = call.params
    key = _source(call, "KeyId")
    algorithm = params.get("EncryptionAlgorithm", SYMMETRIC)
    context = params.get("EncryptionContext") or {}
    plaintext, material = opened(key, algorithm, params["CiphertextBlob"], context)
    answer = {"KeyId": key.arn, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm}
    return {**answer, **({"KeyMaterialId": material.id} if material else {})}


def re_encrypt(call: ApiCall) -> dict[str, Any]:
    """The answer to ReEncrypt, whose two keys may be of two accounts."""
    params = call.params
    source = _source(call, "SourceKeyId")
    target = key_of(str(params["DestinationKeyId"]), call.region, call.account)
    by = params.get("SourceEncryptionAlgorithm", SYMMETRIC)
    to = params.get("DestinationEncryptionAlgorithm", SYMMETRIC)
    context = params.get("SourceEncryptionContext") or {}
    plaintext, _ = opened(source, by, params["CiphertextBlob"], context)
    check_plaintext_size(target.key_spec, to, plaintext)
    blob = sealed(target, to, plaintext, params.get("DestinationEncryptionContext") or {})
    return {
        "CiphertextBlob": blob,
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": by,
        "DestinationEncryptionAlgorithm": to,
    }


def data_key(call: ApiCall) -> dict[str, Any]:
    """The answer to GenerateDataKey, and to the operation that leaves the plaintext out."""
    key, params = called_key(call), call.params
    plaintext = secrets.token_bytes(params.get("NumberOfBytes") or BYTES[params["KeySpec"]])
    blob = sealed(key, SYMMETRIC, plaintext, params.get("EncryptionContext") or {})
    shown = {} if call.operation.endswith(WITHOUT_PLAINTEXT) else {"Plaintext": plaintext}
    return {**shown, "CiphertextBlob": blob, "KeyId": key.arn}


def data_key_pair(call: ApiCall) -> dict[str, Any]:
    """The answer to GenerateDataKeyPair, and to the operation that leaves the plaintext out."""
    key, spec = called_key(call), str(call.params["KeyPairSpec"])
    pair = key_pairs.new_private_key(spec)
    private = key_pairs.pkcs8(pair)
    blob = sealed(key, SYMMETRIC, private, call.params.get("EncryptionContext") or {})
    shown = {} if call.operation.endswith(WITHOUT_PLAINTEXT) else {"PrivateKeyPlaintext": private}
    return {
        **shown,
        "PrivateKeyCiphertextBlob": blob,
        "PublicKey": key_pairs.public_key(pair),
        "KeyId": key.arn,
        "KeyPairSpec": spec,
    }


def called_key(call: ApiCall) -> Any:
    """Moto's own object of the key that the call names."""
    return key_of(str(call.params["KeyId"]), call.region, call.account)


def sealed(key: Any, algorithm: str, plaintext: bytes, context: Pairs) -> bytes:
    """The ciphertext of a plaintext under moto's key."""
    if algorithm != SYMMETRIC:
        return key_pairs.encrypt(key.private_key.private_key, algorithm, plaintext)
    material = current(key)
    assert material is not None, "a key without material has a state in which it is refused"
    try:
        return utils.encrypt(_holding(key, material), key.id, plaintext, dict(context))
    except ValidationException as error:  # more than 4,096 bytes, in KMS's words
        raise ServiceError("ValidationException", error.message) from None


def opened(key: Any, algorithm: str, blob: bytes, context: Pairs) -> tuple[bytes, Material | None]:
    """The plaintext of a ciphertext, and the material of a symmetric key that it was encrypted under."""
    if algorithm != SYMMETRIC:
        return key_pairs.decrypt(key.private_key.private_key, algorithm, blob), None
    # moto's ciphertext does not say which material made it: each is tried.
    for material in materials(key):
        try:
            plaintext, _ = utils.decrypt(_holding(key, material), blob, dict(context))
        except (AccessDeniedException, InvalidCiphertextException):
            continue
        return plaintext, material
    raise ServiceError("InvalidCiphertextException", "")


def _holding(key: Any, material: Material) -> dict[str, Any]:
    # What moto's cryptography looks for keys in, and of which it reads the material only.
    return {key.id: SimpleNamespace(key_material=material.secret)}


def _source(call: ApiCall, member: str) -> Any:
    """The key to decrypt with: the one that is named, or that made the ciphertext."""
    key_id = call.params.get(member)
    if key_id is None:
        # A symmetric ciphertext says which key made it; for an asymmetric one KMS wants the key named.
        return maker_of(call.params["CiphertextBlob"], call.region, call.account)
    return key_of(str(key_id), call.region, call.account)
