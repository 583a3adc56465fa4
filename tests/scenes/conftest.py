"""One gateway for all scenes: over moto, or over the endpoint that KMSLAB_ENDPOINT names."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from helpers.serving import Serving
from helpers.world import World

UPSTREAM = os.environ.get("KMSLAB_ENDPOINT", "")


@pytest.fixture(scope="session")
def gateway_url() -> Iterator[str]:
    """The URL of a `kmslab serve` that is a process of its own."""
    serving = Serving(UPSTREAM)
    yield serving.url
    assert serving.stop() == 0


@pytest.fixture(scope="session")
def world(gateway_url: str) -> World:
    """The home account of the gateway, and ways to make what a scene needs in it."""
    return World(gateway_url)
