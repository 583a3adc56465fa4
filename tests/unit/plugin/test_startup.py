from __future__ import annotations

import pytest

HEAVY = """
    import sys

    def pytest_unconfigure():
        heavy = ["boto3", "botocore", "moto", "tenacity", "jinja2", "rich", "pytest_kmslab.authz"]
        print("plugin loaded:", "pytest_kmslab.plugin" in sys.modules)
        print("heavy:", [name for name in heavy if name in sys.modules])
"""


def test_a_run_that_uses_nothing_of_it_imports_nothing_heavy(project: pytest.Pytester) -> None:
    project.makeconftest(HEAVY)
    result = project.runpytest_subprocess("--collect-only", "-p", "no:html")  # pytest-html imports jinja2
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["plugin loaded: True", "heavy: []"])


EARLY_CLIENT = """
    import boto3

    CLIENT = boto3.client("dynamodb", "us-east-1", aws_access_key_id="AKIANOBODY", aws_secret_access_key="no")
"""


def test_a_client_made_when_a_conftest_is_imported_is_decided_too(project: pytest.Pytester) -> None:
    project.makeconftest(EARLY_CLIENT)
    project.makepyfile("""
        import pytest
        from conftest import CLIENT

        def test_it(kmslab_backend):
            with pytest.raises(CLIENT.exceptions.ClientError, match="UnrecognizedClientException"):
                CLIENT.list_tables()
    """)
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_seam_is_gone_after_the_run(project: pytest.Pytester) -> None:
    from botocore.handlers import BUILTIN_HANDLERS

    before = list(BUILTIN_HANDLERS)
    project.makepyfile(f"""
        from botocore.handlers import BUILTIN_HANDLERS

        def test_it():
            assert len(BUILTIN_HANDLERS) > {len(before)}
    """)
    project.runpytest_inprocess().assert_outcomes(passed=1)
    assert before == BUILTIN_HANDLERS


def test_a_plugin_that_a_conftest_names_starts_too(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_PLUGINS", raising=False)
    project.makeconftest('pytest_plugins = ["pytest_kmslab.plugin"]')
    project.makepyfile("""
        from pytest_kmslab.session.run import RUN

        def test_it(pytestconfig):
            assert pytestconfig.stash[RUN].settings.backend == "moto"
    """)
    result = project.runpytest_subprocess("-p", "no:kmslab", "--kmslab-enforcement=off")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*enforcement OFF*"])


def test_a_lab_loads_no_service_of_motos_that_it_does_not_use(project: pytest.Pytester) -> None:
    """They take seconds, and packages that moto does not bring along."""
    project.makepyfile("""
        import sys

        def test_it(encrypted_table, outsider):
            unused = ["cloudformation", "ec2", "glue", "resourcegroupstaggingapi"]
            assert [name for name in unused if f"moto.{name}" in sys.modules] == []
    """)
    project.runpytest_subprocess().assert_outcomes(passed=1)
