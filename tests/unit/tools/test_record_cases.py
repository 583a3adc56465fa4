"""Cases made of what AWS was observed to decide, by `tools/record_cases.py`."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cli.main import main as decide

TOOL = Path(__file__).parents[3] / "tools" / "record_cases.py"
main = runpy.run_path(str(TOOL))["main"]
ACCOUNT = "987654321098"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/c0ffee00-1111-4222-8333-123456789012"


def case(user: str = "jane", expect: str = "implicitDeny", **more: Any) -> dict[str, Any]:
    return {
        "name": "a case",
        "source": "recorded: AWS said so",
        "verified": "2026-11-25",
        "request": {
            "principal": f"arn:aws:iam::{ACCOUNT}:user/{user}",
            "action": "kms:Decrypt",
            "resource": KEY,
            "context": {"aws:username": user},
        },
        "policies": {},
        "expect": {"decision": expect},
        **more,
    }


def by_a_part_of_the_name() -> dict[str, Any]:
    deny = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringLike": {"aws:username": "ja*"}},
    }
    return case(
        expect="explicitDeny", policies={"identity": [{"name": "p", "document": {"Statement": [deny]}}]}
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def observe(here: Path, *cases: dict[str, Any], name: str = "run-main.jsonl") -> Path:
    file = here / ".kmslab" / "observed" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in cases), "utf-8")
    return file


def test_cases_are_written_without_names(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    observe(here, case())
    assert main([]) == 0
    (file,) = (here / "tests/corpus/recorded").iterdir()
    assert file.name.startswith("kms_decrypt_implicit_deny_")
    assert file.suffix == ".json"
    written = parse_case(file.read_text("utf-8"), expectation_required=True)
    assert written.verified == "2026-11-25"
    assert written.request.principal == "arn:aws:iam::111122223333:user/ana"
    assert decide(["decide", str(file)]) == 0
    assert "record_cases: 1 cases written to `tests/corpus/recorded`" in capsys.readouterr().out


def test_the_same_decision_is_written_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    observe(here, case(), case("june"))
    observe(here, case("jill"), name="run-gw1.jsonl")
    assert main([]) == 0
    assert len(list((here / "tests/corpus/recorded").iterdir())) == 1
    assert "1 cases written to `tests/corpus/recorded`, 2 were there already" in capsys.readouterr().out


def test_files_and_folder_can_be_named(here: Path) -> None:
    file = observe(here, case())
    assert main([str(file), "--out", "cases"]) == 0
    assert len(list((here / "cases").iterdir())) == 1


def test_a_case_that_would_be_decided_otherwise_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    observe(here, by_a_part_of_the_name(), case())
    assert main([]) == 1
    said = capsys.readouterr()
    assert "record_cases: refused: `a case`: without its names it is decided otherwise" in said.err
    assert "1 cases written to `tests/corpus/recorded`, 1 refused" in said.out


def test_nothing_observed_is_an_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "there is no file in `.kmslab/observed`; run tests with --real-aws" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (case(verified=None), "`verified` has no date: only what was seen on AWS is recorded"),
        ({"name": "x"}, "request"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_recorded(
    here: Path, capsys: pytest.CaptureFixture[str], broken: dict[str, Any], said: str
) -> None:
    observe(here, broken, case())
    assert main([]) == 2
    told = capsys.readouterr()
    assert "run-main.jsonl:1: " in told.err
    assert said in told.err
    assert "1 cases written" in told.out


def test_a_file_that_is_not_there_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.jsonl"]) == 2
    assert "cannot use `nowhere.jsonl`: No such file or directory" in capsys.readouterr().err
