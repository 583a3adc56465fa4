"""pytest-timeout stops a test, whose lab is torn down; pytest-cov measures beside the plugin."""

from __future__ import annotations

import pytest

from pytest_kmslab import Lab


@pytest.mark.timeout(60)
def test_in_time(kmslab: Lab) -> None:
    assert kmslab.create_table().status() == "ACTIVE"


def test_a_test_that_is_stopped_leaves_the_next_one_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import threading

        import pytest

        @pytest.mark.timeout(0.5, method="signal", func_only=True)
        def test_late(kmslab, kms_key):
            threading.Event().wait(60)

        def test_next(kmslab, kms_key):
            assert len(kmslab.inventory()) == 2
    """)
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Timeout*0.5s*"])


def test_coverage_is_measured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        application="def read(client, table):\n    return client.scan(TableName=table)\n",
        test_it="""
            from application import read

            def test_it(kmslab, encrypted_table, key_user):
                read(kmslab.as_(key_user).client("dynamodb"), encrypted_table.name)
        """,
    )
    result = pytester.runpytest_subprocess("--cov=application", "-p", "no:randomly")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["application.py * 100%"])
