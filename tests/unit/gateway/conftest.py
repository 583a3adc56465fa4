from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from helpers.gateway import REGION, ROOT, GatewayUnderTest

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.gateway.server import GatewayServer


@pytest.fixture
def backend() -> Iterator[MotoBackend]:
    backend = MotoBackend(REGION, root=ROOT)
    backend.start()
    yield backend
    backend.stop()


@pytest.fixture
def gateway(backend: MotoBackend) -> GatewayUnderTest:
    return GatewayUnderTest(backend)


@pytest.fixture
def serve() -> Iterator[Callable[[object], str]]:
    """Serves an application on a free port, in a thread, and answers its URL."""
    servers = []

    def serve(application: object) -> str:
        server = GatewayServer(application, "127.0.0.1", 0)
        server.start()
        servers.append(server)
        return server.url

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def url(gateway: GatewayUnderTest, serve: Callable[[object], str]) -> str:
    return serve(gateway.application)
