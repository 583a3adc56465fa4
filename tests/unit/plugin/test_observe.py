"""Observing an account: a gateway of our own stands in for AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from helpers.served import ACCOUNT, Served, served
from helpers.standing_in import NAMED, project_of

from pytest_kmslab.cases.read import parse_case

READS = """
    from botocore.exceptions import ClientError

    def test_outsider(kmslab, encrypted_table, outsider, kmslab_clock):
        kmslab_clock.advance({seconds})
        table = kmslab.as_(outsider).resource("dynamodb").Table(encrypted_table.name)
        try:
            table.scan()
        except ClientError:
            pass
"""
LATER = READS.format(seconds=1000)
AT_ONCE = READS.format(seconds=0)


@pytest.fixture(scope="module")
def lax_account() -> Iterator[Served]:
    with served("--enforcement", "off") as account:
        yield account


@pytest.fixture(scope="module")
def lax_operator(lax_account: Served) -> tuple[str, str]:
    return lax_account.administrator()


@pytest.fixture
def lax(
    project: pytest.Pytester,
    lax_account: Served,
    lax_operator: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.Pytester:
    """Where AWS lets everybody do everything, and so decides otherwise than the engine."""
    return project_of(project, lax_account.url, lax_operator, monkeypatch)


def cases(project: pytest.Pytester, folder: str) -> list[Path]:
    return sorted((project.path / ".kmslab" / folder).glob("*.json*"))


def test_agreement_is_counted_and_what_was_settled_is_kept(here: pytest.Pytester) -> None:
    here.makepyfile(LATER)
    result = here.runpytest_subprocess(*NAMED, "--kmslab-report=report.json")
    result.assert_outcomes(passed=1)
    told = json.loads((here.path / "report.json").read_text())["run"]
    assert (told["backend"], told["enforcement"]) == ("aws", "observe")
    assert told["observed"]["agreed"] > 0
    assert told["observed"]["disagreements"] == 0
    assert told["cost"].startswith("Made 1 IAM user")
    assert "cost at most" in told["cost"]
    result.stdout.fnmatch_lines(
        ["kmslab: observed * calls: AWS and the engine agree on *, 0 not settled yet, *, 0 disagreements"]
    )
    assert cases(here, "disagreements") == []
    (kept,) = cases(here, "observed")
    read = [parse_case(line) for line in kept.read_text("utf-8").splitlines()]
    denied = [case for case in read if not case.decide().allowed]
    assert [case.request.action for case in denied] == ["kms:Decrypt"]
    assert all(case.expect is not None and case.expect.holds_for(case.decide()) for case in read)


def test_a_disagreement_is_a_warning_and_a_case(lax: pytest.Pytester) -> None:
    lax.makepyfile(LATER)
    result = lax.runpytest_subprocess(*NAMED, "-Werror")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*DisagreementWarning: AWS and the engine disagree on dynamodb:Scan",
            "    AWS:    let it through",
            "    engine: implicitDeny kms:Decrypt on key/* for user/mounika-* (in dynamodb:Scan, via *",
            "    case:   .kmslab/disagreements/kms_decrypt_allowed_*.json",
            "kmslab: observed * 1 disagreements",
        ]
    )
    (file,) = cases(lax, "disagreements")
    case = parse_case(file.read_text("utf-8"))
    assert case.expect is not None
    assert not case.expect.holds_for(case.decide())
    assert case.verified == date.today().isoformat()
    assert ACCOUNT not in file.read_text("utf-8")
    assert "mounika" not in file.read_text("utf-8")


def test_strict_fails_the_run_and_says_why(lax: pytest.Pytester) -> None:
    lax.makepyfile(LATER)
    result = lax.runpytest_subprocess(*NAMED, "--kmslab-observe=strict")
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*= kmslab: AWS decides otherwise than the engine, so this run failed =*"])


def test_a_worker_s_disagreement_fails_the_controller_s_run(lax: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    lax.makepyfile(LATER)
    result = lax.runpytest_subprocess(*NAMED, "--kmslab-observe=strict", "-n1")
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["kmslab: observed * 1 disagreements"])


def test_what_was_just_changed_is_not_settled(lax: pytest.Pytester) -> None:
    lax.makepyfile(AT_ONCE)
    result = lax.runpytest_subprocess(*NAMED, "--kmslab-observe=strict")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["kmslab: observed * 1 not settled yet, * 0 disagreements"])
    assert cases(lax, "disagreements") == []


def test_off_reads_nothing(lax: pytest.Pytester) -> None:
    lax.makepyfile(LATER)
    result = lax.runpytest_subprocess(*NAMED, "--kmslab-observe=off")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("kmslab: observed*")
    assert not (lax.path / ".kmslab").exists()


def test_an_account_has_no_gateway(here: pytest.Pytester) -> None:
    here.makepyfile("def test_it(kmslab_endpoint): pass")
    result = here.runpytest_subprocess(*NAMED)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*BackendError: backend `aws` has no gateway (fixture `kmslab_endpoint`): let *"]
    )


LOOKS = """
    import boto3

    def test_keys(kmslab_backend):
        kms = boto3.client("kms", "us-east-1", endpoint_url=kmslab_backend.endpoint_url)
        assert kms.list_keys()["Keys"] is not None
"""


def test_what_may_not_be_read_is_told_and_never_passes_for_agreement(
    here: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="blind")
    iam.attach_user_policy(
        UserName="blind", PolicyArn="arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
    )
    key = iam.create_access_key(UserName="blind")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    here.makepyfile(LOOKS)
    result = here.runpytest_subprocess(*NAMED)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "kmslab: observed 1 calls: AWS and the engine agree on 0, 0 not settled yet, "
            "1 not judged (reading needs iam:GetUser), 0 disagreements"
        ]
    )
    strict = here.runpytest_subprocess(*NAMED, "--kmslab-observe=strict")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    strict.stdout.fnmatch_lines(
        ["*kmslab: of what was observed nothing could be judged, so this run failed*"]
    )


def test_a_client_of_another_endpoint_is_not_observed(here: pytest.Pytester, lax_account: Served) -> None:
    here.makepyfile(LOOKS.replace("kmslab_backend.endpoint_url", f"{lax_account.url!r}"))
    result = here.runpytest_subprocess(*NAMED)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("kmslab: observed*")
