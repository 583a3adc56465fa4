"""Workers tell each other what was made for all of them, and the last one is told what to remove."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from pytest_kmslab.lab.shared_state import SharedFolder, SharedState


def worker(folder: Path, name: str) -> SharedFolder:
    joined = SharedFolder(folder, name)
    joined.join()
    return joined


def test_what_one_made_the_others_find(tmp_path: Path) -> None:
    one, other = worker(tmp_path, "gw0"), worker(tmp_path, "gw1")
    with one.changing() as state:
        state.made["kms_key"] = {"arn": "a"}
    with other.changing() as state:
        assert state.made == {"kms_key": {"arn": "a"}}


def test_what_an_error_interrupted_is_kept(tmp_path: Path) -> None:
    one = worker(tmp_path, "gw0")
    try:
        with one.changing() as state:
            state.ledgers.append("a")
            raise KeyError
    except KeyError:
        pass
    with one.changing() as state:
        assert state.ledgers == ["a"]


def test_the_last_one_is_told_what_to_remove_and_nobody_else(tmp_path: Path) -> None:
    one, other = worker(tmp_path, "gw0"), worker(tmp_path, "gw1")
    one.add_ledger(Path("a"))
    other.add_ledger(Path("b"))
    assert one.leave(keep=True) is None
    assert other.leave() == SharedState(ledgers=["a", "b"], keep=True)


def test_whoever_comes_after_the_last_finds_nothing(tmp_path: Path) -> None:
    one = worker(tmp_path, "gw0")
    with one.changing() as state:
        state.made["kms_key"] = {"arn": "a"}
    assert one.leave() is not None
    late = worker(tmp_path, "gw1")
    with late.changing() as state:
        assert state.made == {}


JOIN = """
import os, sys
from pathlib import Path
from pytest_kmslab.lab.shared_state import SharedFolder
SharedFolder(Path(sys.argv[1]), "gw1").join()
os._exit(1)
"""


def test_a_worker_that_was_killed_is_there_no_more(tmp_path: Path) -> None:
    one = worker(tmp_path, "gw0")
    subprocess.run([sys.executable, "-c", JOIN, tmp_path], check=False)
    assert (tmp_path / "gw1.member").exists()
    assert one.leave() is not None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    one = worker(folder, "gw0")
    one.add_ledger(Path("a"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "state.json").stat().st_mode) == 0o600
    assert os.listdir(folder)
