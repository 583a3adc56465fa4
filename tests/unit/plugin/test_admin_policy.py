"""`--kmslab-admin-policy`: the lab's administrator with a policy of one's own."""

from __future__ import annotations

import json

import pytest

NO_KEYS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "NotAction": "kms:CreateKey", "Resource": "*"}],
}


def test_the_administrator_may_do_what_the_policy_says(project: pytest.Pytester) -> None:
    (project.path / "admin.json").write_text(json.dumps(NO_KEYS))
    project.makepyfile("""
        from pytest_kmslab import denied

        def test_it(kmslab):
            kmslab.create_table()
            with denied("kms:CreateKey"):
                kmslab.as_(kmslab.admin).client("kms").create_key()
    """)
    project.runpytest_subprocess("--kmslab-admin-policy=admin.json").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "policy", ["IAMReadOnlyAccess", "arn:aws:iam::aws:policy/IAMReadOnlyAccess", json.dumps(NO_KEYS)]
)
def test_a_policy_may_have_any_form(project: pytest.Pytester, policy: str) -> None:
    project.makepyfile("""
        from pytest_kmslab import denied

        def test_it(kmslab):
            with denied("kms:CreateKey"):
                kmslab.as_(kmslab.admin).client("kms").create_key()
    """)
    project.runpytest(f"--kmslab-admin-policy={policy}").assert_outcomes(passed=1)


def test_a_broken_file_is_named_with_its_line(project: pytest.Pytester) -> None:
    (project.path / "admin.json").write_text('{"Version": "2012-10-17",\n"Statement": [{"Effect": }]}')
    project.makepyfile("def test_it(kmslab): pass")
    result = project.runpytest("--kmslab-admin-policy=admin.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ERROR: `--kmslab-admin-policy`, file `admin.json`, line 2: *"])


def test_a_file_that_is_not_there_is_named(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(kmslab): pass")
    result = project.runpytest_subprocess("--kmslab-admin-policy=none.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--kmslab-admin-policy: `none.json`, *give the path of a file that is there, an AWS*"]
    )
