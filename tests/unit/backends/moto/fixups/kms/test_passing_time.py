"""Keys and time: schedules, material that expires, tokens and waiting periods go by the lab's clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from helpers.account import Account
from helpers.asserts import code
from unit.backends.moto.fixups.kms.test_imports import MATERIAL, wrapped

DAY = 86_400


@pytest.fixture
def kms(account: Account) -> Any:
    return account.root.client("kms")


def test_a_schedule_rotates_an_enabled_key(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-enable-disable.html"""
    key, still, disabled = account.key(), account.key(), account.key()
    for one in (key, disabled):
        kms.enable_key_rotation(KeyId=one, RotationPeriodInDays=90)
    kms.disable_key(KeyId=disabled)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    before = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    account.run.clock.advance(89 * DAY)
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    account.run.clock.advance(92 * DAY)
    rows = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert [row["RotationType"] for row in rows] == ["AUTOMATIC", "AUTOMATIC"]
    assert rows[0]["RotationDate"] == before
    following = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    assert following == before + timedelta(days=180)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    for one in (still, disabled):
        assert kms.list_key_rotations(KeyId=one)["Rotations"] == []
    kms.rotate_key_on_demand(KeyId=key)


def test_imported_material_expires(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html"""
    key, lasting = account.key(Origin="EXTERNAL"), account.key(Origin="EXTERNAL")
    until = datetime.now(timezone.utc) + timedelta(days=2)
    dated = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": until}
    kms.import_key_material(**{**wrapped(kms, key, MATERIAL), **dated})
    kms.import_key_material(**wrapped(kms, lasting, MATERIAL))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    account.run.clock.advance(1 * DAY)
    assert code(kms.decrypt, CiphertextBlob=blob) == "allowed"
    account.run.clock.advance(1 * DAY)
    assert code(kms.decrypt, CiphertextBlob=blob) == "KMSInvalidStateException"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    assert code(kms.encrypt, KeyId=lasting, Plaintext=b"x") == "allowed"
    kms.import_key_material(**wrapped(kms, key, MATERIAL))
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_an_import_token_is_good_for_a_day(account: Account, kms: Any) -> None:
    key = account.key(Origin="EXTERNAL")
    given = wrapped(kms, key, MATERIAL)
    account.run.clock.advance(DAY + 1)
    assert code(kms.import_key_material, **given) == "ExpiredImportTokenException"


def test_a_primary_key_waits_once_its_replicas_are_gone(account: Account, kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html"""
    key = account.key(MultiRegion=True)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    there = account.root.client("kms", region_name="eu-west-1")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=10)
    account.run.clock.advance(20 * DAY)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"
    there.schedule_key_deletion(KeyId=key.rpartition("/")[2], PendingWindowInDays=7)
    account.run.clock.advance(8 * DAY)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    now = datetime.fromtimestamp(account.run.clock.now(), timezone.utc)
    assert told["KeyState"] == "PendingDeletion"
    assert timedelta(days=9) < told["DeletionDate"] - now <= timedelta(days=10)
    account.run.clock.advance(11 * DAY)
    assert code(kms.describe_key, KeyId=key) == "NotFoundException"
