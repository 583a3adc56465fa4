"""`kmslab decide`, from outside: what goes in, what comes out, and the exit status."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.cli.main import main

CORPUS = Path(__file__).parents[2] / "corpus"
COMMAND = [sys.executable, "-m", "pytest_kmslab.cli.main", "decide"]
ANA = "arn:aws:iam::111122223333:user/ana"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/books"
READS = {"Statement": [{"Sid": "Reads", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}]}
Run = Callable[..., tuple[int, list[Any], str]]


def case(name: str, action: str = "dynamodb:GetItem", **more: Any) -> str:
    request = {"principal": ANA, "action": action, "resource": TABLE}
    policies = {"identity": [{"name": "p1", "document": READS}]}
    return json.dumps({"name": name, "request": request, "policies": policies, **more}) + "\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*files: object, given: str | bytes = "") -> tuple[int, list[Any], str]:
        data = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        status = main(["decide", *map(str, files)])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return call


def test_answers_in_order_one_object_a_line(run: Run) -> None:
    status, answers, complaints = run(given=case("one") + case("two", "dynamodb:PutItem") + case("three"))
    assert status == 0
    assert [(answer["name"], answer["decision"]) for answer in answers] == [
        ("one", "allowed"),
        ("two", "implicitDeny"),
        ("three", "allowed"),
    ]
    assert complaints == ""


def test_answer_holds_the_reasons(run: Run) -> None:
    _, (answer,), _ = run(given=case("one"))
    assert answer == {
        "name": "one",
        "decision": "allowed",
        "reasons": [
            {"policy_type": "identity-based policy", "effect": "Allow", "policy": "p1", "statement": "Reads"}
        ],
    }


def test_met_expectation_is_ok(run: Run) -> None:
    status, (answer,), _ = run(given=case("one", expect={"decision": "allowed"}))
    assert (status, answer["expected"], answer["ok"]) == (0, "allowed", True)
    assert "expected_matched" not in answer


def test_failed_expectation_exits_1(run: Run) -> None:
    status, answers, complaints = run(given=case("one", expect={"decision": "explicitDeny"}) + case("two"))
    assert status == 1
    assert (answers[0]["expected"], answers[0]["ok"]) == ("explicitDeny", False)
    assert "ok" not in answers[1]
    assert complaints == ""


def test_failed_statements_exit_1(run: Run) -> None:
    status, (answer,), _ = run(
        given=case("one", expect={"decision": "allowed", "matched": ["Writes", "Other"]})
    )
    assert status == 1
    assert (answer["ok"], answer["expected_matched"]) == (False, ["Other", "Writes"])


def test_broken_line_is_reported_by_its_number_and_the_rest_is_decided(run: Run) -> None:
    status, answers, complaints = run(given=case("one") + '{"name": "tw\n\n' + case("four") + "{}\n")
    assert status == 2
    assert [answer["name"] for answer in answers] == ["one", "four"]
    first, second = complaints.splitlines()
    assert first.startswith("kmslab decide: standard input:2: the case is not JSON: ")
    assert second == "kmslab decide: standard input:5: the case: `name` is missing"


def test_bad_input_outweighs_a_failed_expectation(run: Run) -> None:
    failed = case("one", expect={"decision": "explicitDeny"})
    assert run(given="nonsense\n" + failed)[0] == 2
    assert run(given=failed + "nonsense\n")[0] == 2


def test_files_are_read_in_order_and_named_in_complaints(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text(case("one") + "nonsense\n", encoding="utf-8")
    second.write_text(case("two"), encoding="utf-8")
    status, answers, complaints = run(first, "-", second, given=case("between"))
    assert status == 2
    assert [answer["name"] for answer in answers] == ["one", "between", "two"]
    assert complaints.startswith(f"kmslab decide: {first}:2: ")


def test_file_that_cannot_be_opened_is_reported_and_the_rest_is_decided(run: Run, tmp_path: Path) -> None:
    missing, there = tmp_path / "missing.jsonl", tmp_path / "there.jsonl"
    there.write_text(case("one"), encoding="utf-8")
    status, answers, complaints = run(missing, tmp_path, there)
    assert status == 2
    assert [answer["name"] for answer in answers] == ["one"]
    assert complaints.splitlines()[0] == f"kmslab decide: cannot read `{missing}`: No such file or directory"
    assert complaints.splitlines()[1].startswith(f"kmslab decide: cannot read `{tmp_path}`: ")


def test_case_of_the_corpus_is_read_as_it_stands(run: Run) -> None:
    path = CORPUS / "lab" / "step5_key_user_reads_through_dynamodb.json"
    status, (answer,), _ = run(path)
    assert (status, answer["decision"], answer["ok"]) == (0, "allowed", True)


def test_a_file_holds_one_case_or_one_a_line(run: Run, tmp_path: Path) -> None:
    one, broken = tmp_path / "one.json", tmp_path / "broken.json"
    one.write_text(json.dumps(json.loads(case("one")), indent=2), encoding="utf-8")
    broken.write_text(one.read_text(encoding="utf-8") + "\n" + case("two"), encoding="utf-8")
    status, answers, complaints = run(one, broken, given="")
    assert status == 2
    assert [answer["name"] for answer in answers] == ["one"]
    assert complaints.startswith(f"kmslab decide: {broken}:1: the case is not JSON: Extra data")


def test_whole_corpus_holds(run: Run) -> None:
    paths = sorted(CORPUS.rglob("*.json"))
    status, answers, _ = run(*paths)
    assert status == 0
    assert len(answers) == len(paths)


@pytest.mark.parametrize("nothing", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"], ids=["empty", "blank", "mark"])
def test_an_input_without_a_case_is_bad_input(run: Run, tmp_path: Path, nothing: bytes) -> None:
    assert run(given=nothing) == (2, [], "kmslab decide: standard input: no case is in it\n")
    file = tmp_path / "none.jsonl"
    file.write_bytes(nothing)
    status, answers, complaints = run(file, "-", given=case("one"))
    assert (status, len(answers)) == (2, 1)
    assert complaints == f"kmslab decide: {file}: no case is in it\n"


def test_line_ends_and_a_byte_order_mark_are_no_matter(run: Run) -> None:
    lines = "\r\n".join([case("one").strip(), case("two").strip(), ""])
    assert run(given=b"\xef\xbb\xbf" + lines.encode())[0] == 0


def test_bytes_that_are_not_utf_8_are_reported(run: Run) -> None:
    status, answers, complaints = run(given=b'{"name": "\xff"}\n' + case("two").encode())
    assert status == 2
    assert [answer["name"] for answer in answers] == ["two"]
    assert "standard input:1: the case is not UTF-8" in complaints


def test_unpaired_surrogate_in_a_name_is_printed_as_it_came(run: Run) -> None:
    status, (answer,), _ = run(given=case("\ud800 é"))
    assert (status, answer["name"]) == (0, "\ud800 é")


def test_principal_that_is_no_arn_is_denied(run: Run) -> None:
    status, (answer,), _ = run(given=case("one").replace(ANA, "ana"))
    assert (status, answer["decision"]) == (0, "implicitDeny")


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "--help"):
        with pytest.raises(SystemExit) as exited:
            main([option])
        assert exited.value.code == 0
        assert "kmslab" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["decode"], ["decide", "--fast"]], ids=["none", "unknown", "option"]
)
def test_wrong_command_line_exits_2(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert "usage: kmslab" in capsys.readouterr().err


def test_decide_help_shows_forms_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["decide", "--help"])
    shown = capsys.readouterr().out
    assert "one case a line" in shown
    assert "exit status: 0 all well, 1 an expectation failed, 2" in shown


def test_cases_through_a_pipe() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as asked:
        out, err = asked.communicate((case("one") + "nonsense\n" + case("three")).encode())
    assert asked.returncode == 2
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["one", "three"]
    assert err.startswith(b"kmslab decide: standard input:2: ")


def test_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(case("one") * 2000, encoding="utf-8")
    with subprocess.Popen([*COMMAND, str(cases)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        asked.stdout.close()
        assert asked.stderr.read() == b""
    assert asked.returncode == 141


def test_starts_without_boto3_moto_and_pytest() -> None:
    heavy = "[name for name in ('boto3', 'botocore', 'moto', 'pytest') if name in sys.modules]"
    script = f"import sys; import pytest_kmslab.cli.main; print({heavy})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_each_case_is_decided_before_the_next_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a million cases take the memory of one."""
    events: list[str] = []
    lines = [case(str(number)).encode() for number in range(3)]

    class Stream(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            events.append("read")
            return line

    from pytest_kmslab.cli import decide as cli

    decided = cli.parse_case

    def deciding(text: Any) -> Any:
        events.append("decided")
        return decided(text)

    monkeypatch.setattr(cli, "parse_case", deciding)
    monkeypatch.setattr(cli, "_open", lambda _: Stream(b"".join(lines)))
    assert run("any")[0] == 0
    assert events == ["read", "decided"] * 3 + ["read"]


def test_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    wrong = {"decision": "allowed", "matched": ["Reads"]}
    cases.write_text(
        case("one") + "broken\n" + case("two", "dynamodb:PutItem", expect=wrong), encoding="utf-8"
    )
    assert main(["decide", "--explain", str(cases)]) == 2
    out, err = capsys.readouterr()
    one, two, _ = out.split("\n\n") if out.endswith("\n\n") else (*out.split("\n\n"), "")
    assert one.startswith(f"one\n  allowed: dynamodb:GetItem\n    by  {ANA}")
    assert two.startswith("two\n  denied: dynamodb:PutItem")
    assert "to allow it" in two
    assert two.rstrip().endswith("expected\n    allowed by Reads")
    assert err.startswith(f"kmslab decide: {cases}:2: ")
