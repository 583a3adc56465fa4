"""KeyMetadata as AWS answers it: the members that a key of its kind has, and no others.

Recorded by LocalStack (tests/aws/services/kms/test_kms.snapshot.json), and
https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.backends.moto.fixups.kms.encryption import called_key
from pytest_kmslab.backends.moto.fixups.kms.materials import (
    PENDING,
    current,
    has_its_material,
    has_many,
    materials,
)
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.kms.specs import AGREE, ENCAPSULATE, ENCRYPT, KEY_SPECS, MAC, SIGN

ALGORITHMS: Mapping[str, str] = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
    ENCAPSULATE: "EncapsulationAlgorithms",
}
"""The member that names what a key of a KeyUsage can do."""
WINDOW = "kmslab_pending_window"
"""On moto's key: the days that its deletion was scheduled for."""
LONGEST_WAIT = 30
"""That, where the request did not say."""


def describe(call: ApiCall) -> dict[str, Any]:
    """The answer to DescribeKey."""
    return {"KeyMetadata": key_metadata(called_key(call))}


def key_metadata(key: Any) -> dict[str, Any]:
    """The metadata of moto's own key object."""
    return {
        "AWSAccountId": key.account_id,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": datetime.fromtimestamp(key.creation_date, timezone.utc),
        "Enabled": key.key_state == "Enabled",
        "Description": key.description,
        "KeyUsage": usage(key),
        "KeyState": key.key_state,
        "Origin": key.origin,
        "KeyManager": key.key_manager,
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "MultiRegion": bool(key.multi_region),
        **algorithms(key),
        **_material(key),
        **_deletion(key),
        **_multi_region(key),
    }


def algorithms(key: Any) -> dict[str, Any]:
    """The algorithms of a key under the name that its KeyUsage gives them."""
    its_usage = usage(key)
    return {ALGORITHMS[its_usage]: sorted(KEY_SPECS[key.key_spec][its_usage])}


def usage(key: Any) -> str:
    """The KeyUsage of a key."""
    # moto keeps it only where the request said it.
    return str(key.key_usage or ENCRYPT)


def _material(key: Any) -> dict[str, Any]:
    """Which material is current, and when imported material expires: the earliest of all counts."""
    first = current(key) if has_many(key) or key.origin == "EXTERNAL" else None
    if first is None:
        return {}
    shown: dict[str, Any] = {"CurrentKeyMaterialId": first.id} if has_many(key) else {}
    if key.origin != "EXTERNAL" or not has_its_material(key):
        return shown
    dates = [
        material.valid_to
        for material in materials(key)
        if material.valid_to is not None and material.state != PENDING
    ]
    if not dates:
        return {**shown, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    return {**shown, "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": min(dates)}


def _deletion(key: Any) -> dict[str, Any]:
    # A key that waits for its replicas to go has no date yet, but the length of its waiting period.
    if key.key_state == "PendingReplicaDeletion":
        return {"PendingDeletionWindowInDays": getattr(key, WINDOW, LONGEST_WAIT)}
    if key.key_state == "PendingDeletion" and key.deletion_date is not None:
        return {"DeletionDate": key.deletion_date.replace(tzinfo=timezone.utc)}
    return {}


def _multi_region(key: Any) -> dict[str, Any]:
    if not key.multi_region:
        return {}
    # moto's copies share what it says of the related keys, so the ARN tells which is the primary.
    related = key.multi_region_configuration
    key_type = "PRIMARY" if key.arn == related["PrimaryKey"]["Arn"] else "REPLICA"
    shown = {"PrimaryKey": related["PrimaryKey"], "ReplicaKeys": list(related["ReplicaKeys"])}
    return {"MultiRegionConfiguration": {"MultiRegionKeyType": key_type, **shown}}
