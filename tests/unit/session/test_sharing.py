"""The end of the lab that workers share: an account that does not answer is told, and stops nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.config.options import Settings
from pytest_kmslab.errors import BackendError
from pytest_kmslab.lab.naming import run_id
from pytest_kmslab.session.cleanup import Cleanup
from pytest_kmslab.session.sharing import WORKER_INPUT, LabOfWorkers, Sharing


def gone() -> Any:
    raise BackendError("no AWS API answers")


@pytest.fixture
def cleanup(tmp_path: Path) -> Cleanup:
    return Cleanup(Settings(backend="localstack", ledger=str(tmp_path)), account_outlives_process=True)


def test_the_last_worker_says_what_it_could_not_remove(cleanup: Cleanup, tmp_path: Path) -> None:
    ledger = tmp_path / "a.jsonl"
    ledger.touch()
    sharing = Sharing(str(tmp_path / "shared"), "gw0", cleanup, Settings(), gone)
    sharing._folder.add_ledger(ledger)
    cleanup.finish()
    assert cleanup.left == [
        "what the workers of this run had in common was left behind: BackendError: no AWS API answers",
        "remove it with `kmslab sweep`",
    ]


def test_so_does_the_controller(cleanup: Cleanup, tmp_path: Path) -> None:
    worker_input: dict[str, Any] = {"testrunuid": "one"}
    LabOfWorkers(cleanup, Settings(), gone).offer(worker_input, in_common=True)
    assert Path(worker_input[WORKER_INPUT]).is_dir()
    (tmp_path / f"{run_id('one')}-gw0-1234.jsonl").touch()
    cleanup.finish()
    assert "BackendError: no AWS API answers" in cleanup.left[0]
    assert not Path(worker_input[WORKER_INPUT]).exists()


def test_where_nobody_left_anything_nobody_is_asked(cleanup: Cleanup) -> None:
    LabOfWorkers(cleanup, Settings(), gone).offer({"testrunuid": "one"}, in_common=False)
    cleanup.finish()
    assert cleanup.left == []


def test_a_worker_that_used_nothing_removes_what_others_made(cleanup: Cleanup, tmp_path: Path) -> None:
    """It is the last one, and the one that made it went before."""
    ledger = tmp_path / "a.jsonl"
    ledger.touch()
    asked: list[str] = []

    def backend() -> Any:
        asked.append("backend")
        return gone()

    first = Sharing(str(tmp_path / "shared"), "gw0", cleanup, Settings(), backend)
    first._folder.add_ledger(ledger)
    Sharing(str(tmp_path / "shared"), "gw1", cleanup, Settings(), backend)
    cleanup.finish()
    assert asked == ["backend"]
