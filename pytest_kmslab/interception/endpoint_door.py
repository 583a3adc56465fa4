"""An endpoint's door: what this process sends there leads to a gateway, whichever library sends it.

requests, urllib3, httpx and aiohttp connect by Python's sockets, and so does whoever writes HTTP by hand.
While a lab is open a connection to the endpoint is led to a gateway in this process, which decides its
requests as moto's door does. The calls of botocore's clients, decided before they are sent, go straight.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

from pytest_kmslab.backends.straight import is_straight
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.embedded import check_requirements
from pytest_kmslab.interception.wrapped_methods import Wrap, WrappedMethods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_kmslab.backends.endpoint.backend import EndpointBackend
    from pytest_kmslab.enforcement.pipeline import Pipeline

Address = Any
"""What a socket connects to: host, port and, of IPv6, two more; a path for a socket of Unix's."""

OTHER_CLIENTS = "the endpoint by other clients than botocore's, without `pytest-kmslab[gateway]`,"
"""What is counted as undecided where there is no gateway to lead to."""


class EndpointDoor:
    """Leads connections to the endpoint of one run to a gateway of its own, which it opens with the first."""

    def __init__(self, pipeline: Pipeline, open_gateway: Callable[[], AbstractContextManager[str]]) -> None:
        self._pipeline = pipeline
        self._backend: EndpointBackend = pipeline.backend  # type: ignore[assignment]  # of an endpoint
        self._open_gateway = open_gateway
        self._gateway = ""
        self._lock = Lock()
        self._until_closed = ExitStack()
        self._earlier: WeakSet[socket.socket] = WeakSet()
        """Connections from before a lab was open, which may be kept for its requests."""

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """While this is open, connections are led."""
        self._backend.at_start = self._end_earlier
        methods = WrappedMethods(
            Wrap("socket", "socket", "connect", self._connect),
            Wrap("socket", "socket", "connect_ex", self._connect),
            Wrap("uvloop", "Loop", "create_connection", self._connect_by_uvloop),
        )
        with self._until_closed, methods:
            yield

    def _connect(self, original: Any, connecting: socket.socket, address: Address) -> Any:
        return original(connecting, self._led(connecting, address))

    async def _connect_by_uvloop(
        self, original: Any, loop: Any, protocol: Any, host: Any = None, port: Any = None, **more: Any
    ) -> Any:
        # uvloop connects by no socket of Python's.
        if host and port:
            with socket.socket() as asked:
                host, port = self._led(asked, (host, int(port)))
        return await original(loop, protocol, host, port, **more)

    def _led(self, connecting: socket.socket, address: Address) -> Address:
        """Where a connection to an address goes."""
        if is_straight() or not _is_at(connecting, address, str(self._backend.endpoint_url)):
            return address
        if not self._pipeline.active:
            with self._lock:
                self._earlier.add(connecting)
            return address
        # Nothing is decided: whoever asks the endpoint asks it, as on moto.
        if not self._pipeline.enforcing:
            return address
        try:
            check_requirements()
        except BackendError:
            self._pipeline.undecided.let_through(OTHER_CLIENTS)
            return address
        return self._gateways_address(connecting)

    def _gateways_address(self, connecting: socket.socket) -> Address:
        with self._lock:
            if not self._gateway:
                self._gateway = self._until_closed.enter_context(self._open_gateway())
        parts = urlsplit(self._gateway)
        if connecting.family == socket.AF_INET6:
            return f"::ffff:{parts.hostname}", parts.port, 0, 0
        return parts.hostname, parts.port

    def _end_earlier(self) -> None:
        """End the connections that were made before a lab was open: who has kept one connects anew."""
        with self._lock:
            ended = tuple(self._earlier)
            self._earlier.clear()
        for earlier in ended:
            try:
                earlier.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed


def _is_at(connecting: socket.socket, address: Address, url: str) -> bool:
    """Whether an address is that of the server at a URL."""
    if connecting.family not in (socket.AF_INET, socket.AF_INET6) or connecting.type != socket.SOCK_STREAM:
        return False
    # What is no address Python refuses.
    if not isinstance(address, tuple) or len(address) < 2:
        return False
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return bool(address[1] == port and _is_host(str(address[0]), str(parts.hostname)))


@lru_cache(maxsize=256)
def _is_host(host: str, other: str) -> bool:
    """Whether two names or addresses are of one host; this machine has many."""
    addresses, others = _addresses(host), _addresses(other)
    return bool(addresses & others) or (any(map(_is_own, addresses)) and any(map(_is_own, others)))


def _addresses(host: str) -> frozenset[str]:
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except OSError:
        return frozenset()


def _is_own(address: str) -> bool:
    """Whether an address is one of this machine's: no other can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as bound:
            bound.bind((address, 0))
    except OSError:
        return False
    return True
