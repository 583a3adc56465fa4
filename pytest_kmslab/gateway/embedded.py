"""A gateway in a thread of this process, in front of a backend that runs here already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pytest_kmslab.gateway.requirements import check_requirements

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.gateway.upstreams.protocol import Upstream


@contextmanager
def open_gateway(pipeline: Pipeline, trail: Trail) -> Iterator[str]:
    """Serve on a free port of this machine, and answer the URL; at the end every connection is closed.

    Raises BackendError where no port is to be had, or the extra `gateway` is not installed.
    """
    check_requirements()
    from pytest_kmslab.gateway.app import Gateway
    from pytest_kmslab.gateway.server import GatewayServer

    with closing(upstream_of(pipeline.backend)) as upstream:
        gateway = Gateway(pipeline, upstream, trail)
        server = GatewayServer(gateway, "127.0.0.1", 0)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def upstream_of(backend: Backend) -> Upstream:
    """The way to a backend: its endpoint, or moto in this process where it has none."""
    if backend.endpoint_url is None:
        from pytest_kmslab.gateway.upstreams.moto import MotoUpstream

        return MotoUpstream()
    from pytest_kmslab.gateway.upstreams.http import HttpUpstream

    return HttpUpstream(backend.endpoint_url)
