"""What a report tells of the run as a whole."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("pytest-kmslab", "pytest", "pytest-xdist", "boto3", "botocore", "moto", "localstack-client")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run: where it was, what decided, how it ended and what it left."""

    started: float
    """Seconds since the epoch."""
    finished: float
    exit_status: int
    """pytest's."""
    workers: int
    """xdist's processes; 0 where there was one process."""
    backend: str
    place: str
    """What the backend says of itself; empty for one in this process."""
    account: str
    """The lab's account; empty where it is not known."""
    region: str
    enforcement: str
    """`enforce`, `off`, or `observe` where AWS decides and the engine predicts."""
    versions: Mapping[str, str]
    undecided: Mapping[str, int]
    """Calls of which nothing was decided, by their address."""
    left: Sequence[str]
    """What is left of what was made, and how to remove it, as lines."""
    kept: Sequence[str]
    """What was kept on purpose, as lines."""
    cost: str
    """What the run cost at most, as a sentence; empty where it cost nothing."""
    observed: Mapping[str, int] | None
    """How many calls AWS decided as was predicted; None where nothing was observed."""
    coverage: Any = None
    """Which statements of the policies under test decided something; None where nobody asked."""


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, as far as they are installed."""
    known = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            known[package] = version(package)
        # Most are extras, or what a person has beside this.
        except PackageNotFoundError:
            continue
    return known
