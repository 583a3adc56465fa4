"""Workers of xdist have one lab in common where the account outlives them, and nothing is left of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.served import Served, served
from helpers.standing_in import NAMED, project_of

pytest.importorskip("xdist")

TESTS = """
    import json, os

    import pytest
    from pytest_kmslab import allowed, denied

    def note(**what):
        with open(os.environ["SEEN"], "a") as file:
            file.write(json.dumps({**what, "worker": os.environ["PYTEST_XDIST_WORKER"]}) + "\\n")

    @pytest.mark.parametrize("number", range(3))
    def test_a_shared_lab(kmslab, iam_admin, kms_key, encrypted_table, key_user, outsider, number):
        with allowed():
            kmslab.as_(key_user).client("dynamodb").scan(TableName=encrypted_table.name)
        with denied("kms:Decrypt", by=outsider):
            kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)
        kmslab.create_table()
        note(shared=[one.arn for one in (iam_admin, kms_key, encrypted_table, key_user, outsider)])
"""


def left(account: Served) -> tuple[list[str], list[str], list[str]]:
    """The users, the tables and the keys in use that are there."""
    kms = account.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return (
        [user["UserName"] for user in account.client("iam").list_users()["Users"]],
        account.client("dynamodb").list_tables()["TableNames"],
        [key["KeyId"] for key in keys if key["KeyState"] == "Enabled"],
    )


def keys_ever_made(account: Served) -> int:
    """KMS keeps the keys that are to be deleted."""
    return len(account.client("kms").list_keys()["Keys"])


@pytest.fixture
def keys_before(account: Served) -> int:
    """What earlier tests made."""
    return keys_ever_made(account)


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    """An account at an endpoint that outlives every run, and decides nothing by itself."""
    with served("--enforcement", "off") as account:
        yield account


@pytest.fixture
def here(project: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose runs are on that account."""
    names = {
        "KMSLAB_BACKEND": "localstack",
        "KMSLAB_ENDPOINT": account.url,
        "KMSLAB_LEDGER": str(project.path / "ledger"),
        "SEEN": str(project.path / "seen"),
    }
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return project


def seen(project: pytest.Pytester) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.path / "seen").read_text().splitlines()]


def ledgers(project: pytest.Pytester) -> list[Path]:
    return list((project.path / "ledger").glob("*"))


@pytest.mark.parametrize("dist", ["load", "loadscope", "worksteal"])
def test_it_is_made_once_and_removed_by_the_last(
    here: pytest.Pytester, account: Served, keys_before: int, dist: str
) -> None:
    here.makepyfile(test_one=TESTS, test_two=TESTS)
    here.runpytest_subprocess("-n2", f"--dist={dist}").assert_outcomes(passed=6)
    tests = seen(here)
    assert len({test["worker"] for test in tests}) == 2
    assert len({tuple(test["shared"]) for test in tests}) == 1
    assert keys_ever_made(account) == keys_before + 1
    assert left(account) == ([], [], [])
    assert ledgers(here) == []


def test_each_worker_may_have_its_own(here: pytest.Pytester, account: Served, keys_before: int) -> None:
    here.makepyfile(test_one=TESTS, test_two=TESTS)
    here.runpytest_subprocess("-n2", "--kmslab-scope=worker").assert_outcomes(passed=6)
    assert len({tuple(test["shared"]) for test in seen(here)}) == keys_ever_made(account) - keys_before == 2
    assert left(account) == ([], [], [])


KILLED_TEST = """
    def test_killed(kmslab, encrypted_table):
        kmslab.create_key()
        os._exit(1)
"""
KILLED = TESTS + KILLED_TEST


@pytest.mark.parametrize("options", [("-n2",), ("-n1", "--max-worker-restart=0")], ids=["replaced", "last"])
def test_a_worker_killed_in_a_test_leaves_nothing(
    here: pytest.Pytester, account: Served, keys_before: int, options: tuple[str, ...]
) -> None:
    here.makepyfile(KILLED)
    result = here.runpytest_subprocess(*options)
    result.assert_outcomes(passed=3, failed=1)
    assert keys_ever_made(account) == keys_before + 2  # the lab's, and that of the test
    assert left(account) == ([], [], [])
    assert ledgers(here) == []


@pytest.mark.parametrize("scope", ["function", "worker"])
def test_nor_does_one_with_a_lab_of_its_own(here: pytest.Pytester, account: Served, scope: str) -> None:
    here.makepyfile(f"    import os\n{KILLED_TEST}")
    result = here.runpytest_subprocess("-n1", "--max-worker-restart=0", f"--kmslab-scope={scope}")
    result.assert_outcomes(failed=1)
    assert left(account) == ([], [], [])
    assert ledgers(here) == []


def test_a_key_of_the_projects_own_is_nobody_elses(
    here: pytest.Pytester, account: Served, keys_before: int
) -> None:
    here.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def kms_key(kmslab):
            return kmslab.create_key("of-my-own")
    """)
    here.makepyfile(test_one=TESTS, test_two=TESTS)
    here.runpytest_subprocess("-n2").assert_outcomes(passed=6)
    tests = seen(here)
    assert len({test["shared"][0] for test in tests}) == 1  # the administrator
    assert len({tuple(test["shared"][1:4]) for test in tests}) == keys_ever_made(account) - keys_before == 2
    assert left(account) == ([], [], [])
    assert ledgers(here) == []


def test_in_a_real_account_it_is_made_once_too(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSLAB_LEDGER", str(project.path / "ledger"))
    monkeypatch.setenv("SEEN", str(project.path / "seen"))
    with served() as account:
        here = project_of(project, account.url, account.administrator(), monkeypatch)
        here.makepyfile(test_one=TESTS)
        here.runpytest_subprocess("-n2", *NAMED).assert_outcomes(passed=3)
        assert len({tuple(test["shared"]) for test in seen(here)}) == 1
        assert keys_ever_made(account) == 1
        assert left(account) == (["operator"], [], [])
    assert ledgers(here) == []


def test_what_a_failed_test_worked_with_is_kept(here: pytest.Pytester) -> None:
    with served("--enforcement", "off") as account:
        here.makepyfile("""
            import pytest

            @pytest.mark.parametrize("number", range(4))
            def test_it(kms_key, number):
                assert number != 3
        """)
        options = ("-n2", f"--kmslab-endpoint={account.url}", "--kmslab-keep")
        result = here.runpytest_subprocess(*options)
        result.assert_outcomes(passed=3, failed=1)
        result.stdout.fnmatch_lines(["KMS key `MY-kms-key-* until *"])
        users, tables, keys = left(account)
        assert (len(users), tables, len(keys)) == (1, [], 1)
