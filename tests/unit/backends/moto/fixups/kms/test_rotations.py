"""Rotation of key material, made by KMS or imported.

Recorded by LocalStack: tests/aws/services/kms/test_kms.snapshot.json.
https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import Account
from unit.backends.moto.fixups.kms.test_imports import wrapped

ALL = {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"}
FIRST, SECOND, THIRD = (letter.encode() * 32 for letter in "abc")
NEW = {"ImportType": "NEW_KEY_MATERIAL"}


def error(act: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        act(**params)
    told = refused.value.response["Error"]
    return str(told["Code"]), str(told["Message"])


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def current(kms: Any, key: str) -> str:
    return str(kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"])


def test_other_material_encrypts_and_the_old_still_decrypts(account: Account, kms: Any) -> None:
    key = account.key()
    first = current(kms, key)
    old = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    answer = kms.rotate_key_on_demand(KeyId=key.rpartition("/")[2])
    assert answer["KeyId"] == key
    second = current(kms, key)
    assert second != first
    opened = kms.decrypt(CiphertextBlob=old, EncryptionContext={"a": "b"})
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"x", first)
    new = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == second
    moved = kms.re_encrypt(CiphertextBlob=old, SourceEncryptionContext={"a": "b"}, DestinationKeyId=key)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["KeyMaterialId"] == second


def test_rotations_are_listed(account: Account, kms: Any) -> None:
    key = account.key()
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    first = current(kms, key)
    kms.rotate_key_on_demand(KeyId=key)
    second = current(kms, key)
    (row,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert (row["KeyMaterialId"], row["KeyMaterialState"], row["RotationType"]) == (
        second,
        "CURRENT",
        "ON_DEMAND",
    )
    rows = kms.list_key_rotations(KeyId=key, **ALL)["Rotations"]
    assert [(one["KeyMaterialId"], one["KeyMaterialState"]) for one in rows] == [
        (first, "NON_CURRENT"),
        (second, "CURRENT"),
    ]
    assert "RotationDate" not in rows[0]
    assert "ImportState" not in rows[0]


def test_ten_rotations_on_demand(account: Account, kms: Any) -> None:
    """Recorded 2025-04-03; AWS's API reference says 25 today."""
    key = account.key()
    for _ in range(10):
        kms.rotate_key_on_demand(KeyId=key)
    assert error(kms.rotate_key_on_demand, KeyId=key) == (
        "LimitExceededException",
        "The on-demand rotations limit has been reached for the given keyId. "
        f"No more on-demand rotations can be performed for this key: {key}",
    )


def test_the_status_of_a_schedule(account: Account, kms: Any) -> None:
    key = account.key()
    status = kms.get_key_rotation_status(KeyId=key)
    assert {**status, "ResponseMetadata": None} == {
        "KeyId": key,
        "KeyRotationEnabled": False,
        "ResponseMetadata": None,
    }
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    kms.rotate_key_on_demand(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] == status["NextRotationDate"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    later = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    assert later - status["NextRotationDate"] == timedelta(days=90)
    kms.disable_key_rotation(KeyId=key)
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.schedule_key_deletion(KeyId=key)
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_replicas_are_rotated_with_their_primary_key(account: Account, kms: Any) -> None:
    key = account.key(MultiRegion=True)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    there, key_id = account.root.client("kms", region_name="eu-west-1"), key.rpartition("/")[2]
    old = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert current(kms, key) == current(there, key_id)
    assert there.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    new = kms.encrypt(KeyId=key, Plaintext=b"y")["CiphertextBlob"]
    assert [there.decrypt(CiphertextBlob=one)["Plaintext"] for one in (old, new)] == [b"x", b"y"]
    assert error(there.rotate_key_on_demand, KeyId=key_id)[0] == "UnsupportedOperationException"


def test_new_material_is_imported_and_rotated_to(account: Account, kms: Any) -> None:
    key = account.key(Origin="EXTERNAL")
    assert error(kms.rotate_key_on_demand, KeyId=key)[1] == f"{key} is pending import."
    first = kms.import_key_material(**wrapped(kms, key, FIRST))["KeyMaterialId"]
    assert current(kms, key) == first
    assert error(kms.rotate_key_on_demand, KeyId=key) == (
        "KMSInvalidStateException",
        f"No available key material pending rotation for the key: {key}.",
    )
    old = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    described = {"KeyMaterialDescription": "the second"}
    second = kms.import_key_material(**wrapped(kms, key, SECOND), **NEW, **described)["KeyMaterialId"]
    assert current(kms, key) == first
    third = error(kms.import_key_material, **wrapped(kms, key, THIRD), **NEW)
    assert third[0] == "KMSInvalidStateException"
    assert f"cannot be imported into KMS key {key}, because another key material (id: {second})" in third[1]
    kms.rotate_key_on_demand(KeyId=key)
    assert current(kms, key) == second
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"x"
    rows = kms.list_key_rotations(KeyId=key, **ALL)["Rotations"]
    assert [(row["ImportState"], row.get("KeyMaterialDescription")) for row in rows] == [
        ("IMPORTED", None),
        ("IMPORTED", "the second"),
    ]


def test_a_key_needs_all_its_material(account: Account, kms: Any) -> None:
    key = account.key(Origin="EXTERNAL")
    first = kms.import_key_material(**wrapped(kms, key, FIRST))["KeyMaterialId"]
    kms.import_key_material(**wrapped(kms, key, SECOND), **NEW)
    kms.rotate_key_on_demand(KeyId=key)
    gone = kms.delete_imported_key_material(KeyId=key, KeyMaterialId=first)
    assert (gone["KeyId"], gone["KeyMaterialId"]) == (key, first)
    assert error(kms.encrypt, KeyId=key, Plaintext=b"x")[1] == f"{key} is pending import."
    assert error(kms.import_key_material, **wrapped(kms, key, THIRD))[0] == "IncorrectKeyMaterialException"
    again = {**wrapped(kms, key, FIRST), **NEW}
    assert error(kms.import_key_material, **again)[0] == "IncorrectKeyMaterialException"
    assert error(kms.import_key_material, **wrapped(kms, key, FIRST), KeyMaterialId="b" * 64)[0] == (
        "IncorrectKeyMaterialException"
    )
    kms.import_key_material(**wrapped(kms, key, FIRST), KeyMaterialId=first)
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_pending_material_can_be_taken_back(account: Account, kms: Any) -> None:
    key = account.key(Origin="EXTERNAL")
    kms.import_key_material(**wrapped(kms, key, FIRST))
    second = kms.import_key_material(**wrapped(kms, key, SECOND), **NEW)["KeyMaterialId"]
    kms.delete_imported_key_material(KeyId=key, KeyMaterialId=second)
    kms.encrypt(KeyId=key, Plaintext=b"x")
    assert len(kms.list_key_rotations(KeyId=key, **ALL)["Rotations"]) == 1


def test_replicas_are_imported_into_one_by_one(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html"""
    key = account.key(Origin="EXTERNAL", MultiRegion=True)
    kms.import_key_material(**wrapped(kms, key, FIRST))
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    there, key_id = account.root.client("kms", region_name="eu-west-1"), key.rpartition("/")[2]
    assert there.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingImport"
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert error(there.decrypt, CiphertextBlob=blob)[0] == "KMSInvalidStateException"
    assert error(there.import_key_material, **wrapped(there, key_id, SECOND))[0] == (
        "IncorrectKeyMaterialException"
    )
    there.import_key_material(**wrapped(there, key_id, FIRST))
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    kms.import_key_material(**wrapped(kms, key, SECOND), **NEW)
    (row,) = kms.list_key_rotations(KeyId=key, **ALL)["Rotations"][1:]
    assert row["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert error(kms.rotate_key_on_demand, KeyId=key)[0] == "KMSInvalidStateException"
    there.import_key_material(**wrapped(there, key_id, SECOND))
    kms.rotate_key_on_demand(KeyId=key)
    assert current(kms, key) == current(there, key_id)
