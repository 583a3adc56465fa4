"""A project whose `--real-aws` is led to a gateway of our own, which stands in for AWS."""

from __future__ import annotations

import pytest

from helpers.served import ACCOUNT, REGION

STAND_IN = """
    from pytest_kmslab.session.run import RUN

    def pytest_configure(config):
        run = config.stash[RUN]
        run.stand_in, run.pace = "{url}", 0.001
"""
NAMED = ("--real-aws", f"--kmslab-account={ACCOUNT}", f"--kmslab-region={REGION}")


def project_of(
    project: pytest.Pytester, url: str, operator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Of somebody who has an access key of the account, and no AWS configuration."""
    project.makeconftest(STAND_IN.format(url=url))
    environment = {
        "AWS_ACCESS_KEY_ID": operator[0],
        "AWS_SECRET_ACCESS_KEY": operator[1],
        "AWS_CONFIG_FILE": str(project.path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(project.path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return project
