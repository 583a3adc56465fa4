"""`kmslab matrix`, from outside."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.factories import to

from pytest_kmslab.cli.main import main
from pytest_kmslab.report.console import terminal_progress

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "policies"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return shutil.copytree(EXAMPLE / "policies", tmp_path / "policies")


@pytest.fixture
def run(policies: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main(["matrix", str(policies), *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


def expecting(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_what_it_prints_elsewhere_is_what_it_expects(run: Run, tmp_path: Path) -> None:
    status, out, _ = run()
    assert (status, out) == (0, (EXAMPLE / "access.csv").read_text("utf-8"))
    rows = list(csv.DictReader(out.splitlines()))
    assert {row["allowed"] for row in rows} == {"yes", "no"}
    status, out, _ = run("--expect", expecting(tmp_path, "access.csv", out))
    assert (status, out) == (0, "36 cells are as expected\n")


def test_a_table_and_json(run: Run) -> None:
    asked = ("--principal", "ana", "--action", "kms:PutKeyPolicy")
    assert run(*asked, "--format", "table")[1].splitlines()[-1].split() == ["ana", "kms:PutKeyPolicy", "yes"]
    (line,) = run(*asked, "--format", "json")[1].splitlines()
    assert json.loads(line) == {
        "principal": "user/team/ana",
        "action": "kms:PutKeyPolicy",
        "resource": "key/orders",
        "allowed": True,
    }


def test_columns_of_one_name_are_told_apart(run: Run) -> None:
    assert run("--format", "table")[1].split()[:4] == [
        "table/orders",
        "table/rates",
        "key/orders",
        "role/orders-api",
    ]


WANTED = {
    "user/team/ana": {"kms:PutKeyPolicy": ["key/orders"]},
    "auditor": {"dynamodb:GetItem": ["orders", "nope"]},
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("access.json", json.dumps(WANTED)),
        ("access.yaml", json.dumps(WANTED)),
        (
            "access.csv",
            "principal,action,resource\nuser/team/ana,kms:PutKeyPolicy,key/orders\n"
            "auditor,dynamodb:GetItem,orders\nauditor,dynamodb:GetItem,nope\n",
        ),
        (
            "rows.json",
            json.dumps(
                [
                    {"principal": who, "action": action, "resource": what}
                    for who, actions in WANTED.items()
                    for action, listed in actions.items()
                    for what in listed
                ]
            ),
        ),
    ],
)
def test_a_difference_reads_like_a_review_and_says_why(
    run: Run, tmp_path: Path, name: str, text: str
) -> None:
    asked = ("--principal", "ana", "--principal", "auditor", "--action", "kms:PutKeyPolicy")
    status, out, _ = run(
        *asked,
        "--action",
        "dynamodb:GetItem",
        "--resource",
        "orders",
        "--expect",
        expecting(tmp_path, name, text),
    )
    assert status == 1
    assert out.splitlines() == [
        "- `user/auditor` may not dynamodb:GetItem on `table/orders`, and should",
        "    no identity-based policy allows it",
        "? auditor dynamodb:GetItem nope: no cell of the matrix is of that name",
    ]


def test_too_much_says_which_statement_allows_it(run: Run, tmp_path: Path) -> None:
    nothing = expecting(tmp_path, "access.json", '{"auditor": {"dynamodb:Scan": ["table/rates"]}}')
    _, out, _ = run("--principal", "orders-api", "--action", "dynamodb:GetItem", "--expect", nothing)
    assert out.splitlines()[:2] == [
        "+ `role/orders-api` may dynamodb:GetItem on `table/orders`, and should not",
        "    kms:Decrypt: `The service uses the key through DynamoDB` of its resource-based policy allows it",
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("access.csv", "who,action\n", "line 1: the column `principal` is missing"),
        ("access.csv", "principal,action,resource,allowed\na,b,c,perhaps\n", "line 2: give all columns"),
        ("access.json", "{\n", "line 2"),
        ("access.json", '[{"principal": "ana"}]', "row 1: give principal, action, resource"),
        (
            "access.json",
            '[{"principal": "a", "action": "b", "resource": "c", "alowed": false}]',
            "row 1: give",
        ),
        ("access.json", "[" * 100_000, "nested too deeply"),
        ("access.yaml", "[" * 10_000, "nested too deeply"),
        ("access.yaml", "ana: {}\nbea: {}\nana: {}\n", "line 3: `ana` stands twice"),
        ("access.csv", "", "is empty: where nothing is to be allowed, write `principal,action,resource`"),
        ("access.json", " \n", "is empty: where nothing is to be allowed, write `{}`"),
        ("access.yaml", "\ufeff\n", "is empty"),
        ("access.csv", "principal,action,resource\n" + "a" * 200_000, "line 2: is not CSV: field larger"),
        ("access.csv", "principal,action,resource,action\n", "line 1: there are several columns `action`"),
        ("access.csv", "principal,action,resource\na,b,c,d\n", "line 2: there are more cells than columns"),
        (
            "access.csv",
            "principal,action,resource,allowed\na,b,c,no\na,b,c,yes\n",
            "of a b c both is expected",
        ),
        ("access.yaml", "a: 1\nb: [", "access.yaml`, line 2: is not YAML: expected the node content"),
        ("access.yaml", "a: b", "write principals"),
        ("access.yaml", "? [a, b]\n: c\n", "line 1: is not YAML: found unhashable key"),
        ("access.yaml", "a: {kms:Decrypt: 2026-13-45}", "is not YAML: month must be in 1..12"),
    ],
)
def test_a_bad_expectation_is_bad_input(run: Run, tmp_path: Path, name: str, text: str, said: str) -> None:
    status, _, complaint = run("--expect", expecting(tmp_path, name, text))
    assert status == 2
    assert name in complaint
    assert said in complaint


def test_other_bad_input(run: Run, policies: Path) -> None:
    assert run("--principal", "bob")[0] == 2
    assert "--account is `12`" in run("--account", "12")[2]
    (policies / "keys" / "orders.json").write_text("{", "utf-8")
    status, _, complaint = run()
    assert status == 2
    assert complaint.startswith(
        f"kmslab matrix: file `{policies / 'keys' / 'orders.json'}`, line 1: not JSON"
    )


def test_what_is_printed_as_json_is_expected_likewise(run: Run, tmp_path: Path) -> None:
    for name in ("access.json", "access.jsonl"):
        rows = expecting(tmp_path, name, run("--format", "json")[1])
        assert run("--expect", rows)[:2] == (0, "36 cells are as expected\n")


def test_keys_of_one_id_in_two_regions_are_told_apart(tmp_path: Path, capsys: Any) -> None:
    arns = [f"arn:aws:kms:{region}:111122223333:key/mrk-1" for region in ("eu-west-1", "us-east-1")]
    (tmp_path / "keys").mkdir()
    for number, (arn, action) in enumerate(zip(arns, ("kms:*", "kms:Decrypt"), strict=True)):
        statement = to("arn:aws:iam::111122223333:user/ana", action)
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        (tmp_path / "keys" / f"{number}.json").write_text(json.dumps({"arn": arn, "policy": policy}), "utf-8")
    assert main(["matrix", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert [row["resource"] for row in csv.DictReader(printed.splitlines())][:2] == arns
    expected = expecting(tmp_path, "access.csv", printed)
    assert main(["matrix", str(tmp_path), "--expect", str(expected)]) == 0
    assert main(["matrix", str(tmp_path), "--format", "table"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == arns


def test_what_cannot_be_printed_is_not_a_matrix_otherwise_than_expected(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_text: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stdout.write", full)
    assert run()[0] == 2
    assert "kmslab: standard output: No space left" in run()[2]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_in_the_directory_is_no_policy(run: Run, policies: Path) -> None:
    os.mkfifo(policies / "keys" / "pipe.json")
    assert "pipe.json`: is no file that can be read" in run()[2]


def test_a_folder_that_cannot_be_read_is_bad_input(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold a boundary, without which more would be allowed."""
    closed, scandir = policies / "roles" / "orders-api", os.scandir

    def refusing(place: str) -> Any:
        if Path(place) == closed:
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    status, _, complaint = run()
    assert (status, complaint) == (2, f"kmslab matrix: `{closed}` cannot be read: Permission denied\n")


def test_a_folder_may_be_a_link(run: Run, policies: Path, tmp_path: Path) -> None:
    before = run()
    shutil.move(policies / "roles" / "orders-api", tmp_path / "elsewhere")
    (policies / "roles" / "orders-api").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert run() == before


def test_several_processes(run: Run) -> None:
    assert run("--jobs", 2)[:2] == (0, (EXAMPLE / "access.csv").read_text("utf-8"))


def test_progress_is_told_after_two_seconds_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal_progress("work") is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    times = iter((0.0, 0.5, 1.9, 2.1, 2.2, 2.5, 2.6))
    report = terminal_progress("work", lambda: next(times))
    assert report is not None
    for done in range(1, 7):
        report(done, 6)
    assert capsys.readouterr().err == "\rwork: 3 of 6\rwork: 5 of 6\rwork: 6 of 6\n"
