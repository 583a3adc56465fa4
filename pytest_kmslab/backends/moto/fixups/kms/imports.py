"""Imported key material, which moto lacks: without it a key of origin EXTERNAL could never be used.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import keywrap

from pytest_kmslab.backends.moto import key_pairs
from pytest_kmslab.backends.moto.fixups.kms.encryption import called_key
from pytest_kmslab.backends.moto.fixups.kms.materials import (
    PENDING,
    Material,
    change,
    current,
    has_its_material,
    has_many,
    materials,
    new_material,
    pending,
    replicas,
)
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.kms.imports import EXPIRES, NEW

_PENDING_DELETION = ("PendingDeletion", "PendingReplicaDeletion")
PARAMETERS = "kmslab_import_parameters"
"""On moto's key: what was given out for imports, by token."""
GOOD_FOR, LONGEST = timedelta(hours=24), timedelta(days=365)
"""How long a token is good for, and how far away imported material can expire."""
LENGTHS: Mapping[str, int] = {
    "SYMMETRIC_DEFAULT": 32,
    "HMAC_224": 28,
    "HMAC_256": 32,
    "HMAC_384": 48,
    "HMAC_512": 64,
}
"""Bytes of symmetric key material by KeySpec.
https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html"""


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """What unwraps the material that comes with a token, and until when."""

    private_key: Any
    algorithm: str
    until: datetime


def parameters(call: ApiCall) -> dict[str, Any]:
    """The answer to GetParametersForImport."""
    key, params = called_key(call), call.params
    private = key_pairs.new_private_key(params["WrappingKeySpec"])
    token, until = secrets.token_bytes(64), _now(call) + GOOD_FOR
    wrappings: dict[bytes, _Wrapping] = key.__dict__.setdefault(PARAMETERS, {})
    wrappings[token] = _Wrapping(private, params["WrappingAlgorithm"], until)
    public = key_pairs.public_key(private)
    return {"KeyId": key.arn, "ImportToken": token, "PublicKey": public, "ParametersValidTo": until}


def import_material(call: ApiCall) -> dict[str, Any]:
    """The answer to ImportKeyMaterial: the key can be used once all its materials are there.

    They expire where a test moves the clock on to their time, not by the wall clock.
    """
    key = called_key(call)
    secret = _material(key, _unwrapped(key, call))
    material = _placed(key, new_material(key, secret), call)
    # Only a symmetric encryption key has several materials; of others moto's object holds the one.
    if not has_many(key):
        # Let moto's object hold what was imported, so that nothing goes by what moto made up.
        if key.key_spec in LENGTHS:
            key.key_material = secret
        else:
            key.private_key = SimpleNamespace(private_key=key_pairs.load_private_key(key.key_spec, secret))
    if key.key_state == "PendingImport" and has_its_material(key):
        key.key_state, key.enabled = "Enabled", True
    return {"KeyId": key.arn, **_shown_id(key, material)}


def delete_material(call: ApiCall) -> dict[str, Any]:
    """The answer to DeleteImportedKeyMaterial: the key cannot be used until the same is there again."""
    key = called_key(call)
    material = _named(key, call.params.get("KeyMaterialId"))
    if material is None:
        return {"KeyId": key.arn}
    if material.state == PENDING:
        # Material that waits for its rotation is not the key's yet: it goes for good.
        for related in (key, *replicas(key)):
            materials(related)[:] = [kept for kept in materials(related) if kept.id != material.id]
    else:
        change(key, lambda kept: replace(kept, imported=False) if kept.id == material.id else kept)
        if key.key_state not in _PENDING_DELETION:
            key.key_state, key.enabled = "PendingImport", False
    return {"KeyId": key.arn, **_shown_id(key, material)}


def expire(key: Any, now: datetime) -> None:
    """Take away the imported material of a key whose time is over: it must be imported again."""
    due = {kept.id for kept in materials(key) if kept.imported and kept.valid_to and kept.valid_to <= now}
    if key.origin != "EXTERNAL" or not due:
        return
    change(key, lambda kept: replace(kept, imported=False) if kept.id in due else kept)
    if not has_its_material(key) and key.key_state not in _PENDING_DELETION:
        key.key_state, key.enabled = "PendingImport", False


def restore(key: Any) -> None:
    """After CancelKeyDeletion."""
    # Its material may have been deleted meanwhile: it could be enabled without it otherwise.
    if key.origin == "EXTERNAL" and not has_its_material(key):
        key.key_state, key.enabled = "PendingImport", False


def _placed(key: Any, material: Material, call: ApiCall) -> Material:
    """The material, now among those of the key; raises ServiceError for what does not belong there."""
    kept = materials(key)
    known = next((other for other in kept if other.id == material.id), None)
    is_new = call.params.get("ImportType", NEW if not kept else "") == NEW
    material_id = call.params.get("KeyMaterialId")
    if is_new is (known is not None) or material_id not in (None, material.id):
        # Neither what was imported before nor, where new material was promised, new:
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
        raise ServiceError("IncorrectKeyMaterialException", "")
    if is_new:
        _check_none_pending(key, material)
    params = call.params
    expires = params.get("ExpirationModel", EXPIRES) == EXPIRES
    # What the import says of the material; its description stays where none is given.
    described = params.get("KeyMaterialDescription", known and known.description)
    placed = replace(
        known or material, imported=True, expires=expires, valid_to=_valid_to(call), description=described
    )
    if known is not None:
        kept[kept.index(known)] = placed
        return placed
    placed = replace(placed, state=PENDING) if kept else placed
    kept.append(placed)
    # A replica waits for the same material to be imported there too.
    for replica in replicas(key):
        materials(replica).append(replace(placed, imported=False))
    return placed


def _check_none_pending(key: Any, material: Material) -> None:
    """Raise KMSInvalidStateException where material waits for its rotation already; recorded (LocalStack)."""
    waiting = pending(key)
    if waiting is not None:
        text = (
            f"New key material (id: {material.id}) cannot be imported into KMS key {key.arn}, "
            f"because another key material (id: {waiting.id}) is pending rotation."
        )
        raise ServiceError("KMSInvalidStateException", text)


def _valid_to(call: ApiCall) -> datetime | None:
    """When the material expires; raises ValidationException (its text is inferred) for a time that is over or
    more than a year away.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
    """
    until, now = call.params.get("ValidTo"), _now(call)
    # A time in a request comes as a datetime, or as seconds.
    if until is not None and not isinstance(until, datetime):
        until = datetime.fromtimestamp(float(until), timezone.utc)
    if until is not None and not now < until <= now + LONGEST:
        text = f"The validTo date must be in the future and at most {LONGEST.days} days from now"
        raise ServiceError("ValidationException", text)
    return until


def _material(key: Any, encoded: bytes) -> bytes:
    """The material of the key's KeySpec, written in one way; raises IncorrectKeyMaterialException."""
    if key.key_spec in LENGTHS:
        if len(encoded) != LENGTHS[key.key_spec]:
            raise ServiceError("IncorrectKeyMaterialException", "")
        return encoded
    try:
        return key_pairs.pkcs8(key_pairs.load_private_key(key.key_spec, encoded))
    except ValueError:
        raise ServiceError("IncorrectKeyMaterialException", "") from None


def _unwrapped(key: Any, call: ApiCall) -> bytes:
    """The material out of its wrapping; raises what KMS raises for a wrong token or ciphertext."""
    wrappings: dict[bytes, _Wrapping] = getattr(key, PARAMETERS, {})
    wrapping = wrappings.get(call.params["ImportToken"])
    if wrapping is None:
        raise ServiceError("InvalidImportTokenException", "")
    if wrapping.until < _now(call):
        raise ServiceError("ExpiredImportTokenException", "")
    return _unwrap(wrapping, call.params["EncryptedKeyMaterial"])


def _unwrap(wrapping: _Wrapping, blob: bytes) -> bytes:
    """By RSAES-OAEP or SM2PKE, or an AES key so and the material by AES key wrap with padding (RFC 5649)."""
    if not wrapping.algorithm.startswith("RSA_AES_KEY_WRAP"):
        return key_pairs.decrypt(wrapping.private_key, wrapping.algorithm, blob)
    size = wrapping.private_key.key_size // 8
    aes = key_pairs.decrypt(wrapping.private_key, wrapping.algorithm, blob[:size])
    try:
        return keywrap.aes_key_unwrap_with_padding(aes, blob[size:])
    except (ValueError, keywrap.InvalidUnwrap):
        raise ServiceError("InvalidCiphertextException", "") from None


def _named(key: Any, material_id: str | None) -> Material | None:
    """The material to delete: the current one, where none is named. The error for no such id is inferred."""
    if material_id is None:
        return current(key)
    material = next((candidate for candidate in materials(key) if candidate.id == material_id), None)
    if material is None:
        raise ServiceError("NotFoundException", f"Key material {material_id} is not found.")
    return material


def _shown_id(key: Any, material: Material) -> dict[str, str]:
    return {"KeyMaterialId": material.id} if has_many(key) else {}


def _now(call: ApiCall) -> datetime:
    return call.time or datetime.now(timezone.utc)
