"""A gateway in a thread of this process, in front of a backend that runs here already; and what any gateway
needs beside a plain install: an extra, which a run without a gateway does well without.

Nothing of the extra is imported before it is known to be there, so that what is missing can be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.gateway.creations import Exists
    from pytest_kmslab.gateway.upstreams.protocol import Upstream


PACKAGES = {"cheroot": "cheroot", "flask": "flask", "flask_cors": "flask-cors"}
"""Modules of the extra `gateway` in pyproject.toml, and what an index calls them. cheroot is the HTTP server;
moto's server imports the others: calls of services that are not decided are handed to it."""

INSTALL = 'python -m pip install "pytest-kmslab[gateway]"'


def check_requirements() -> None:
    """Return where a gateway can be opened; raises BackendError, which says what to install."""
    missing = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise BackendError(
            f"a gateway (`kmslab serve`, fixture `kmslab_endpoint`) needs {' and '.join(missing)}, which a "
            f"plain install leaves out: run `{INSTALL}`"
        )


@contextmanager
def open_gateway(
    pipeline: Pipeline, trail: Trail, exists: Exists | None = None, *, is_door: bool = False
) -> Iterator[str]:
    """Serve on a free port of this machine, and answer the URL; at the end every connection is closed.

    `exists` tells whether an alarm or a stack is there before one is made; without it none counts as made by
    the run. With `is_door` it is for what this process would send to the endpoint itself. Raises BackendError
    where no port is to be had, or the extra `gateway` is not installed.
    """
    check_requirements()
    from pytest_kmslab.gateway.app import Gateway
    from pytest_kmslab.gateway.creations import PassedCreations
    from pytest_kmslab.gateway.door import DoorGateway
    from pytest_kmslab.gateway.server import GatewayServer

    with closing(upstream_of(pipeline.backend)) as upstream:
        # Without a lab to adopt what is there nobody asks who made it.
        passed = exists and PassedCreations(pipeline.creations, pipeline.backend, exists)
        application = DoorGateway if is_door else Gateway
        gateway = application(pipeline, upstream, trail, passed_creations=passed)
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
