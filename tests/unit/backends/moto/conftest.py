from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from pytest_kmslab.backends.moto.backend import MotoBackend

REGION = "us-east-1"


@pytest.fixture
def backend() -> Iterator[MotoBackend]:
    backend = MotoBackend(REGION)
    backend.start()
    yield backend
    backend.stop()


@pytest.fixture
def aws(backend: MotoBackend) -> Any:
    """Clients of plain moto, with nothing in front of it."""
    session = boto3.Session("any", "any", region_name=REGION)
    return session.client
