"""Imported key material, which moto lacks: without it a key of origin EXTERNAL could never be used.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

from pytest_kmslab.backends.moto.lookup import key_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

PARAMETERS = "kmslab_import_parameters"
"""On moto's key: the token last given out, and the private key and hash that unwrap what comes with it."""
MATERIAL = "kmslab_imported"
LENGTHS = {"HMAC_224": 28, "HMAC_384": 48, "HMAC_512": 64}
"""Bytes of the material of a key by its KeySpec, where they are not 32.
https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html"""
GOOD_FOR = timedelta(hours=24)
HASHES = {"RSAES_OAEP_SHA_1": "SHA1", "RSAES_OAEP_SHA_256": "SHA256"}
SIZES = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}


def parameters(call: ApiCall) -> dict[str, Any]:
    """GetParametersForImport, for the two OAEP ways of wrapping."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = _external(call)
    algorithm, size = HASHES.get(call.params["WrappingAlgorithm"]), SIZES.get(call.params["WrappingKeySpec"])
    if algorithm is None or size is None:
        text = f"pytest-kmslab wraps by {' and '.join(HASHES)} under {', '.join(SIZES)} only"
        raise ServiceError("UnsupportedOperationException", text)
    wrapping, token = rsa.generate_private_key(public_exponent=65537, key_size=size), secrets.token_bytes(64)
    setattr(key, PARAMETERS, (token, wrapping, algorithm))
    public = wrapping.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    until = datetime.now(timezone.utc) + GOOD_FOR
    return {"KeyId": key.arn, "ImportToken": token, "PublicKey": public, "ParametersValidTo": until}


def import_material(call: ApiCall) -> dict[str, Any]:
    """ImportKeyMaterial: the key can be used from now on. It does not expire here."""
    key = _external(call)
    material = _unwrapped(key, call)
    before = getattr(key, MATERIAL, material)
    if len(material) != LENGTHS.get(key.key_spec, 32) or material != before:
        raise ServiceError("IncorrectKeyMaterialException", "")
    setattr(key, MATERIAL, material)
    key.key_material, key.key_state, key.enabled = material, "Enabled", True
    return {"KeyId": key.arn}


def delete_material(call: ApiCall) -> dict[str, Any]:
    """DeleteImportedKeyMaterial: the key cannot be used until the same material is there again."""
    key = _external(call)
    if key.key_state not in ("PendingDeletion", "PendingReplicaDeletion"):
        key.key_state, key.enabled = "PendingImport", False
    return {"KeyId": key.arn}


def _external(call: ApiCall) -> Any:
    key = key_of(str(call.params["KeyId"]), call.region, call.account)
    if key.origin != "EXTERNAL":
        text = f"{key.arn} origin is {key.origin} which is not valid for this operation."
        raise ServiceError("UnsupportedOperationException", text)
    return key


def _unwrapped(key: Any, call: ApiCall) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    kept: tuple[bytes, Any, str] | None = getattr(key, PARAMETERS, None)
    if kept is None or kept[0] != call.params["ImportToken"]:
        raise ServiceError("InvalidImportTokenException", "")
    _, wrapping, algorithm = kept
    hashed = getattr(hashes, algorithm)()
    way = padding.OAEP(mgf=padding.MGF1(hashed), algorithm=hashed, label=None)
    try:
        unwrapped: bytes = wrapping.decrypt(call.params["EncryptedKeyMaterial"], way)
    except ValueError:
        raise ServiceError("InvalidCiphertextException", "") from None
    return unwrapped
