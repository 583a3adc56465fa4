"""rich is used where a person looks and it is installed; everything is said without it too."""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cli import serve
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.report.console import print_table, rich_console
from pytest_kmslab.report.sweep import COLUMNS


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain install."""
    monkeypatch.setitem(sys.modules, "rich", None)


def test_a_terminal_has_a_rich_console() -> None:
    assert rich_console(Terminal()) is not None


def test_a_file_has_none() -> None:
    assert rich_console(io.StringIO()) is None


@pytest.mark.usefixtures("without_rich")
def test_a_terminal_without_rich_has_none() -> None:
    assert rich_console(Terminal()) is None


ROW = ("kms-key", "a", "us-east-1", "2 h", "1a2b3c4d", "to be removed", "")


@pytest.mark.usefixtures("without_rich")
def test_sweep_prints_its_table_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    print_table(COLUMNS, [ROW])
    heading, row = terminal.getvalue().splitlines()
    assert heading.split()[:2] == ["kind", "name"]
    assert row.split()[:2] == ["kms-key", "a"]


def test_sweep_prints_its_table_with_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    print_table(COLUMNS, [ROW])
    assert all(text in terminal.getvalue() for text in ("kind", "kms-key", "─"))


def test_a_narrow_terminal_shows_a_long_word_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, arn = Terminal(), "arn:aws:iam::111122223333:user/ana"
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    print_table(("decision", "case", "because"), [("allowed", arn, "an-identity-based-policy-allows-it")])
    cells = [line.split("│")[2:4] for line in terminal.getvalue().splitlines() if line.startswith("│")]
    case, because = ("".join(part.strip() for part in column) for column in zip(*cells, strict=True))
    assert (case, because) == (arn, "an-identity-based-policy-allows-it")


DENIED = Decision(Outcome.IMPLICIT_DENY, (Reason(PolicyType.RESOURCE, Effect.MISSING),))
ENTRY = TrailEntry(
    1, "kms:Decrypt", Request("arn:aws:iam::111122223333:user/ana", "kms:Decrypt", "*"), DENIED
)


def line_of_serve(monkeypatch: pytest.MonkeyPatch) -> str:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    asked: Any = argparse.Namespace(log="text", trail=None)
    (tell,) = serve._sinks(asked, ExitStack())
    tell(ENTRY)
    return terminal.getvalue()


@pytest.mark.usefixtures("without_rich")
def test_serve_tells_a_decision_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "kms:Decrypt" in line_of_serve(monkeypatch)


def test_serve_tells_a_decision_with_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "kms:Decrypt" in line_of_serve(monkeypatch)
