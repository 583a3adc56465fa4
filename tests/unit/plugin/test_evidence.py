"""`--kmslab-report` and `--kmslab-trail`, from outside."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_kmslab.report.evidence.json_report import SCHEMA

TESTS = '''
    """Step 4: somebody without the key."""

    import os

    import pytest
    from pytest_kmslab import access_matrix, allowed, denied, eventually

    KEY = {"id": {"S": "1"}}

    def test_denied_then_allowed(kmslab, encrypted_table, outsider, kms_key):
        """A reader is denied until the key policy names them."""
        dynamodb, table = kmslab.as_(outsider).client("dynamodb"), encrypted_table.name
        with denied("kms:Decrypt", via="dynamodb"):
            dynamodb.get_item(TableName=table, Key=KEY)
        with kms_key.added_user(outsider):
            for attempt in eventually():
                with attempt, allowed():
                    dynamodb.get_item(TableName=table, Key=KEY)
            access_matrix([outsider], ["dynamodb:GetItem", "kms:Decrypt"], [encrypted_table, kms_key])

    def test_fails_with_a_secret(kmslab, encrypted_table, outsider):
        secret = outsider.credentials.secret_access_key
        with open("secrets", "a") as file:
            file.write(secret + "\\n")
        kms = kmslab.as_(outsider).client("kms")
        with denied("kms:Encrypt"):
            kms.encrypt(KeyId="alias/none", Plaintext=secret.encode(), EncryptionContext={"told": secret})

    def test_crashes(kmslab, kms_key, pytestconfig):
        if hasattr(pytestconfig, "workerinput"):
            kms_key.describe()
            os._exit(1)
'''


def ran(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    project.makepyfile(TESTS)
    return project.runpytest_subprocess(
        "--kmslab-report=out/report.json", "--kmslab-trail=trail.jsonl", *arguments
    )


def report_of(project: pytest.Pytester) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((project.path / "out/report.json").read_text())
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    return report


def trail_of(project: pytest.Pytester) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.path / "trail.jsonl").read_text().splitlines()]


def named(report: dict[str, Any], name: str) -> dict[str, Any]:
    (test,) = [one for one in report["tests"] if one["id"].endswith(f"::{name}")]
    return test  # type: ignore[no-any-return]


def check_the_told_test(report: dict[str, Any]) -> None:
    test = named(report, "test_denied_then_allowed")
    assert test["title"] == "A reader is denied until the key policy names them."
    assert test["module_title"] == "Step 4: somebody without the key."
    assert test["outcome"] == "passed"
    asserted = [(one["kind"], one["wanted"], one["unmet"], one["attempt"]) for one in test["assertions"]]
    assert asserted == [("denied", "`kms:Decrypt` via `dynamodb`", "", 0), ("allowed", "anything", "", 1)]
    (turn,) = [one for one in test["turns"] if one["action"] == "kms:Decrypt"]
    assert (turn["before"], turn["after"]) == ("implicitDeny", "allowed")
    (change,) = turn["changes"]
    assert change["what"] == "key policy"
    assert "mounika" in change["after"]
    assert "mounika" not in change["before"]
    cells = {
        (one["action"], one["resource"].split(":")[2]): one["allowed"] for one in test["matrices"][0]["cells"]
    }
    assert cells["dynamodb:GetItem", "dynamodb"]
    assert {one["event"] for one in test["resources"]} == {"made", "undone"}


def check_secrets_and_accounts(project: pytest.Pytester) -> None:
    secrets = (project.path / "secrets").read_text().split()
    files = [path.read_text() for path in (project.path / "out").iterdir()] + [
        (project.path / "trail.jsonl").read_text()
    ]
    assert secrets
    assert not [secret for secret in secrets for text in files if secret in text]
    assert "123456789012" not in (project.path / "out/report.json").read_text()


def test_one_run_tells_everything(project: pytest.Pytester) -> None:
    result = ran(project, "--kmslab-report=out/page.html")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["kmslab: every decision is in *trail.jsonl", "kmslab: report in *report.json"]
    )
    report = report_of(project)
    check_the_told_test(report)
    check_secrets_and_accounts(project)
    assert report["run"]["workers"] == 0
    assert report["totals"]["made"] == report["totals"]["undone"] > 0
    failed = named(report, "test_fails_with_a_secret")
    assert failed["outcome"] == "failed"
    assert "`kms:Encrypt` was not denied" in failed["assertions"][0]["unmet"]
    records = trail_of(project)
    assert len(records) == report["totals"]["decisions"]
    assert sum("errorCode" in record for record in records) == report["totals"]["denied"]
    assert "ACCOUNT" in (project.path / "out/report.json").read_text()
    assert not list(Path(project.path).glob("kmslab-report-*"))


def test_workers_write_one_report_and_one_trail_and_a_crash_counts_as_far_as_it_went(
    project: pytest.Pytester,
) -> None:
    result = ran(project, "-n2")
    result.assert_outcomes(passed=1, failed=2)
    report = report_of(project)
    check_the_told_test(report)
    check_secrets_and_accounts(project)
    crashed = named(report, "test_crashes")
    assert crashed["outcome"] == "failed"
    assert "crashed while running" in crashed["failure"]
    assert "kms:DescribeKey" in [call["operation"] for call in crashed["calls"]]
    told, totals = len(trail_of(project)), report["totals"]
    assert told == totals["decisions"]
    result.stdout.fnmatch_lines([f"kmslab: {told} decisions, {totals['denied']} denied"])
    assert report["run"]["workers"] >= 2


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--kmslab-report=report.pdf", "`.html` or `.json`"),
        ("--kmslab-report=a.html,b.txt", "`.html` or `.json`"),
        ("--kmslab-trail=trail.json", "`.jsonl`"),
        ("--kmslab-report=file/report.html", "--kmslab-report: `*file/report.html` cannot be written: "),
        ("--kmslab-trail=folder.jsonl", "--kmslab-trail: `*folder.jsonl` cannot be written: "),
        ("--kmslab-trail=pipe.jsonl", "--kmslab-trail: `*pipe.jsonl` cannot be written: it is no file"),
        (
            "--kmslab-report=a.json,pipe.html",
            "--kmslab-report: `*pipe.html` cannot be written: it is no file",
        ),
        ("--kmslab-policies=file/policies", "or of one to be made where no file stands"),
        ("--kmslab-report-accounts=some", "one of `masked`, `full`"),
    ],
)
def test_what_cannot_be_written_is_a_usage_error_at_the_start(
    project: pytest.Pytester, argument: str, said: str
) -> None:
    project.makepyfile("def test_it(): raise SystemExit('it ran')")
    (project.path / "file").write_text("")
    (project.path / "folder.jsonl").mkdir()
    for name in ("pipe.jsonl", "pipe.html"):
        os.mkfifo(project.path / name)
    result = project.runpytest_inprocess(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])


def test_a_run_that_only_collects_writes_nothing(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): pass")
    project.runpytest_inprocess("--collect-only", "--kmslab-report=report.json", "--kmslab-trail=trail.jsonl")
    assert not (project.path / "report.json").exists()
    assert not (project.path / "trail.jsonl").exists()


def test_accounts_are_shown_where_they_are_asked_for(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(kmslab): pass")
    project.runpytest_inprocess("--kmslab-report=report.json", "--kmslab-report-accounts=full")
    assert "arn:aws:iam::123456789012:" in (project.path / "report.json").read_text()
