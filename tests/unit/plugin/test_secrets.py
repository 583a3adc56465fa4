"""Whatever a failing run writes, no secret is in it: everything it leaves on disk and prints is searched."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from helpers.served import Served
from helpers.standing_in import NAMED, project_of

LEAKY = """
    import json
    import os
    from pathlib import Path

    import boto3
    import pytest

    KNOWN = Path("{known}")

    def remember(*secrets):
        with KNOWN.open("a") as file:
            file.writelines(json.dumps(secret) + "\\n" for secret in secrets)

    def commands():
        return [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]

    @pytest.fixture
    def user(kmslab):
        user = kmslab.create_user(policies=["AmazonDynamoDBFullAccess"], console=True)
        remember(user.credentials.secret_access_key, user.console.password)
        return user

    def test_fails_with_everything_in_sight(kmslab, user):
        secret, password = user.credentials.secret_access_key, user.console.password
        content = user.console.csv_path.read_text()
        made = boto3.client("iam").create_access_key(UserName=user.name)
        remember(made["AccessKey"]["SecretAccessKey"])
        print(secret, password, content, made)
        assert [secret, password, content, made] == [user]

    def test_fails_in_the_middle_of_making_a_user(kmslab, monkeypatch):
        from pytest_kmslab.lab.kinds.iam import user as iam_user

        made = iam_user.new_password

        def remembered():
            password = made()
            remember(password)
            return password

        monkeypatch.setattr(iam_user, "new_password", remembered)
        monkeypatch.setattr(iam_user, "write_credentials", lambda *_: 1 / 0)
        kmslab.create_user(console=True)

    def test_fails_with_a_session(kmslab, user):
        sts = kmslab.as_(user).client("sts")
        credentials = sts.get_session_token()["Credentials"]
        remember(credentials["SecretAccessKey"], credentials["SessionToken"])
        boto3.client(
            "kms",
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        ).list_keys()
        raise ValueError(credentials)

    def test_in_subtests(subtests, user):
        with subtests.test("a part"):
            assert user.console.password == ""

    def test_no_process_is_told_a_secret(user):
        told = [line for line in commands() if user.credentials.secret_access_key.encode() in line]
        assert not told
"""


@pytest.fixture
def leaky(
    project: pytest.Pytester, account: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A project whose tests fail with secrets in their locals, output and logs, in a real account."""
    operator = account.administrator(f"operator-{tmp_path.name}"[:60])
    project_of(project, account.url, operator, monkeypatch)
    project.makepyfile(LEAKY.format(known=tmp_path / "known"))
    (tmp_path / "known").write_text(json.dumps(operator[1]) + "\n")
    monkeypatch.setenv("KMSLAB_LEDGER", str(project.path / "ledger"))
    return project


REPORTS = (
    *("--kmslab-report=report.html", "--kmslab-report=report.json", "--kmslab-trail=trail.jsonl"),
    "--junitxml=junit.xml",
)
VERBOSE = ("-vv", "--showlocals", "--log-level=DEBUG", "--log-file=run.log", "--log-file-level=DEBUG")


@pytest.mark.parametrize("more", [(), ("-n1",)], ids=["in one process", "in a worker"])
def test_no_secret_is_written_anywhere(leaky: pytest.Pytester, tmp_path: Path, more: tuple[str, ...]) -> None:
    result = leaky.runpytest_subprocess(
        *NAMED,
        *REPORTS,
        f"--basetemp={tmp_path / 'base'}",
        *VERBOSE,
        *more,
    )
    outcomes = result.parseoutcomes()
    assert (outcomes["failed"], outcomes["passed"]) == (5, 1)
    secrets = {json.loads(line) for line in (tmp_path / "known").read_text().splitlines()}
    assert len(secrets) >= 8
    written = {str(path): path.read_bytes().decode(errors="replace") for path in files(leaky.path)}
    written["the page's data"] = data_of(leaky.path / "report.html")
    written["what it printed"] = result.stdout.str() + result.stderr.str()
    leaks = {name for name, text in written.items() for secret in secrets if secret in text}
    assert leaks == set()
    assert "***" in written["what it printed"]


def data_of(page: Path) -> str:
    """What a browser unpacks."""
    packed = page.read_text(encoding="utf-8").partition('id="data">')[2].partition("<")[0]
    return gzip.decompress(base64.b64decode(packed)).decode()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
