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


IN_PLACE = """
    import pytest
    from pytest_kmslab import denied, lab_scope

    @pytest.fixture(scope=lab_scope)
    def kms_key(kmslab, iam_admin):
        return kmslab.create_key("mine", administrators=iam_admin, users=[])

    def test_one(kmslab, kms_key, encrypted_table, key_user, outsider):
        assert kms_key.users() == [key_user.arn]
        with denied("kms:Decrypt", by=outsider, on=kms_key):
            kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)

    def test_two(encrypted_table, kms_key):
        assert encrypted_table.encryption()["KMSMasterKeyArn"] == kms_key.arn
"""


@pytest.mark.parametrize("scope", ["function", "module"])
def test_a_fixture_in_place_of_one_has_the_scope_of_the_lab(project: pytest.Pytester, scope: str) -> None:
    project.makepyfile(IN_PLACE)
    project.runpytest_inprocess(f"--kmslab-scope={scope}").assert_outcomes(passed=2)
