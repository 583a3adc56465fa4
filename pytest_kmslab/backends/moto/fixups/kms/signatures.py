"""Sign, Verify, MACs, public keys and shared secrets.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from pytest_kmslab.backends.moto import key_pairs
from pytest_kmslab.backends.moto.fixups.kms.encryption import called_key
from pytest_kmslab.backends.moto.fixups.kms.materials import current
from pytest_kmslab.backends.moto.fixups.kms.metadata import algorithms
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

RAW = "RAW"


def sign(call: ApiCall) -> dict[str, Any]:
    """The answer to Sign."""
    key, params = called_key(call), call.params
    algorithm, message_type = params["SigningAlgorithm"], params.get("MessageType", RAW)
    signature = key_pairs.sign(key.private_key.private_key, algorithm, message_type, params["Message"])
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}


def verify(call: ApiCall) -> dict[str, Any]:
    """The answer to Verify.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html
    """
    key, params = called_key(call), call.params
    algorithm, message_type = params["SigningAlgorithm"], params.get("MessageType", RAW)
    private, signature = key.private_key.private_key, params["Signature"]
    # A wrong signature is an error, which has no message.
    if not key_pairs.is_signature(private, algorithm, message_type, params["Message"], signature):
        raise ServiceError("KMSInvalidSignatureException", "")
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


def generate_mac(call: ApiCall) -> dict[str, Any]:
    """The answer to GenerateMac."""
    key = called_key(call)
    return {"KeyId": key.arn, "Mac": _mac(key, call), "MacAlgorithm": call.params["MacAlgorithm"]}


def verify_mac(call: ApiCall) -> dict[str, Any]:
    """The answer to VerifyMac."""
    key = called_key(call)
    # A wrong MAC is an error, which has no message.
    if not hmac.compare_digest(_mac(key, call), call.params["Mac"]):
        raise ServiceError("KMSInvalidMacException", "")
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": call.params["MacAlgorithm"]}


def get_public_key(call: ApiCall) -> dict[str, Any]:
    """The answer to GetPublicKey."""
    key = called_key(call)
    return {
        "KeyId": key.arn,
        "PublicKey": key_pairs.public_key(key.private_key.private_key),
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
        **algorithms(key),
    }


def derive_shared_secret(call: ApiCall) -> dict[str, Any]:
    """The answer to DeriveSharedSecret.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html
    """
    key, params = called_key(call), call.params
    secret = key_pairs.shared_secret(key.private_key.private_key, params["PublicKey"])
    algorithm = params["KeyAgreementAlgorithm"]
    answer = {"KeyId": key.arn, "SharedSecret": secret, "KeyAgreementAlgorithm": algorithm}
    return {**answer, "KeyOrigin": key.origin}


def encapsulate(call: ApiCall) -> dict[str, Any]:
    """The answer to Encapsulate: a secret, and what the owner of the key recovers it from."""
    key = called_key(call)
    secret, blob = key.private_key.private_key.public_key().encapsulate()
    return {**_established(key, secret, call), "SharedSecretCiphertextBlob": blob}


def decapsulate(call: ApiCall) -> dict[str, Any]:
    """The answer to Decapsulate."""
    key = called_key(call)
    # ML-KEM derives some secret from whatever has the right length: only another length is refused.
    try:
        secret = key.private_key.private_key.decapsulate(call.params["SharedSecretCiphertextBlob"])
    except ValueError:
        raise ServiceError("InvalidCiphertextException", "") from None
    return _established(key, secret, call)


def _established(key: Any, secret: bytes, call: ApiCall) -> dict[str, Any]:
    algorithm = call.params["EncapsulationAlgorithm"]
    return {"KeyId": key.arn, "SharedSecret": secret, "EncapsulationAlgorithm": algorithm}


def _mac(key: Any, call: ApiCall) -> bytes:
    material = current(key)
    assert material is not None, "a key without material has a state in which it is refused"
    size = str(call.params["MacAlgorithm"]).rpartition("_")[2]
    return hmac.digest(material.secret, call.params["Message"], getattr(hashlib, f"sha{size}"))
