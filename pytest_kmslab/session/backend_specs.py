"""The backends that a run can have: where each is, and what has to be known of it before it is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import pytest

from pytest_kmslab.config.options import Settings


class StandIn(NamedTuple):
    """What stands in for AWS in tests of this package: no option leads there."""

    url: str
    """On this machine: backend `aws` refuses any other."""
    pace: float
    """What AWS's times are multiplied by."""


STAND_IN = pytest.StashKey[StandIn]()
"""Where a plugin of those tests leaves it, before the run begins."""


class BackendSpec(NamedTuple):
    """Where a backend's class is, and what has to be known of it before it is imported."""

    module: str
    name: str
    is_ephemeral: bool
    """As in its Capabilities."""
    is_strongly_consistent: bool = True
    """As in its Capabilities."""
    options: tuple[str, ...] = ()
    """The settings that it takes beside the Region."""
    elsewhere: bool = False
    """Whether it is not in this process, and can be missing."""
    needs_probe_user: bool = False
    """Whether it makes a user by whom it finds out what decides there: see `ProbeUser`."""

    def load(self) -> Any:
        """The class."""
        # By name: a run imports the one backend that it has.
        return getattr(import_module(self.module), self.name)

    def make(self, settings: Settings, **more: Any) -> Any:
        """The backend for a run; raises BackendError."""
        chosen = {option: getattr(settings, option) for option in self.options}
        return self.load()(settings.region, **chosen, **more)


BACKENDS = {
    "moto": BackendSpec(
        "pytest_kmslab.backends.moto.backend", "MotoBackend", is_ephemeral=True, options=("account",)
    ),
    "localstack": BackendSpec(
        "pytest_kmslab.backends.endpoint.localstack",
        "LocalStackBackend",
        is_ephemeral=False,
        options=("endpoint", "endpoint_access_key", "endpoint_secret_key", "account"),
        elsewhere=True,
        needs_probe_user=True,
    ),
    "aws": BackendSpec(
        "pytest_kmslab.backends.aws.backend",
        "AwsBackend",
        is_ephemeral=False,
        is_strongly_consistent=False,
        options=("account", "profile"),
        elsewhere=True,
    ),
}
