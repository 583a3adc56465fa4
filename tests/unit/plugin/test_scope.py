from __future__ import annotations

import pytest

TWO_TESTS = """
    backends = []

    def test_one(kmslab):
        backends.append(kmslab)

    def test_two(kmslab):
        backends.append(kmslab)
        assert (backends[0] is backends[1]) is {shared}
"""


def test_an_unknown_scope_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-scope=global")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*give one of `auto`, `function`, `class`, `module`, `package`, `worker`, `session`"]
    )


@pytest.mark.parametrize(
    ("scope", "shared"), [("auto", False), ("function", False), ("module", True), ("session", True)]
)
def test_the_lab_lives_as_long_as_its_scope(project: pytest.Pytester, scope: str, shared: bool) -> None:
    project.makepyfile(TWO_TESTS.format(shared=shared))
    project.runpytest_subprocess(f"--kmslab-scope={scope}").assert_outcomes(passed=2)
