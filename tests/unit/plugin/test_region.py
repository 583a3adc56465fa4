from __future__ import annotations

import pytest

SHOW = """
    from pytest_kmslab.session.run import RUN

    def test_it(pytestconfig):
        assert pytestconfig.stash[RUN].settings.region == "{region}"
"""


def test_a_region_that_cannot_be_one_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-region=the moon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--kmslab-region: `the moon`, from the command line, cannot be used: give the name of an*"]
    )


def test_command_line_wins_over_environment_over_ini(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makeini("[pytest]\nkmslab_region = sa-east-1")
    project.makepyfile(SHOW.format(region="sa-east-1"))
    project.runpytest().assert_outcomes(passed=1)
    monkeypatch.setenv("KMSLAB_REGION", "eu-west-1")
    project.makepyfile(SHOW.format(region="eu-west-1"))
    project.runpytest().assert_outcomes(passed=1)
    project.makepyfile(SHOW.format(region="ap-south-1"))
    project.runpytest("--kmslab-region=ap-south-1").assert_outcomes(passed=1)


def test_the_help_says_that_the_region_of_the_sdk_is_not_taken(project: pytest.Pytester) -> None:
    text = " ".join(project.runpytest("--help").stdout.str().split())
    assert (
        "--kmslab-region=REGION Region of the lab; AWS_REGION, AWS_DEFAULT_REGION and the profile count for "
        "backend `aws` only" in text
    )
