"""One suite for every backend: what each answers is asked of all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.endpoint import Store, moto_server

from pytest_kmslab.backends.endpoint.backend import EndpointBackend
from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Backend, Credentials

REGION = "us-east-1"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["moto", "api"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Moto's objects, then the API in front of a moto server: what both answer is asked of both."""
    if request.param == "moto":
        backend: Backend = MotoBackend(REGION)
    else:
        from moto.moto_api._internal.models import moto_api_backend

        server = request.getfixturevalue("server")
        moto_api_backend.reset()
        backend = EndpointBackend(server, REGION, Credentials("FOOBARKEY", "root"))
    backend.start()
    yield Store(backend)
    backend.stop()
