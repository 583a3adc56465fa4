"""Decrypt and ReEncrypt: the key may come from the ciphertext.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
"""

from __future__ import annotations

from pytest_kmslab.calls.base import ApiCall, Asks, ServiceError
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.kms.context import SYMMETRIC, alias_keys, encryption_context, key_ask
from pytest_kmslab.calls.kms.keys import (
    UNUSABLE,
    find_key,
    key_of_ciphertext,
    refuse_dry_run,
    refuse_state,
    refuse_usage,
)
from pytest_kmslab.calls.kms.table import ENCRYPT
from pytest_kmslab.facts import Facts, Key

_WRONG_KEY = "The key ID in the request does not identify a CMK that can perform this operation."


def decrypt(call: ApiCall, facts: Facts) -> Asks:
    """kms:Decrypt on the key that is named or, where none is, on the one that made the ciphertext."""
    key, named = _source(call, facts, "KeyId", "kms:Decrypt")
    keys = _cipher_keys(call, "KeyId", "EncryptionAlgorithm", "EncryptionContext")
    yield key_ask(call, "kms:Decrypt", key, keys, via_ciphertext=not named)
    _refuse(call, facts, key, "Decrypt")
    refuse_dry_run(call)


def re_encrypt(call: ApiCall, facts: Facts) -> Asks:
    """kms:ReEncryptFrom on the source key, then kms:ReEncryptTo on the destination key."""
    source, named = _source(call, facts, "SourceKeyId", "kms:ReEncryptFrom")
    target = find_key(call, facts, call.params["DestinationKeyId"], "kms:ReEncryptTo")
    same: Keys = {"kms:ReEncryptOnSameKey": source.arn == target.arn}
    keys = _cipher_keys(call, "SourceKeyId", "SourceEncryptionAlgorithm", "SourceEncryptionContext")
    yield key_ask(call, "kms:ReEncryptFrom", source, {**keys, **same}, via_ciphertext=not named)
    keys = _cipher_keys(
        call, "DestinationKeyId", "DestinationEncryptionAlgorithm", "DestinationEncryptionContext"
    )
    yield key_ask(call, "kms:ReEncryptTo", target, {**keys, **same})
    _refuse(call, facts, source, "ReEncrypt")
    refuse_state(target, UNUSABLE)
    refuse_usage(target, ENCRYPT, "ReEncrypt")
    refuse_dry_run(call)


def _source(call: ApiCall, facts: Facts, member: str, action: str) -> tuple[Key, bool]:
    """The key to decrypt with, and whether the request named it."""
    key_id = call.params.get(member)
    if key_id is not None:
        return find_key(call, facts, key_id, action), True
    ciphertext = call.params.get("CiphertextBlob")
    if ciphertext is None:
        text = "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: "
        raise ServiceError("ValidationException", text + "Member must not be null")
    return key_of_ciphertext(call, facts, ciphertext), False


def _cipher_keys(call: ApiCall, key_id: str, algorithm: str, pairs: str) -> Keys:
    params = call.params
    keys: Keys = {"kms:EncryptionAlgorithm": params.get(algorithm, SYMMETRIC)}
    return {**keys, **alias_keys(params.get(key_id, "")), **encryption_context(params.get(pairs))}


def _refuse(call: ApiCall, facts: Facts, key: Key, operation: str) -> None:
    refuse_state(key, UNUSABLE)
    refuse_usage(key, ENCRYPT, operation)
    ciphertext = call.params.get("CiphertextBlob")
    if ciphertext is None:
        return
    # An asymmetric key too must be the one: moto re-encrypts by the ciphertext's own key, whatever is named.
    maker = facts.key_of_ciphertext(ciphertext, call.region, call.account)
    if maker is not None and maker.arn != key.arn and not _related(maker, key):
        if key.spec != SYMMETRIC:
            raise ServiceError("InvalidCiphertextException", "")
        raise ServiceError("IncorrectKeyException", _WRONG_KEY)


def _related(one: Key, other: Key) -> bool:
    """Whether two keys are the same multi-Region key in two Regions, which share key id and material."""
    return one.multi_region and one.key_id == other.key_id and one.account == other.account
