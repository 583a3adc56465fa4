"""Requests that KMS takes and that cannot be done here: refused with a word why, before moto sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.moto import key_pairs
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.kms.specs import KEY_SPECS, MAC, SYMMETRIC

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

TAKES_RECIPIENT = (
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateRandom",
)


def check_can_be_made(_view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise UnsupportedOperationException for an asymmetric key whose cryptography is not installed here."""
    params = call.params
    spec = str(params.get("KeySpec") or params.get("CustomerMasterKeySpec") or SYMMETRIC)
    # A key pair is made when somebody looks at it, which is too late to refuse the key.
    if spec in KEY_SPECS and spec != SYMMETRIC and MAC not in KEY_SPECS[spec]:
        key_pairs.check_can_be_made(spec)
    return {}


def refuse_recipient(_view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise UnsupportedOperationException where the answer is to be encrypted for an enclave."""
    if call.params.get("Recipient") is not None:
        # Its plaintext, which the caller did not ask for, would be told instead.
        text = "pytest-kmslab reads no attestation documents: leave `Recipient` out"
        raise ServiceError("UnsupportedOperationException", text)
    return {}
