from __future__ import annotations

import pytest

OFF_HEADER = "kmslab: backend moto, enforcement OFF: nobody is denied anything"
OFF_SUMMARY = ["*kmslab: enforcement OFF*", "In this run nobody is denied anything: *"]


def test_an_unknown_mode_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-enforcement=on")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --kmslab-enforcement: `on`, from the command line, cannot be used: "
            "give one of `enforce`, `off`"
        ]
    )


def test_the_header_names_what_is_enforced(project: pytest.Pytester) -> None:
    result = project.runpytest()
    result.stdout.fnmatch_lines(
        ["kmslab: backend moto, enforcement enforce, services kms dynamodb dynamodbstreams iam sts"]
    )
    result.stdout.no_fnmatch_line("*enforcement OFF*")


@pytest.mark.parametrize("source", ["command line", "environment", "ini"])
def test_off_is_said_in_the_header_and_at_the_end(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    project.makepyfile("def test_it(): pass")
    flags = ["--kmslab-enforcement=off"] if source == "command line" else []
    if source == "environment":
        monkeypatch.setenv("KMSLAB_ENFORCEMENT", "off")
    if source == "ini":
        project.makeini("[pytest]\nkmslab_enforcement = off")
    result = project.runpytest(*flags)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([OFF_HEADER, *OFF_SUMMARY])


def test_off_is_said_at_the_end_of_a_quiet_run_too(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): pass")
    project.runpytest("-q", "--kmslab-enforcement=off").stdout.fnmatch_lines(OFF_SUMMARY)
