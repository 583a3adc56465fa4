"""Ciphertexts of multi-Region keys, which moto makes and cannot read: it keeps 36 characters of a key id
that has 40, and finds no key by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.kms import utils

MULTI_REGION = "mrk-"
_MARK = MULTI_REGION.encode()


@contextmanager
def multi_region_ciphertexts() -> Iterator[None]:
    """While this is open, the ciphertext of a multi-Region key begins with what moto's own form of it
    has no room for. Those of other keys begin with a hexadecimal digit."""
    write, read = utils._serialize_ciphertext_blob, utils._deserialize_ciphertext_blob

    def serialize(ciphertext: Any) -> bytes:
        key_id = ciphertext.key_id
        if not key_id.startswith(MULTI_REGION):
            return write(ciphertext)
        return _MARK + write(ciphertext._replace(key_id=key_id[len(MULTI_REGION) :]))

    def deserialize(ciphertext_blob: bytes) -> Any:
        if not ciphertext_blob.startswith(_MARK):
            return read(ciphertext_blob)
        ciphertext = read(ciphertext_blob[len(_MARK) :])
        return ciphertext._replace(key_id=MULTI_REGION + ciphertext.key_id)

    with (
        patch("moto.kms.utils._serialize_ciphertext_blob", serialize),
        patch("moto.kms.utils._deserialize_ciphertext_blob", deserialize),
    ):
        yield


def key_id_of(ciphertext: bytes) -> str | None:
    """The id of the key that made a ciphertext, None where the blob is none of moto's."""
    try:
        return str(utils._deserialize_ciphertext_blob(ciphertext).key_id)
    except Exception:  # moto raises whatever struct and bytes.decode raise on a foreign blob
        return None
