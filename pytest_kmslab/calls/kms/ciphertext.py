"""Decrypt and ReEncrypt: the key may come from the ciphertext.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.calls.api_call import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.context_keys import Keys
from pytest_kmslab.calls.kms.context import alias_keys, encryption_context, key_authorization
from pytest_kmslab.calls.kms.keys import (
    NOT_USABLE_STATES,
    find_key,
    key_of_ciphertext,
    refuse_dry_run,
    refuse_state,
    refuse_usage,
)
from pytest_kmslab.calls.kms.specs import (
    ENCRYPT,
    SYMMETRIC,
    refuse_algorithm,
    refuse_encryption_context,
)
from pytest_kmslab.calls.validation_messages import violated

_WRONG_KEY = "The key ID in the request does not identify a CMK that can perform this operation."


class Side(NamedTuple):
    """The parameters that say what a key is to do: its own, the algorithm's, the encryption context's."""

    key: str
    algorithm: str
    context: str


_ONLY = Side("KeyId", "EncryptionAlgorithm", "EncryptionContext")
_FROM = Side("SourceKeyId", "SourceEncryptionAlgorithm", "SourceEncryptionContext")
_TO = Side("DestinationKeyId", "DestinationEncryptionAlgorithm", "DestinationEncryptionContext")


def decrypt(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:Decrypt on the key that is named or, where none is, on the one that made the ciphertext."""
    key, named_key = _source(call, view, "KeyId", "kms:Decrypt")
    yield key_authorization(call, "kms:Decrypt", key, _cipher_keys(call, _ONLY), via_ciphertext=not named_key)
    # Which key made a ciphertext is told only to who may decrypt by the key that was named.
    _refuse_source(call, view, key, _ONLY)
    refuse_dry_run(call)


def re_encrypt(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:ReEncryptFrom on the source key, then kms:ReEncryptTo on the destination key."""
    source, named_key = _source(call, view, "SourceKeyId", "kms:ReEncryptFrom")
    target = find_key(call, view, call.params["DestinationKeyId"], "kms:ReEncryptTo")
    same: Keys = {"kms:ReEncryptOnSameKey": source.arn == target.arn}
    keys = {**_cipher_keys(call, _FROM), **same}
    yield key_authorization(call, "kms:ReEncryptFrom", source, keys, via_ciphertext=not named_key)
    yield key_authorization(call, "kms:ReEncryptTo", target, {**_cipher_keys(call, _TO), **same})
    _refuse_source(call, view, source, _FROM)
    _refuse_key(call, target, _TO)
    refuse_dry_run(call)


def _source(call: ApiCall, view: AccountView, member: str, action: str) -> tuple[Key, bool]:
    """The key to decrypt with, and whether the request named it."""
    key_id, ciphertext = call.params.get(member), call.params.get("CiphertextBlob")
    if ciphertext is None and (key_id is None or not _is_trial(call)):
        raise ServiceError("ValidationException", violated("null", "ciphertextBlob", "not be null"))
    if key_id is not None:
        return find_key(call, view, key_id, action), True
    return key_of_ciphertext(call, view, bytes(ciphertext or b"")), False


def _is_trial(call: ApiCall) -> bool:
    """Whether permissions alone are asked for, which is done without a ciphertext."""
    return bool(call.params.get("DryRun")) and "IGNORE_CIPHERTEXT" in call.params.get("DryRunModifiers", ())


def _cipher_keys(call: ApiCall, side: Side) -> Keys:
    params = call.params
    keys: Keys = {"kms:EncryptionAlgorithm": params.get(side.algorithm, SYMMETRIC)}
    aliases = alias_keys(params.get(side.key, ""))
    return {**keys, **aliases, **encryption_context(params.get(side.context))}


def _refuse_source(call: ApiCall, view: AccountView, key: Key, side: Side) -> None:
    """A symmetric ciphertext names its key: another one is refused before its KeyUsage is looked at."""
    ciphertext = call.params.get("CiphertextBlob")
    maker = ciphertext and view.key_of_ciphertext(ciphertext, call.region, call.account)
    other = maker and maker.arn != key.arn and not _related(maker, key)
    refuse_state(key, NOT_USABLE_STATES)
    if other and call.params.get(side.algorithm, SYMMETRIC) == SYMMETRIC:
        raise ServiceError("IncorrectKeyException", _WRONG_KEY)
    _refuse_key(call, key, side)
    if other:  # an asymmetric ciphertext says nothing of its key on AWS, but the backend would go by it
        raise ServiceError("InvalidCiphertextException", "")


def _refuse_key(call: ApiCall, key: Key, side: Side) -> None:
    refuse_state(key, NOT_USABLE_STATES)
    refuse_usage(key, ENCRYPT, call.operation)
    refuse_algorithm(key, call.params.get(side.algorithm, SYMMETRIC))
    refuse_encryption_context(key, call.params.get(side.context))


def _related(key: Key, other: Key) -> bool:
    """Whether two keys are the same multi-Region key in two Regions, which share key id and material."""
    return key.multi_region and key.key_id == other.key_id and key.account == other.account
