"""Observing an account: a gateway of our own stands in for AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.served import ACCOUNT, Served, served

STAND_IN = """
    from pytest_kmslab.run import RUN

    def pytest_configure(config):
        config.stash[RUN].stand_in = "{url}"
"""
NAMED = ("--real-aws", f"--kmslab-account={ACCOUNT}", "--kmslab-region=us-east-1")

READS = """
    import pytest
    from botocore.exceptions import ClientError

    def test_outsider(kmslab, encrypted_table, outsider):
        table = kmslab.as_(outsider).resource("dynamodb").Table(encrypted_table.name)
        try:
            table.scan()
        except ClientError:
            pass
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    with served() as account:
        yield account


@pytest.fixture(scope="module")
def lax_account() -> Iterator[Served]:
    with served("--enforcement", "off") as account:
        yield account


def project_of(project: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    project.makeconftest(STAND_IN.format(url=account.url))
    key_id, secret = account.administrator(f"operator-{id(project)}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(project.path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(project.path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    project.makepyfile(READS)
    return project


@pytest.fixture
def here(project: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    return project_of(project, account, monkeypatch)


def test_agreement_is_counted(here: pytest.Pytester) -> None:
    result = here.runpytest_subprocess(*NAMED)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["kmslab: observed * calls: AWS and the engine agree on *, 0 disagreements"])
