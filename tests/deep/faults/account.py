"""An account that outlives the run: moto behind the gateway, served by a process of its own, with faults.

A process is forked for every scenario from one that is warm and knows the bystanders already, so that a
scenario costs a fork and begins with the same account.
"""

from __future__ import annotations

import errno
import mmap
import os
import signal
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.pipeline import Pipeline
from pytest_kmslab.enforcement.service_calls import connect_services
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.gateway.app import Gateway
from pytest_kmslab.gateway.server import GatewayServer
from pytest_kmslab.gateway.upstreams.moto import MotoUpstream
from pytest_kmslab.wire.http_message import CONNECTION

REGION = "us-east-1"
HANG_SECONDS = 20
"""Longer than any client of a scenario waits for an answer."""

Start = Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call: whether it is `acted` on, and what its caller gets.

    `lasting` strikes the same operation again for as long as the struck process lives: a retry does not
    help. `answer` is the status and the error code; without one the caller is killed, or its connection is
    `reset` or left `silent`.
    """

    name: str
    acted: bool = False
    kills: bool = False
    reset: bool = False
    silent: bool = False
    answer: tuple[int, str] | None = None
    lasting: bool = False


FAULTS = (
    Fault("killed before the call", kills=True),
    Fault("killed after the call", acted=True, kills=True),
    Fault("throttled", answer=(400, "ThrottlingException"), lasting=True),
    Fault("500", answer=(500, "InternalFailure"), lasting=True),
    Fault("500 after the call", acted=True, answer=(500, "InternalFailure")),
    Fault("timeout after the call", acted=True, silent=True),
    Fault("reset before the call", reset=True),
    Fault("reset after the call", acted=True, reset=True),
    Fault("access denied", answer=(400, "AccessDeniedException"), lasting=True),
)


class Switch:
    """Memory that the harness and the account share: which process is struck, how many calls it has made,
    and the how manieth struck process it is.
    """

    _FORM = struct.Struct("qqq")

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._FORM.size)

    def _read(self) -> tuple[int, int, int]:
        process, calls, turn = self._FORM.unpack(self._memory[: self._FORM.size])
        return int(process), int(calls), int(turn)

    def _write(self, process: int, calls: int, turn: int) -> None:
        self._memory[: self._FORM.size] = self._FORM.pack(process, calls, turn)

    def clear(self) -> None:
        """Begin anew."""
        self._write(0, 0, -1)

    def aim(self, process: int) -> None:
        """Strike this process from now on."""
        self._write(process, 0, self._read()[2] + 1)

    def leave(self) -> int:
        """Strike nobody; answers how many calls were made."""
        _, calls, turn = self._read()
        self._write(0, 0, turn)
        return calls

    def count(self) -> tuple[int, int]:
        """One call more: its number, and the struck process's turn."""
        process, calls, turn = self._read()
        self._write(process, calls + 1, turn)
        return calls + 1, turn

    @property
    def process(self) -> int:
        """Who is struck, 0 for nobody."""
        return self._read()[0]


class Struck:
    """The gateway, but for one call of each struck process, by its number, counted from 1."""

    def __init__(self, application: Any, switch: Switch, plan: Sequence[tuple[int, Fault]]) -> None:
        self._application = application
        self._switch = switch
        self._plan = plan
        self._lasting: dict[int, str] = {}

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if not self._switch.process:
            return self._application(environ, start)  # type: ignore[no-any-return]
        operation = operation_of(environ, _read(environ))
        number, turn = self._switch.count()
        at, fault = self._plan[turn] if turn < len(self._plan) else (0, Fault("nothing"))
        if number == at and fault.lasting:
            self._lasting[turn] = operation
        if number != at and operation != self._lasting.get(turn):
            return self._application(environ, start)  # type: ignore[no-any-return]
        if fault.acted:
            for _ in self._application(environ, lambda *_: None):
                pass
        return self._strike(fault, environ, start)

    def _strike(self, fault: Fault, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        connection = environ[CONNECTION].socket
        if fault.kills:
            os.kill(self._switch.process, signal.SIGKILL)
        if fault.silent:
            connection.settimeout(HANG_SECONDS)
            connection.recv(1)
        if fault.answer is None:
            # Lingering for no time at all makes a reset of the close.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # The server reads the number to tell a client that went away from a fault of its own.
            raise ConnectionResetError(errno.ECONNRESET, "reset, as was asked for")
        status, text, kind = error_answer(*fault.answer, environ)
        start(status, [("Content-Type", kind), ("Content-Length", str(len(text)))])
        return [text]


def error_answer(status: int, code: str, environ: dict[str, Any]) -> tuple[str, bytes, str]:
    """An error as a JSON service words it, or one that is asked by forms and answers XML."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        return (
            f"{status} struck",
            b'{"__type": "%s", "message": "struck"}' % code.encode(),
            "application/json",
        )
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>struck</Message></Error></ErrorResponse>"
    return f"{status} struck", text.encode(), "text/xml"


def operation_of(environ: dict[str, Any], body: bytes) -> str:
    """Which operation a request asks for; of S3 its method, of what is in our own bucket."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    if target:
        return target
    if environ["REQUEST_METHOD"] == "POST" and b"Action=" in body:
        return parse_qs(body.decode())["Action"][0]
    path = str(environ["PATH_INFO"])
    smithy = path.rpartition("/operation/")[2] if "/operation/" in path else ""
    return smithy or f"s3:{environ['REQUEST_METHOD']}"


def _read(environ: dict[str, Any]) -> bytes:
    """The body, and leave it to be read again."""
    from io import BytesIO

    chunks = []
    while piece := environ["wsgi.input"].read(1 << 16):
        chunks.append(piece)
    body = b"".join(chunks)
    environ["wsgi.input"] = BytesIO(body)
    return body


class Account:
    """The account before any scenario, in this process; `serve` forks one that answers over HTTP."""

    def __init__(self) -> None:
        self.backend = MotoBackend(REGION)
        trail = Trail()
        pipeline = connect_services(Pipeline(self.backend, trail, Clock(), enforcing=False))
        self.backend.start()
        self._gateway = Gateway(pipeline, MotoUpstream(), trail)
        self._gateway.before_call()
        self.switch = Switch()

    @property
    def application(self) -> Any:
        """What answers it, without faults."""
        return self._gateway

    def serve(self, plan: Sequence[tuple[int, Fault]]) -> tuple[int, str]:
        """Fork a process that serves the account, with a fault for each process that is struck in turn;
        answers it and its URL.
        """
        self.switch.clear()
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = os.fork()
        if process == 0:
            GatewayServer(Struck(self._gateway, self.switch, plan), "127.0.0.1", port).run()
            os._exit(0)
        _await(port)
        return process, f"http://127.0.0.1:{port}"

    @contextmanager
    def answering(self) -> Iterator[tuple[str, list[str]]]:
        """Serve the account in this process while this is open; answers the URL and the operations asked."""
        operations: list[str] = []

        def listen(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
            operations.append(operation_of(environ, _read(environ)))
            return self._gateway(environ, start)

        server = GatewayServer(listen, "127.0.0.1", 0)
        server.start()
        try:
            yield server.url, operations
        finally:
            server.stop()


def _await(port: int) -> None:
    """Until the forked process listens."""
    for _ in range(2000):
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise TimeoutError(f"nobody listens on port {port}")
