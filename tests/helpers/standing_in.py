"""A project whose `--real-aws` is led to a gateway of our own, which stands in for AWS."""

from __future__ import annotations

import pytest

from helpers.served import ACCOUNT, REGION

STAND_IN = """
    import pytest
    from pytest_kmslab.session.backend_specs import STAND_IN, StandIn

    @pytest.hookimpl(wrapper=True)  # before the run begins
    def pytest_load_initial_conftests(early_config):
        early_config.stash[STAND_IN] = StandIn("{url}", 0.001)
        return (yield)
"""
NAMED = ("--real-aws", f"--kmslab-account={ACCOUNT}", f"--kmslab-region={REGION}")


def lead_to(project: pytest.Pytester, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a project's runs call there for AWS: by a plugin, which workers of xdist load too."""
    project.makepyfile(stand_in=STAND_IN.format(url=url))
    project.syspathinsert()
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p stand_in")


def project_of(
    project: pytest.Pytester, url: str, operator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Of somebody who has an access key of the account, and no AWS configuration."""
    lead_to(project, url, monkeypatch)
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
