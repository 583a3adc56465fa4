"""Live log and log file hold no secret, whoever logs it; a test that looks for one in `caplog` finds it."""

from __future__ import annotations

import pytest

TESTS = """
    import logging

    def test_it(kmslab, outsider, caplog):
        iam = kmslab.as_(kmslab.admin).client("iam")
        secret = iam.create_access_key(UserName=outsider.name)["AccessKey"]["SecretAccessKey"]
        logging.getLogger("application").warning("it is %s.", secret)
        assert f"it is {secret}." in caplog.text
"""


def test_a_secret_is_masked_in_pytest_s_logs_and_not_for_caplog(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    run = project.runpytest_inprocess("--log-cli-level=INFO", "--log-file=run.log", "--log-file-level=INFO")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["WARNING *it is [*][*][*]."])
    assert "it is ***." in (project.path / "run.log").read_text("utf-8")
