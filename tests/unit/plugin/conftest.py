from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from helpers.served import Served, served
from helpers.standing_in import project_of

import pytest_kmslab

DECIDE = """
    import pytest
    from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
    from pytest_kmslab.authz.request import Request
    from pytest_kmslab.session.run import RUN

    ALLOW = Reason(PolicyType.RESOURCE, Effect.ALLOW, "the-key-policy", "Allow use of the key")
    ALLOWED = Decision(Outcome.ALLOWED, (ALLOW,))
    DENIED = Decision(Outcome.IMPLICIT_DENY, (Reason(PolicyType.IDENTITY, Effect.MISSING),))

    @pytest.fixture(scope="session")
    def decide(request):
        def record(name, allowed):
            asked = Request(f"arn:aws:iam::111122223333:user/{name}", "kms:Decrypt", "arn:aws:kms:::key/k")
            trail = request.config.stash[RUN].trail
            trail.record("dynamodb:GetItem", asked, ALLOWED if allowed else DENIED, "dynamodb")
        return record
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of a user of the plugin, with nothing set in its environment."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "KMSLAB_", "PYTEST_ADDOPTS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "400")  # what a test looks for is not folded
    if not any(point.name == "kmslab" for point in entry_points(group="pytest11")):
        # A checkout that is not installed: see the conftest.py at the top.
        monkeypatch.setenv("PYTEST_PLUGINS", "pytest_kmslab.plugin")
        monkeypatch.setenv("PYTHONPATH", str(Path(pytest_kmslab.__file__).parents[1]))
    return pytester


@pytest.fixture
def deciding(project: pytest.Pytester) -> pytest.Pytester:
    """A project with a fixture `decide(user_name, allowed)`, which puts a decision in the trail."""
    project.makeconftest(DECIDE)
    return project


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    """An account in a process of its own, which stands in for AWS."""
    with served() as account:
        yield account


@pytest.fixture(scope="module")
def operator(account: Served) -> tuple[str, str]:
    """The access key of its administrator."""
    return account.administrator()


@pytest.fixture
def here(
    project: pytest.Pytester, account: Served, operator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A project of somebody who has credentials of the account, and no AWS configuration."""
    return project_of(project, account.url, operator, monkeypatch)
