"""Rotation of key material: on demand, by schedule where a test moves the clock on, and what KMS tells of it.

https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.kms.models import kms_backends

from pytest_kmslab.backends.moto.fixups.kms.encryption import called_key
from pytest_kmslab.backends.moto.fixups.kms.imports import expire
from pytest_kmslab.backends.moto.fixups.kms.listings import page
from pytest_kmslab.backends.moto.fixups.kms.materials import (
    PENDING,
    Material,
    is_primary,
    make_current,
    materials,
    new_material,
    pending,
    replicas,
)
from pytest_kmslab.backends.moto.fixups.kms.metadata import LONGEST_WAIT, WINDOW
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

PERIOD, ENABLED = "kmslab_rotation_period", "kmslab_rotation_enabled"
"""On moto's key: the days between rotations, and when the schedule began."""
MOST_ON_DEMAND = 10
"""Rotations on demand of one key, as recorded; AWS's API reference says 25 today."""
ON_DEMAND, AUTOMATIC = "ON_DEMAND", "AUTOMATIC"
_LIMIT = (
    "The on-demand rotations limit has been reached for the given keyId. "
    "No more on-demand rotations can be performed for this key: "
)


def rotate(call: ApiCall) -> dict[str, Any]:
    """The answer to RotateKeyOnDemand: other material encrypts from now on, the old still decrypts.

    Raises KMSInvalidStateException where material has to be imported first: there is none that waits
    (recorded), or a replica lacks it (inferred).
    """
    key = called_key(call)
    now = call.time or datetime.now(timezone.utc)
    following = pending(key)
    if key.origin == "EXTERNAL" and not _is_everywhere(key, following):
        text = f"No available key material pending rotation for the key: {key.arn}."
        raise ServiceError("KMSInvalidStateException", text)
    if sum(material.rotation_type == ON_DEMAND for material in materials(key)) >= MOST_ON_DEMAND:
        raise ServiceError("LimitExceededException", f"{_LIMIT}{key.arn}")
    if following is None:
        following = new_material(key, secrets.token_bytes(32), state=PENDING)
        materials(key).append(following)
    for related in (key, *replicas(key)):
        make_current(related, following.id, now, ON_DEMAND)
    return {"KeyId": key.arn}


def enable(call: ApiCall) -> dict[str, Any]:
    """The answer to EnableKeyRotation."""
    now = call.time or datetime.now(timezone.utc)
    primary = called_key(call)
    # The replicas of a key have its schedule, which goes on where it was on already.
    for key in (primary, *replicas(primary)):
        began = getattr(key, ENABLED, None) if key.key_rotation_status else None
        setattr(key, ENABLED, began or now)
        period = call.params.get("RotationPeriodInDays") or getattr(key, PERIOD, 365)
        setattr(key, PERIOD, period)
        key.key_rotation_status = True
    return {}


def disable(call: ApiCall) -> dict[str, Any]:
    """The answer to DisableKeyRotation."""
    primary = called_key(call)
    # The replicas of a key have its schedule.
    for key in (primary, *replicas(primary)):
        key.key_rotation_status = False
        setattr(key, PERIOD, 365)
    return {}


def rotate_by_schedule(key: Any, now: datetime) -> None:
    """Rotate a key as often as its schedule says until now.

    https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-enable-disable.html
    """
    following = _following(key)
    # Once for each period that is over; a key that is not enabled is not rotated.
    while following is not None and following <= now and key.key_state == "Enabled":
        fresh = new_material(key, secrets.token_bytes(32), state=PENDING)
        materials(key).append(fresh)
        for related in (key, *replicas(key)):
            make_current(related, fresh.id, following, AUTOMATIC)
            setattr(related, ENABLED, following)
        following = _following(key)


def _following(key: Any) -> datetime | None:
    """When the schedule rotates a key next; None for a replica, which is rotated with its primary key."""
    if not key.key_rotation_status or not is_primary(key):
        return None
    began: datetime | None = getattr(key, ENABLED, None)
    return began and began + timedelta(days=getattr(key, PERIOD, 365))


def status(call: ApiCall) -> dict[str, Any]:
    """The answer to GetKeyRotationStatus.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
    """
    key = called_key(call)
    # A key that waits for its deletion is not rotated.
    is_deleted = key.key_state in ("PendingDeletion", "PendingReplicaDeletion")
    enabled = (bool(key.key_rotation_status) or key.key_manager == "AWS") and not is_deleted
    if not enabled:
        return {"KeyId": key.arn, "KeyRotationEnabled": False}
    period = getattr(key, PERIOD, 365)
    began = getattr(key, ENABLED, None) or datetime.fromtimestamp(key.creation_date, timezone.utc)
    following = {"RotationPeriodInDays": period, "NextRotationDate": began + timedelta(days=period)}
    return {"KeyId": key.arn, "KeyRotationEnabled": True, **following}


def listed(call: ApiCall) -> dict[str, Any]:
    """The answer to ListKeyRotations: the rotations, or every material with the first and the pending one."""
    key = called_key(call)
    whole = call.params.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    # The first material and a pending one were never rotated to: no date is theirs.
    shown = [_entry(key, material) for material in materials(key) if whole or material.rotated is not None]
    return page(call, "Rotations", shown)


def _entry(key: Any, material: Material) -> dict[str, Any]:
    """One row: what is not known of a material is left out."""
    # A material that replicas lack waits for them first.
    waits = material.state == PENDING and not _is_everywhere(key, material)
    row = {
        "KeyId": key.id,
        "KeyMaterialId": material.id,
        "KeyMaterialState": "PENDING_MULTI_REGION_IMPORT_AND_ROTATION" if waits else material.state,
        "RotationDate": material.rotated,
        "RotationType": material.rotation_type,
    }
    if key.origin == "EXTERNAL":
        row |= {
            "KeyMaterialDescription": material.description,
            "ImportState": "IMPORTED" if material.imported else "PENDING_IMPORT",
            "ExpirationModel": f"KEY_MATERIAL_{'EXPIRES' if material.expires else 'DOES_NOT_EXPIRE'}",
            "ValidTo": material.valid_to,
        }
    return {member: value for member, value in row.items() if value is not None}


def _is_everywhere(key: Any, waiting: Material | None) -> bool:
    pending_materials = (waiting, *(pending(replica) for replica in replicas(key)))
    # A replica has to have it too.
    return all(material is not None and material.imported for material in pending_materials)


def pass_time(now: float) -> None:
    """Let imported material expire and schedules rotate, as if it were `now`, in seconds since the epoch.

    https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-import-key-material.html#importing-keys-expiration
    """
    # moto never looks at the time by itself; this is for tests that move the clock on.
    moment = datetime.fromtimestamp(now, timezone.utc)
    for regions in list(kms_backends.values()):
        for backend in list(regions.values()):
            for key in list(backend.keys.values()):
                expire(key, moment)
                rotate_by_schedule(key, moment)
                # The waiting period of a primary key begins when its last replica is gone.
                if key.key_state == "PendingReplicaDeletion" and not any(replicas(key)):
                    until = moment + timedelta(days=getattr(key, WINDOW, LONGEST_WAIT))
                    key.key_state, key.deletion_date = "PendingDeletion", until.replace(tzinfo=None)
