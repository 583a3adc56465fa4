"""One gateway for all scenes: over moto, or over the endpoint that KMSLAB_ENDPOINT names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.served import plain_environment
from support.world import World

UPSTREAM = os.environ.get("KMSLAB_ENDPOINT", "")


@pytest.fixture(scope="session")
def gateway_url() -> Iterator[str]:
    """The URL of a `kmslab serve` that is a process of its own."""
    command = [sys.executable, "-m", "pytest_kmslab.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        command + (["--upstream", UPSTREAM] if UPSTREAM else []),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=plain_environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("kmslab serve: ready on "), "the gateway did not start"
    yield process.stdout.readline().strip().removeprefix("export AWS_ENDPOINT_URL=")
    process.terminate()
    assert process.wait(60) == 0


@pytest.fixture(scope="session")
def world(gateway_url: str) -> World:
    """The home account of the gateway, and ways to make what a scene needs in it."""
    return World(gateway_url)
