"""Patches of moto's KMS: ids and ciphertexts of multi-Region keys, and key policies that moto judges itself.

moto writes the id of a multi-Region key with hyphens, as AWS does not, and keeps 36 characters of it in a
ciphertext: of the 40 that such an id has, where a key was made before the lab.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
"""

from __future__ import annotations

import json
from typing import Any

from moto.kms import models, responses, utils
from moto.kms.responses import KmsResponse

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement

MULTI_REGION = "mrk-"
_MARK = MULTI_REGION.encode()
_HYPHEN = slice(12, 13)
"""Where a long id has its first hyphen, and a short one none."""
_validate_key_id: Any = KmsResponse._validate_cmk_id


def multi_region_ciphertexts() -> Replaced:
    """While this is open, multi-Region keys are given ids of 36 characters, moto finds them by these, and the
    ciphertext of one with a longer id begins with what moto's own form of it has no room for."""
    write, read = utils._serialize_ciphertext_blob, utils._deserialize_ciphertext_blob

    def serialize(ciphertext: Any) -> bytes:
        key_id = ciphertext.key_id
        if len(key_id) <= utils.KEY_ID_LEN:
            return write(ciphertext)
        # A key that was made before the lab has a longer id than moto's form has room for.
        return _MARK + write(ciphertext._replace(key_id=key_id[len(MULTI_REGION) :]))

    def deserialize(ciphertext_blob: bytes) -> Any:
        if not ciphertext_blob.startswith(_MARK) or ciphertext_blob[_HYPHEN] != b"-":
            return read(ciphertext_blob)
        ciphertext = read(ciphertext_blob[len(_MARK) :])
        return ciphertext._replace(key_id=MULTI_REGION + ciphertext.key_id)

    return Replaced(
        Replacement(models, "generate_key_id", _key_id),
        Replacement(KmsResponse, "_validate_cmk_id", _find_key),
        Replacement(utils, "_serialize_encryption_context", _context_bytes),
        Replacement(utils, "_serialize_ciphertext_blob", serialize),
        Replacement(utils, "_deserialize_ciphertext_blob", deserialize),
    )


def _key_id(multi_region: bool = False) -> str:
    made = str(utils.generate_key_id(multi_region))
    return MULTI_REGION + made.removeprefix(MULTI_REGION).replace("-", "") if multi_region else made


def _find_key(response: KmsResponse, key_id: str) -> None:
    # moto takes no id without hyphens for one, and any ARN.
    shown = response._display_arn(key_id) if key_id.startswith(MULTI_REGION) else key_id
    _validate_key_id(response, shown)


def _context_bytes(encryption_context: dict[str, str]) -> bytes:
    # An encryption context as what is authenticated: moto runs names and values together, so that `a: bc` is
    # `ab: c`, and what was encrypted with one is decrypted with the other.
    return json.dumps(sorted(encryption_context.items())).encode() if encryption_context else b""


def key_id_of(ciphertext: bytes) -> str | None:
    """The id of the key that made a ciphertext, None where the blob is none of moto's."""
    try:
        return str(utils._deserialize_ciphertext_blob(ciphertext).key_id)
    except Exception:  # moto raises whatever struct and bytes.decode raise on a foreign blob
        return None


def without_moto_policy_check() -> Replaced:
    """While this is open, a call that was let through is answered."""
    # moto denies DescribeKey to everybody whatever a Deny names, its principals and conditions unread.
    return Replaced(Replacement(responses, "validate_policy", lambda key, action: None))
