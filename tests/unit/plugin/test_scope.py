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


@pytest.mark.parametrize("given", ["file", "override"])
def test_a_misspelt_ini_option_is_a_usage_error(project: pytest.Pytester, given: str) -> None:
    if given == "file":
        project.makeini("[pytest]\nkmslab_scop = module\n")
    result = project.runpytest_inprocess(*(["-o", "kmslab_scop=module"] if given == "override" else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ini option `kmslab_scop` is not one of *: did you mean `kmslab_scope`?"])


def test_an_ini_option_of_another_plugin_may_have_such_a_name(project: pytest.Pytester) -> None:
    project.makeconftest("def pytest_addoption(parser):\n    parser.addini('kmslab_team', 'ours')\n")
    project.makeini("[pytest]\nkmslab_team = red\n")
    project.makepyfile(
        "def test_one(pytestconfig):\n    assert pytestconfig.getini('kmslab_team') == 'red'\n"
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)
