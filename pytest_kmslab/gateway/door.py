"""The gateway behind an endpoint's door: for the process that tests, where it would ask the endpoint itself.

It decides what any gateway decides, and has no pages of its own; a test may reset and configure its emulator.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_kmslab.enforcement.wire_calls import UpstreamError
from pytest_kmslab.gateway.app import Gateway, written
from pytest_kmslab.gateway.pages import told
from pytest_kmslab.gateway.upstreams.protocol import StartResponse
from pytest_kmslab.wire.http_message import Environ, Reply, WireRequest

CONTROL_PATHS = ("/_", "/moto-api")
"""How an emulator's own paths begin, which are no calls of AWS's."""


class DoorGateway(Gateway):
    """Answers the connections of one process that are led to it."""

    explanation = (
        "(pytest-kmslab: while a lab is open every request to the endpoint is decided; this one did not come "
        "from a boto3 client that could be asked, so it goes by its signature.)"
    )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; between labs as the endpoint does."""
        if self._enforcer.active:
            return super().__call__(environ, start_response)
        try:
            return self._upstream.forward(environ, start_response)
        except UpstreamError as error:
            return written(told(502, str(error)), start_response)

    def own_answer(self, environ: Environ) -> Reply | None:
        """None: every path is the endpoint's."""
        return None

    def count_undecided(self, request: WireRequest) -> None:
        """Count what is passed on, save for an emulator's own pages."""
        if not request.path.startswith(CONTROL_PATHS):
            super().count_undecided(request)
