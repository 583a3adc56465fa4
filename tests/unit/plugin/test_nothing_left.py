"""What a run leaves in an account that outlives it: nothing, or it is red and says how to remove it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.gateway import client

from pytest_kmslab.cli.main import main
from pytest_kmslab.lab.kinds.iam.user_removal import delete_user
from pytest_kmslab.report.sweep import COLUMNS

LAB = """
    import os, signal

    def test_it(kmslab, kms_key):
        kmslab.create_user(console=True)
        {body}
"""


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    """An account at an endpoint, in a process of its own: it outlives every run, and pytester's modules."""
    code = "from pytest_kmslab.cli.main import main; main(['serve', '--port', '0', '--enforcement', 'off'])"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as served:
        assert served.stdout is not None
        served.stdout.readline()
        yield served.stdout.readline().strip().partition("AWS_ENDPOINT_URL=")[2]
        served.terminate()


@pytest.fixture
def url(account: str) -> Iterator[str]:
    """The account, without users."""
    yield account
    iam = client(account, "iam")
    for user in iam.list_users()["Users"]:
        delete_user(iam, user["UserName"])


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def run(
    project: pytest.Pytester, url: str, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    monkeypatch.setenv("KMSLAB_LEDGER", str(ledger))
    monkeypatch.setenv("KMSLAB_BACKEND", "localstack")
    monkeypatch.setenv("KMSLAB_ENDPOINT", url)

    def run(body: str, *options: str) -> pytest.RunResult:
        project.makepyfile(LAB.format(body=body))
        return project.runpytest_subprocess("--kmslab-enforcement=off", *options)

    return run


def users(url: str) -> list[str]:
    return [user["UserName"].partition("-")[0] for user in client(url, "iam").list_users()["Users"]]


def files(ledger: Path) -> list[Path]:
    return list(ledger.glob("*")) if ledger.exists() else []


def test_a_run_that_passes_leaves_nothing(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    run("assert True").assert_outcomes(passed=1)
    assert (users(url), files(ledger)) == ([], [])


def test_a_run_that_fails_leaves_nothing(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    run("assert False").assert_outcomes(failed=1)
    assert (users(url), files(ledger)) == ([], [])


LOSE = "kmslab._teardown._steps[-1].remove = lambda: 1 / 0"


def test_a_run_that_leaves_something_is_red_and_says_how_to_remove_it(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    result = run(LOSE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (file,) = ledger.glob("*.jsonl")
    result.stdout.fnmatch_lines(
        [
            "*= kmslab: LEFT BEHIND, so this run failed =*",
            f"left in account 123456789012, written down in {file}:",
            "  IAM user `mounika-*-main-4` arn:aws:iam::123456789012:user/mounika-*",
            "remove it, once this run has ended, with:",
            f"  kmslab sweep --backend localstack --endpoint {url} --yes",
            "or by hand with:",
            f"  aws iam delete-user --user-name mounika-*-main-4 --region us-east-1 --endpoint-url {url}",
        ]
    )
    assert users(url) == ["mounika"]


def test_a_run_is_red_even_where_nothing_else_says_so(run: Callable[..., pytest.RunResult]) -> None:
    """The fixture's own error is caught by nobody here: what is left is seen by the ledger alone."""
    result = run("kmslab._teardown._steps.pop()")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*LEFT BEHIND*"])


def test_what_workers_leave_makes_their_controller_red(run: Callable[..., pytest.RunResult]) -> None:
    pytest.importorskip("xdist")
    result = run("kmslab._teardown._steps.pop()", "-n1")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*LEFT BEHIND*", "  IAM user `mounika-*-gw0-*"])


def test_no_secret_is_written(run: Callable[..., pytest.RunResult], url: str, ledger: Path) -> None:
    tell = "print('SECRETS', iam_admin.credentials.secret_access_key, user.console.password)"
    made = "user = kmslab.create_user(console=True); iam_admin = kmslab.admin"
    result = run(f"{made}; {tell}; kmslab._teardown._steps.pop()", "-s")
    secrets = next(line for line in result.outlines if "SECRETS" in line).split("SECRETS ")[1].split()
    (file,) = ledger.glob("*.jsonl")
    assert len(secrets) == 2
    for secret in secrets:
        assert secret not in file.read_text()
        assert "".join(result.outlines).count(secret) == 1


def test_a_ledger_that_cannot_be_written_stops_the_run(
    run: Callable[..., pytest.RunResult], url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KMSLAB_LEDGER", str(tmp_path / "file"))
    result = run("assert True")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: kmslab_ledger: *KMSLAB_LEDGER, cannot be used: give the path of*"])
    assert users(url) == []


def test_nothing_is_written_on_moto(
    run: Callable[..., pytest.RunResult], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSLAB_BACKEND", "moto")
    monkeypatch.delenv("KMSLAB_ENDPOINT")
    run("assert True").assert_outcomes(passed=1)
    assert not ledger.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [("SIGTERM", ""), ("SIGHUP", ""), ("SIGINT", ""), ("SIGTERM", "; os.kill(os.getpid(), 15)")],
)
def test_a_signal_ends_the_run_after_teardown(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path, name: str, body: str
) -> None:
    # A shell starts what is in its background with SIGINT ignored.
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    result = run(f"{heard}; os.kill(os.getpid(), signal.{name}){body}; assert False")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (users(url), files(ledger)) == ([], [])


def test_a_signal_while_something_is_removed_waits_for_that(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    result = run("kmslab._teardown.intend('struck', lambda: os.kill(os.getpid(), signal.SIGTERM))")
    assert result.ret != 0
    assert (users(url), files(ledger)) == ([], [])


def test_an_interrupted_teardown_of_another_fixture_does_not_keep_the_labs(
    project: pytest.Pytester, run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    project.makeconftest("""
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def theirs(kmslab):
            yield
            raise KeyboardInterrupt
    """)
    assert run("assert True").ret != 0
    assert (users(url), files(ledger)) == ([], [])


def test_a_signal_to_the_controller_lets_workers_tear_down(
    project: pytest.Pytester, run: Callable[..., pytest.RunResult], url: str, ledger: Path, tmp_path: Path
) -> None:
    pytest.importorskip("xdist")
    ready = tmp_path / "ready"
    project.makepyfile(
        LAB.format(body=f"open({str(ready)!r}, 'w'); [__import__('time').sleep(0.1) for _ in range(20)]")
    )
    command = [sys.executable, "-m", "pytest", "-n1", "--kmslab-enforcement=off"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as controller:
        while not ready.exists() and controller.poll() is None:
            time.sleep(0.05)
        controller.send_signal(signal.SIGTERM)
        assert controller.wait() != 0
    assert (users(url), files(ledger)) == ([], [])


def test_what_a_failed_test_made_is_kept_where_that_is_asked(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run("assert False", "--kmslab-keep")
    result.stdout.fnmatch_lines(
        ["*= kmslab: kept, as --kmslab-keep asks =*", "KMS key `MY-kms-key-*` until * UTC"]
    )
    result.stdout.no_fnmatch_line("*LEFT BEHIND*")
    assert users(url) == ["kmslab", "mounika"]
    capsys.readouterr()
    assert main(["sweep", "--backend", "localstack", "--endpoint", url, "--yes", "--json"]) == 0
    outcomes = {one["outcome"] for one in json.loads(capsys.readouterr().out)["leftovers"]}
    assert outcomes == {"stays"}
    assert users(url) == ["kmslab", "mounika"]


def test_what_a_passed_test_made_is_not_kept(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    run("assert True", "--kmslab-keep").assert_outcomes(passed=1)
    assert (users(url), files(ledger)) == ([], [])


def test_with_function_scope_only_the_failed_tests_are_kept(
    project: pytest.Pytester, run: Callable[..., pytest.RunResult], url: str
) -> None:
    project.makepyfile(test_more="def test_more(kmslab): kmslab.create_user('passes')")
    run("assert False", "--kmslab-keep", "--kmslab-scope=function").assert_outcomes(passed=1, failed=1)
    assert users(url) == ["kmslab", "mounika"]


def test_a_killed_run_is_swept_before_the_next(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path
) -> None:
    run("os.kill(os.getpid(), signal.SIGKILL)")
    assert users(url) == ["kmslab", "mounika"]
    result = run("assert True", "--kmslab-sweep")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["kmslab sweep: removed KMS key `MY-kms-key-*-main-3` of run *"])
    assert (users(url), files(ledger)) == ([], [])


def test_the_command_sweeps(
    run: Callable[..., pytest.RunResult], url: str, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("os._exit(1)")  # as pytest-timeout ends a process, with `timeout_method = thread`
    command = ["sweep", "--backend", "localstack", "--endpoint", url]
    capsys.readouterr()
    assert main(command) == 1
    listed = capsys.readouterr().out
    assert re.split(" {2,}", listed.splitlines()[0]) == list(COLUMNS)
    assert f"kmslab {' '.join(command)} --yes" in listed
    assert "aws kms schedule-key-deletion" in listed
    assert users(url) == ["kmslab", "mounika"]
    assert main([*command, "--dry-run"]) == 1
    assert main([*command, "--yes"]) == 0
    assert main([*command, "--yes"]) == 0
    assert (users(url), files(ledger)) == ([], [])
