"""The help of each command fits a terminal of 80 columns."""

from __future__ import annotations

import pytest

from pytest_kmslab.cli.main import main

COMMANDS = ("decide", "matrix", "serve", "sweep")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_line_is_wider_than_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_every_command_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["no-such-command"])
    assert f"(choose from {', '.join(COMMANDS)})" in capsys.readouterr().err.replace("'", "")
