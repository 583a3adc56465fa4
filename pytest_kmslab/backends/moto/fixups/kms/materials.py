"""The key material of moto's own key objects: a symmetric key can have several, of which one is current.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pytest_kmslab.backends.moto.reader import key_of
from pytest_kmslab.calls.kms.specs import SYMMETRIC

CURRENT, NON_CURRENT, PENDING = "CURRENT", "NON_CURRENT", "PENDING_ROTATION"
_KEPT = "kmslab_materials"
"""On moto's key: the list of its materials, the oldest first. Copies that are its replicas share the list."""


@dataclass(frozen=True, slots=True)
class Material:
    """One key material.

    `secret` is the symmetric key, or an asymmetric one as PKCS #8. `imported` is false while imported
    material is deleted: it must come again. The rest is shown by ListKeyRotations; `rotated` and
    `rotation_type` are of the rotation that made it current, None of the first.
    """

    secret: bytes
    id: str
    state: str = CURRENT
    imported: bool = True
    description: str | None = None
    expires: bool = False
    valid_to: datetime | None = None
    rotated: datetime | None = None
    rotation_type: str | None = None


def materials(key: Any) -> list[Material]:
    """Every material of a symmetric or HMAC key, and the imported one of any key."""
    kept: list[Material] | None = getattr(key, _KEPT, None)
    if kept is None:
        kept = [] if key.origin == "EXTERNAL" else [new_material(key, key.key_material)]
        setattr(key, _KEPT, kept)
    return kept


def current(key: Any) -> Material | None:
    """The material that encrypts; None before the first import."""
    return next((material for material in materials(key) if material.state == CURRENT), None)


def new_material(key: Any, secret: bytes, **fields: Any) -> Material:
    """A material of a key."""
    # Its id is made of key id and secret, so that related keys have the same one.
    digest = hashlib.sha256(str(key.id).encode() + secret).hexdigest()
    return Material(secret, digest, **fields)


def has_many(key: Any) -> bool:
    """Whether it is a key that can be rotated: the materials of no other have an id."""
    return bool(key.key_spec == SYMMETRIC)


def has_its_material(key: Any) -> bool:
    """Whether all that the key encrypted with is there."""
    # What waits for its rotation is not the key's yet.
    own = [material for material in materials(key) if material.state != PENDING]
    return bool(own) and all(material.imported for material in own)


def is_primary(key: Any) -> bool:
    """Whether it is no replica: a key of one Region, or the primary key of several."""
    return not key.multi_region or bool(key.multi_region_configuration["PrimaryKey"]["Arn"] == key.arn)


def replicas(key: Any) -> Iterator[Any]:
    """Moto's own objects of the replicas of a primary key."""
    if not key.multi_region or not is_primary(key):
        return
    for entry in key.multi_region_configuration["ReplicaKeys"]:
        replica = key_of(str(entry["Arn"]), "", "")
        # moto still lists a replica that was deleted.
        if replica is not None:
            yield replica


def separate(key: Any) -> None:
    """Give a replica of imported material a list of its own."""
    # It has none until the same is imported there.
    own = [replace(material, imported=False) for material in materials(key)]
    setattr(key, _KEPT, own)


def pending(key: Any) -> Material | None:
    """The material that waits for its rotation: of a multi-Region key it is imported everywhere first."""
    return next((material for material in materials(key) if material.state == PENDING), None)


def change(key: Any, edit: Callable[[Material], Material]) -> None:
    """Put a changed material in the place of each."""
    kept = materials(key)
    kept[:] = [edit(material) for material in kept]


def make_current(key: Any, material_id: str, rotated: datetime | None, rotation_type: str | None) -> None:
    """Let a material encrypt from now on; what did so until now only decrypts."""

    def edit(material: Material) -> Material:
        if material.id == material_id:
            return replace(material, state=CURRENT, rotated=rotated, rotation_type=rotation_type)
        return replace(material, state=NON_CURRENT) if material.state == CURRENT else material

    change(key, edit)
