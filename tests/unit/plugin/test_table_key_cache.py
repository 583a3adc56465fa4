from __future__ import annotations

import pytest


def test_seconds_that_are_none_are_a_usage_error(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nkmslab_table_key_cache = five minutes")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*kmslab_table_key_cache: `five minutes`, from ini option *: give seconds: 0 or more, such as `300`"]
    )
