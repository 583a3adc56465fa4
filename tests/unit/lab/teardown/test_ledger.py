from __future__ import annotations

import json
import os
import socket
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pytest_kmslab.errors import LedgerError
from pytest_kmslab.lab.kinds.iam.credentials_file import CREDENTIALS_FILE
from pytest_kmslab.lab.kinds.iam.group import GROUP
from pytest_kmslab.lab.kinds.iam.role import ROLE
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import ResourceKind, ResourceRef, manual_commands
from pytest_kmslab.lab.sweep.ledger_files import ledgers_in, read, records
from pytest_kmslab.lab.teardown.ledger import Account, FileLedger, folder_of

KEY = ResourceRef(KMS_KEY, "orders-1a2b3c4d-main-1", "us-east-1")
TABLE_ = ResourceRef(TABLE, "orders-1a2b3c4d-main-2", "us-east-1")
NOON = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)


def ledger_in(folder: Path, url: str = "http://localhost:4566", worker: str = "main") -> FileLedger:
    return FileLedger(folder, Account.at("localstack", "000000000000", url), "1a2b3c4d", worker, "us-east-1")


def events(ledger: FileLedger) -> list[str]:
    return [json.loads(line)["event"] for line in ledger.path.read_text().splitlines()]


def test_what_is_made_is_on_the_disk_before_it_is_made(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    number = ledger.intend(KEY)
    assert [entry.ref for entry in read(ledger.path).entries.values()] == [KEY]
    ledger.confirm(number, "arn:key")
    assert [entry.ref.arn for entry in read(ledger.path).entries.values()] == ["arn:key"]
    ledger.undone(number)
    assert read(ledger.path).entries == {}
    assert events(ledger) == ["run", "intend", "confirm", "undone"]


def test_every_line_is_written_through_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    assert len(synced) == 3, "the run's line, the folder and the intention"
    ledger.confirm(1, "arn:key")
    assert len(synced) == 4


def test_the_run_is_known_by_it(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path, worker="gw1")
    ledger.intend(KEY)
    record = read(ledger.path)
    assert (record.run, record.worker, record.region, record.pid) == (
        "1a2b3c4d",
        "gw1",
        "us-east-1",
        os.getpid(),
    )
    assert record.account == Account("localstack", "000000000000", "http://localhost:4566")
    assert record.host == socket.gethostname()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path / "state" / "ledger")
    ledger.intend(KEY)
    assert ledger.path.stat().st_mode & 0o777 == 0o600
    assert ledger.path.parent.stat().st_mode & 0o777 == 0o700


def test_no_name_and_password_of_a_url_is_written(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path, "http://ana:hunter2@localhost:4566/")
    ledger.intend(KEY)
    assert "hunter2" not in ledger.path.read_text()
    assert read(ledger.path).account.endpoint == "http://localhost:4566"


def test_nothing_is_written_by_a_run_that_makes_nothing(tmp_path: Path) -> None:
    ledger_in(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_left_nothing_leaves_no_file(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.undone(ledger.intend(KEY))
    ledger.close()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_left_something_says_so(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.confirm(ledger.intend(KEY), "arn:key")
    ledger.undone(ledger.intend(TABLE_))
    ledger.close()
    assert [ref.arn for ref in ledger.left] == ["arn:key"]
    assert events(ledger)[-1] == "end"


def test_a_full_disk_at_the_end_leaves_a_ledger_that_a_sweep_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ledger_in(tmp_path)
    ledger.confirm(ledger.intend(KEY), "arn:key")
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: 0)
        ledger.close()
    assert [ref.arn for ref in ledger.left] == ["arn:key"]
    with records(ledgers_in(tmp_path)) as (living, dead):
        assert (living, [record.ended for record in dead]) == ([], [False])


def test_what_is_kept_is_not_left(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.kept(ledger.intend(KEY), NOON)
    ledger.close()
    assert ledger.left == ()
    assert [entry.kept for entry in read(ledger.path).entries.values()] == [NOON]


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"cannot write the ledger .*KMSLAB_LEDGER"):
        ledger_in(tmp_path / "file").intend(KEY)


def test_a_line_that_was_cut_off_is_no_error(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    ledger.intend(TABLE_)
    whole = ledger.path.read_bytes()
    last = whole.rindex(b"\n", 0, -1)
    for end in range(last + 1, len(whole)):
        ledger.path.write_bytes(whole[:end])
        record = read(ledger.path)
        assert [entry.ref for entry in record.entries.values()] == [KEY]
        assert record.problems == []


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "renamed", "number": 1}',
        '{"event": "confirm", "number": 7, "arn": "x"}',
        '{"event": "kept", "number": 1, "until": "soon"}',
        '{"number": 1}',
        "not even JSON",
        "[]",
    ],
)
def test_a_line_that_is_not_understood_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    with ledger.path.open("a") as file:
        file.write(line + "\n")
    ledger.undone(1)
    record = read(ledger.path)
    assert record.entries == {}, "what comes after it counts"
    assert len(record.problems) == 1
    assert record.problems[0].startswith(f"{ledger.path}:3: not understood: `")


def test_a_later_version_is_not_guessed_at(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    ledger.path.write_text(ledger.path.read_text().replace('"version": 1', '"version": 2'))
    assert read(ledger.path).problems


def test_a_run_lives_as_long_as_its_ledger_is_open(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    with records(ledgers_in(tmp_path)) as (living, dead):
        assert ([record.run for record in living], dead) == (["1a2b3c4d"], [])
    ledger.close()
    with records(ledgers_in(tmp_path)) as (living, dead):
        assert (living, [record.run for record in dead]) == ([], ["1a2b3c4d"])


def test_two_sweeps_do_not_meet(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.intend(KEY)
    ledger.close()
    with records(ledgers_in(tmp_path)) as (_, mine), records(ledgers_in(tmp_path)) as (living, theirs):
        assert len(mine) == 1
        assert (len(living), theirs) == (1, [])


def test_a_folder_that_is_not_there_has_no_ledgers(tmp_path: Path) -> None:
    with records(ledgers_in(tmp_path / "nowhere")) as (living, dead):
        assert (living, dead) == ([], [])


def test_the_folder_is_the_one_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of(str(tmp_path / "x")) == tmp_path / "x"
    assert folder_of("~/x") == tmp_path / "x"
    assert folder_of("").parts[-2:] == ("pytest-kmslab", "ledger")


def test_how_a_thing_is_removed_by_hand() -> None:
    assert manual_commands(
        ResourceRef(KMS_KEY, "orders", "eu-west-1", "arn:key"), "http://localhost:4566"
    ) == (
        "aws kms delete-alias --alias-name alias/orders --region eu-west-1 --endpoint-url http://localhost:4566",
        "aws kms schedule-key-deletion --key-id arn:key --pending-window-in-days 7 --region eu-west-1 "
        "--endpoint-url http://localhost:4566",
    )
    assert manual_commands(ResourceRef(CREDENTIALS_FILE, "/tmp/it's.csv")) == ("rm '/tmp/it'\"'\"'s.csv'",)
    assert manual_commands(TABLE_, profile="work") == (
        "aws dynamodb delete-table --table-name orders-1a2b3c4d-main-2 --region us-east-1 --profile work",
    )


@pytest.mark.parametrize(("kind", "word"), [(GROUP, "group"), (ROLE, "role"), (USER, "user")])
def test_all_that_a_lab_gives_an_iam_entity_is_taken_away_by_hand_first(
    kind: ResourceKind, word: str
) -> None:
    commands = " ".join(manual_commands(ResourceRef(kind, "ana", "us-east-1")))
    wanted = [f"detach-{word}-policy", f"delete-{word}-policy", f"delete-{word} "]
    assert [commands.find(one) for one in wanted] == sorted(commands.find(one) for one in wanted)
    assert all(one in commands for one in wanted)
    assert word == "role" or "remove-user-from-group" in commands
