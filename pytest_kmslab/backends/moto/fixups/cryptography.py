"""Cryptography that moto does otherwise than KMS: by which algorithm, for which account, and what a wrong
signature is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import InvalidCiphertextException
from moto.kms.models import kms_backends

from pytest_kmslab.backends.moto.lookup import key_of, maker_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.kms.specs import SYMMETRIC

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

ALGORITHM = "kmslab:algorithm"
"""An asymmetric key has no encryption context, so that moto's can keep by which algorithm it encrypted."""


def bind_algorithm(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """For Encrypt and Decrypt: moto decrypts by whatever algorithm, KMS only by the one it encrypted by.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
    """
    named = call.params.get("KeyId")
    key = _maker(call) if named is None else view.moto_key(str(named), call.region, call.account)
    if key is None or key.key_spec == SYMMETRIC:
        return {}
    return {"EncryptionContext": _context(key, call.params, "")}


def re_encrypt(call: ApiCall) -> dict[str, Any]:
    """ReEncrypt, whose two keys may be of two accounts; moto looks for both in the caller's, and takes the
    key of the ciphertext whatever is named.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
    """
    params = call.params
    named = params.get("SourceKeyId")
    source = _maker(call) if named is None else key_of(str(named), call.region, call.account)
    target = key_of(str(params["DestinationKeyId"]), call.region, call.account)
    try:
        plaintext, _ = _backend(source).decrypt(params["CiphertextBlob"], _context(source, params, "Source"))
    except InvalidCiphertextException:
        raise ServiceError("InvalidCiphertextException", "") from None
    ciphertext, _ = _backend(target).encrypt(target.id, plaintext, _context(target, params, "Destination"))
    return {
        "CiphertextBlob": ciphertext,
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": params.get("SourceEncryptionAlgorithm", SYMMETRIC),
        "DestinationEncryptionAlgorithm": params.get("DestinationEncryptionAlgorithm", SYMMETRIC),
    }


def verify(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Of a wrong signature moto says that it is not valid; KMS answers an error, which has no message.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html
    """
    params = call.params
    key = view.moto_key(str(params["KeyId"]), call.region, call.account)
    try:
        valid = key.private_key.verify(params["Message"], params["Signature"], params["SigningAlgorithm"])
    except JsonRESTError:
        return {}  # moto will refuse the call as it refused us
    if not valid:
        raise ServiceError("KMSInvalidSignatureException", "")
    return {}


def _context(key: Any, params: Mapping[str, Any], side: str) -> dict[str, str]:
    """The encryption context by which moto is to encrypt or decrypt."""
    if key.key_spec != SYMMETRIC:
        return {ALGORITHM: str(params.get(f"{side}EncryptionAlgorithm"))}
    return dict(params.get(f"{side}EncryptionContext") or {})


def _maker(call: ApiCall) -> Any:
    return maker_of(call.params["CiphertextBlob"], call.region, call.account)


def _backend(key: Any) -> Any:
    return kms_backends[key.account_id][key.region]
