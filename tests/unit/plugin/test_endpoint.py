from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.served import Served, served

ALL_THREE = "*--kmslab-endpoint*AWS_ENDPOINT_URL*localstack-client*docker run*"


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "KMSLAB_ENDPOINT", "KMSLAB_BACKEND"):
        monkeypatch.delenv(name, raising=False)


def test_an_endpoint_that_does_not_answer_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-backend=localstack", "--kmslab-endpoint=http://127.0.0.1:1", "-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *`http://127.0.0.1:1`*" + ALL_THREE])


def test_an_endpoint_that_is_no_url_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-backend=localstack", "--kmslab-endpoint=localhost:4566")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*`localhost:4566`, from the command line, cannot be used: give a URL*"])


def test_the_endpoint_of_everybody_counts_where_ours_is_not_given(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    result = project.runpytest("--kmslab-backend=localstack")
    result.stderr.fnmatch_lines(["ERROR: *`http://127.0.0.1:2`*"])
    project.makeini("[pytest]\nkmslab_endpoint = http://127.0.0.1:1")
    result = project.runpytest("--kmslab-backend=localstack")
    result.stderr.fnmatch_lines(["ERROR: *`http://127.0.0.1:1`*"])


def test_it_is_nobodys_business_on_moto(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not even a URL")
    project.makepyfile("def test_it(kmslab): assert kmslab.account")
    project.runpytest().assert_outcomes(passed=1)


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    """An endpoint that keeps many accounts, and decides nothing by itself."""
    with served("--enforcement", "off") as account:
        yield account


OTHER = "222233334444"


def test_the_account_may_be_chosen(project: pytest.Pytester, account: Served) -> None:
    project.makepyfile(f"""
        from pytest_kmslab import denied

        def test_it(kmslab, kms_key, encrypted_table, outsider):
            assert kmslab.account == "{OTHER}"
            assert ":{OTHER}:" in kms_key.arn and ":{OTHER}:" in encrypted_table.arn
            with denied("kms:Decrypt"):
                kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)
    """)
    here = ("--kmslab-backend=localstack", f"--kmslab-endpoint={account.url}")
    project.runpytest(*here, f"--kmslab-account={OTHER}").assert_outcomes(passed=1)


def test_an_access_key_of_another_account_is_a_usage_error(
    project: pytest.Pytester, account: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSLAB_ENDPOINT_ACCESS_KEY", "333344445555")
    here = ("--kmslab-backend=localstack", f"--kmslab-endpoint={account.url}")
    result = project.runpytest(*here, f"--kmslab-account={OTHER}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--kmslab-account is `{OTHER}`, and access key `333344445555` is of *"])
