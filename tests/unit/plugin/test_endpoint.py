from __future__ import annotations

import pytest

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
