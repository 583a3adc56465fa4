from __future__ import annotations

import pytest

GIVE_ONE = "*cannot be used: give one of `moto`, `localstack`, `aws`"


def test_an_unknown_backend_on_the_command_line_is_a_usage_error(project: pytest.Pytester) -> None:
    result = project.runpytest("--kmslab-backend=mota")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --kmslab-backend: `mota`, from the command line, " + GIVE_ONE])


def test_an_unknown_backend_in_the_environment_is_a_usage_error(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSLAB_BACKEND", "mota")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*: `mota`, from environment variable KMSLAB_BACKEND, " + GIVE_ONE])


@pytest.mark.parametrize("ini", ["[pytest]\nkmslab_backend = mota", "[pytest]\nkmslab_backend ="])
def test_an_unknown_backend_in_the_ini_file_is_a_usage_error(project: pytest.Pytester, ini: str) -> None:
    project.makeini(ini)
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*from ini option kmslab_backend, " + GIVE_ONE])


def test_a_backend_in_toml_that_is_no_text_is_a_usage_error(project: pytest.Pytester) -> None:
    project.makepyprojecttoml("[tool.pytest]\nkmslab_backend = 1")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'kmslab_backend' expects a string*"])


def test_the_backend_is_chosen_without_being_started(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import sys

        def test_it(kmslab_trail):
            assert "moto" not in sys.modules
    """)
    project.runpytest_subprocess("--kmslab-backend=moto").assert_outcomes(passed=1)
