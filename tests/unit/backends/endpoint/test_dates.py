"""What ends by the clock that a test moves, at an endpoint, whose own clock nobody moves."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import pytest
from helpers.asserts import code
from helpers.endpoint import moto_server

from pytest_kmslab.account.model import Key
from pytest_kmslab.backends.endpoint.keys import DatedKey

from .test_backend import Elsewhere, run_at

DAY = 86_400


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def account(server: str) -> Iterator[Elsewhere]:
    run = run_at(server)
    run.install()
    run.backend.start()
    with run.clock.put_back():
        yield Elsewhere(run)
    run.backend.stop()
    run.close()


def test_a_key_is_gone_after_its_date(account: Elsewhere) -> None:
    kms, clock = account.root.client("kms"), account.run.clock
    key, other = (account.key().rpartition("/")[2] for _ in range(2))
    kms.create_alias(AliasName="alias/gone", TargetKeyId=key)
    made = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with clock.put_back():
        clock.advance(6 * DAY)
        assert code(kms.cancel_key_deletion, KeyId=key) == "allowed"
        # Scheduled anew it has seven days from then on.
        until = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
        assert abs(until.timestamp() - clock.now() - 7 * DAY) < 60
        clock.advance(6 * DAY)
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
        clock.advance(2 * DAY)
        for operation in (kms.cancel_key_deletion, kms.describe_key, kms.get_key_policy, kms.enable_key):
            assert code(operation, KeyId=key) == "NotFoundException"
        assert code(kms.describe_key, KeyId="alias/gone") == "NotFoundException"
        assert code(kms.decrypt, CiphertextBlob=made) != "allowed"
        listed = [entry["KeyId"] for entry in kms.list_keys()["Keys"]]
        assert (key in listed, other in listed) == (False, True)
        assert "alias/gone" not in [entry["AliasName"] for entry in kms.list_aliases()["Aliases"]]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@pytest.mark.parametrize(
    ("state", "expires", "expected"),
    [
        ("Enabled", 10.0, "PendingImport"),
        ("Disabled", 9.0, "PendingImport"),
        ("PendingDeletion", 9.0, "PendingDeletion"),
        ("Enabled", 11.0, "Enabled"),
    ],
)
def test_imported_material_expires(state: str, expires: float, expected: str) -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/k"
    key = Key(
        arn,
        "k",
        "123456789012",
        "us-east-1",
        state,
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
        "EXTERNAL",
        "CUSTOMER",
    )
    found = DatedKey(key, deleted_at=inf, expires_at=expires).at(10.0)
    assert found is not None
    assert found.state == expected
