"""`kmslab sweep` in a real account after a run that was killed. A gateway of our own stands in for AWS."""

from __future__ import annotations

from functools import partialmethod

import pytest
from helpers.served import ACCOUNT, REGION, Served
from helpers.standing_in import NAMED

from pytest_kmslab.backends.aws.backend import AwsBackend
from pytest_kmslab.cli.main import main

KILLED = """
    import os, signal

    def test_it(kmslab, encrypted_table):
        kmslab.create_user(console=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""
SWEEP = ("sweep", "--backend=aws", f"--account={ACCOUNT}", f"--region={REGION}")


@pytest.fixture
def here(here: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose account holds what is not ours too, and for `kmslab sweep` in this process as well."""
    account.client("kms").create_key(Description="of others")
    monkeypatch.setattr(AwsBackend, "__init__", partialmethod(AwsBackend.__init__, stand_in=account.url))
    monkeypatch.setenv("KMSLAB_LEDGER", str(here.path / "ledger"))
    return here


def there(account: Served) -> tuple[list[str], list[str], list[str]]:
    """Its users, its tables, and the states of its keys."""
    kms = account.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return (
        [user["UserName"] for user in account.client("iam").list_users()["Users"]],
        account.client("dynamodb").list_tables()["TableNames"],
        sorted(key["KeyState"] for key in keys if key["KeyManager"] == "CUSTOMER"),
    )


def test_what_a_killed_run_left_is_listed_then_removed(
    here: pytest.Pytester, account: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    here.makepyfile(KILLED)
    here.runpytest_subprocess(*NAMED)
    users, tables, _ = left = there(account)
    assert (len(users), len(tables)) == (2, 1)

    assert main([*SWEEP]) == 1
    listed = capsys.readouterr().out
    assert all(name in listed for name in tables)
    assert f"--account {ACCOUNT} --yes" in listed
    assert there(account) == left

    assert main([*SWEEP, "--yes"]) == 0
    assert there(account) == (["operator"], [], ["Enabled", "PendingDeletion"])
    assert main([*SWEEP]) == 0


def test_another_account_is_not_swept(here: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SWEEP[:2], "--account=999999999999", SWEEP[3]]) == 2
    assert f"the credentials are of account `{ACCOUNT}`" in capsys.readouterr().err
