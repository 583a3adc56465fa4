"""What is no ledger is an error: nothing waits for it, and it does not pass for an empty account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_kmslab.errors import LedgerError
from pytest_kmslab.lab.sweep.ledger_files import ledgers_in, read


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_no_ledger(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1a2b3c4d-main-1.jsonl")
    (ledger,) = ledgers_in(tmp_path)
    with pytest.raises(LedgerError, match=r"1a2b3c4d-main-1\.jsonl`: it is no file"):
        read(ledger)


def test_a_file_is_no_folder_of_ledgers(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"file`: it is no folder"):
        ledgers_in(tmp_path / "file")
    assert ledgers_in(tmp_path / "none") == []
