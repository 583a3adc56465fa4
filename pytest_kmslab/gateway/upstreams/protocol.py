"""What stands behind the gateway: one protocol, two implementations beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pytest_kmslab.enforcement.wire_calls import UpstreamError as UpstreamError
from pytest_kmslab.wire.http_message import Environ, Reply
from pytest_kmslab.wire.writing import JudgedRequest

StartResponse = Callable[..., Any]


class Upstream(Protocol):
    """A backend behind the gateway. `name` is what a person is told of it, `takes_account` whether it does a
    request in the account that the request says, whoever signed it."""

    name: str
    takes_account: bool

    def send(self, request: JudgedRequest) -> Reply:
        """Do a call that was allowed; raises UpstreamError where the backend does not answer."""

    def forward(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Pass on a request of a service that is not enforced, unchanged."""

    def close(self) -> None:
        """Let go of its connections."""
