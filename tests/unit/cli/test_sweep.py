from __future__ import annotations

import os

import pytest

from pytest_kmslab.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "backend `moto` leaves nothing: give `--backend`"),
        (["--backend", "moon"], "--backend: `moon`, from the command line, cannot be used"),
        (["--backend", "localstack", "--endpoint", "http://127.0.0.1:1"], "no AWS API answers"),
        (["--backend", "localstack", "--endpoint", "here"], "--endpoint: `here`"),
        (["--backend", "aws", "--region", "moon"], "--region: `moon`"),
        (["--backend", "aws", "--region", "us-east-1"], "give --account with its 12 digits"),
    ],
)
def test_a_command_that_cannot_sweep_says_why(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("KMSLAB_", "AWS_"))]:
        monkeypatch.delenv(name)
    assert main(["sweep", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_an_age_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "--older-than", "yesterday"])
    assert ended.value.code == 2
    assert "such as `90s`, `30m`, `2h` or `1d`" in capsys.readouterr().err
