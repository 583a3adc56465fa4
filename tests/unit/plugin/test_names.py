from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("ini", "good"),
    [
        (
            "kmslab_key_alias = alias/mine",
            "1 to 226 letters, digits or /_-, without `alias/` and not in `aws/`",
        ),
        ("kmslab_table_name = my table", "3 to 231 letters, digits or _.-"),
        ("kmslab_user_name = ana/maria", "1 to 40 letters, digits or _+=,.@-"),
        ("kmslab_admin_name = ana/maria", "1 to 40 letters, digits or _+=,.@-"),
    ],
)
def test_a_name_that_aws_would_refuse_is_a_usage_error(project: pytest.Pytester, ini: str, good: str) -> None:
    name, _, value = ini.partition(" = ")
    project.makeini(f"[pytest]\n{ini}")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines[0] == (
        f"ERROR: {name}: `{value}`, from ini option {name}, cannot be used: give {good}"
    )


def test_names_reach_the_settings(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nkmslab_key_alias = nextwork-kms-key\nkmslab_table_name = nextwork-kms-table")
    project.makepyfile("""
        from pytest_kmslab.session.run import RUN

        def test_it(pytestconfig):
            settings = pytestconfig.stash[RUN].settings
            assert (settings.key_alias, settings.table_name) == ("nextwork-kms-key", "nextwork-kms-table")
    """)
    project.runpytest().assert_outcomes(passed=1)
