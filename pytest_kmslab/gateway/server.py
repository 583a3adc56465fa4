"""The HTTP server in front of the gateway: cheroot, held to requests that have one meaning.

cheroot hands a body to the application as it comes, and sends an answer as it is made. What is here is where
the gateway is stricter than it, what it must know of a connection, and an end that does not wait for ever.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any

from cheroot.server import ChunkedRFile, HeaderReader, HTTPConnection, HTTPRequest
from cheroot.wsgi import Gateway_10, Server

from pytest_kmslab.errors import BackendError
from pytest_kmslab.wire.http_message import CONNECTION, Environ

DRAIN_SECONDS = 5
"""How long the end waits for answers that are being made."""

_THREADS = 32
"""Calls that are answered at one time: some wait long (a queue's long poll) or call back (a function)."""

_IDLE_SECONDS = 600
"""How long a connection is kept on which nothing comes."""

_POLL_SECONDS = 0.05

_DIGITS = 15
"""Of a length at most."""
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})(?:;[^\r\n]*)?\r\n")
"""The line before a chunk: https://www.rfc-editor.org/rfc/rfc9112#section-7.1"""

_TLS = b"\x16"
"""How the first message of TLS begins: https://www.rfc-editor.org/rfc/rfc8446#section-5.1"""
_NO_TLS = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nthis is a server of HTTP without TLS\n"

Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class GatewayServer:
    """Serves an application on a host and port.

    Raises BackendError, with one line for a person, where the address cannot be had.
    """

    def __init__(self, application: Application, host: str, port: int) -> None:
        self._server = _Server((host, port), _plain(application))
        try:
            _in_background(self._server.prepare, "kmslab-gateway-start")
        except OSError as error:
            reason = getattr(error.__cause__, "strerror", None) or error
            raise BackendError(
                f"cannot listen on `{host}` port `{port}`: {reason}; give another `--port`"
            ) from error
        # Set once the port is bound, so that no other's can be taken: whoever is started again on a port that
        # the system chose gets it, although connections of a killed server are not ended yet.
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.host, self.port = self._server.bind_addr
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        # An address that stands for all of this machine's is none to connect to.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until `stop`."""
        try:
            self._server.serve()
        finally:
            self.stop()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = Thread(target=self._server.serve, name="kmslab-gateway", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, finish those under way and close every connection.

        An answer that takes longer than `DRAIN_SECONDS` is not waited for.
        """
        ending = Thread(target=self._server.stop, name="kmslab-gateway-end", daemon=True)
        ending.start()
        ending.join(DRAIN_SECONDS)


def _in_background(work: Callable[[], None], name: str) -> None:
    """Do it in a thread that does not keep the process alive: the threads that it starts do not either."""
    failures: list[OSError] = []

    def guarded() -> None:
        try:
            work()
        except OSError as error:
            failures.append(error)

    thread = Thread(target=guarded, name=name, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _plain(application: Application) -> Application:
    """The application, with answers that are well formed: its own failure is told on standard error, a header
    is one line, and there is no body where HTTP has none."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [(name, _one_line(value)) for name, value in headers], exc_info)

        try:
            answered = application(environ, start)
        except ConnectionError:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            text = b"pytest-kmslab failed: its standard error says how; please report it\n"
            start("500 Internal Server Error", [("Content-Length", str(len(text)))])
            answered = (text,)
        return answered if environ["REQUEST_METHOD"] != "HEAD" else _without_body(answered)

    return answer


def _one_line(value: str) -> str:
    """The value of a header that cannot become two, in the characters that a header may have."""
    return value.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace").decode("latin-1")


def _without_body(answered: Iterable[bytes]) -> Iterable[bytes]:
    """Nothing, once the application has started its answer: a response to HEAD has a head only."""
    try:
        next(iter(answered), None)
    finally:
        if hasattr(answered, "close"):
            answered.close()
    return ()


class _Headers(HeaderReader):
    """Folds a header that came twice into one, where cheroot keeps the last of them; refuses a request of
    which two readers could think otherwise where its body ends (two lengths, a length and chunks)."""

    def __call__(self, rfile: Any, hdict: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
        headers = {} if hdict is None else hdict
        while (line := rfile.readline()) != b"\r\n":
            name, colon, value = line.partition(b":")
            if not line.endswith(b"\r\n") or not colon or name.strip() != name:
                raise ValueError("a header is no line of a name and a value")
            if b"_" not in name:  # a name that WSGI could not tell from one with a hyphen
                name, value = name.title(), value.strip()
                headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
        if not _ends_plainly(headers.get(b"Content-Length"), headers.get(b"Transfer-Encoding")):
            raise ValueError("it is not plain where the body ends")
        return headers


def _ends_plainly(length: bytes | None, encoding: bytes | None) -> bool:
    if encoding is not None:
        return length is None and encoding.lower() == b"chunked"
    return length is None or (length.isdigit() and len(length) <= _DIGITS)


class _Chunks(ChunkedRFile):
    """A body in chunks whose sizes are plain numbers and that nothing follows: what cheroot takes for the
    end (a negative size), or leaves unread (trailers), would be read as the next request."""

    def _fetch(self) -> None:
        if self.closed:
            return
        line = self.rfile.readline()
        match = _CHUNK.fullmatch(line)
        size = -1 if match is None else int(match[1], 16)
        piece = self.rfile.read(max(size, 0))
        if len(piece) != size or self.rfile.readline(2) != b"\r\n":
            raise ValueError(f"the body is not in plain chunks: {line[:40]!r}")
        self.buffer += piece
        self.closed = not size


class _Writer:
    """Sends the head of an answer together with the beginning of its body.

    Of a server that is killed in between clients would get a head alone, which botocore takes for an answer
    with nothing in it: an item that is not there.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._head: bytes | None = None

    def begin(self) -> None:
        """Keep what is written next until more is written, or `send`."""
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head == b"":
            self._head = data
        else:
            self.send(data)

    def send(self, data: bytes = b"") -> None:
        """Send what is kept, and what follows it, at once."""
        head, self._head = self._head or b"", None
        if head or data:
            self._stream.write(head + data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Request(HTTPRequest):
    header_reader = _Headers()

    def send_headers(self) -> None:
        # Nothing is sent before there is something of the body: see `_Writer`.
        self.conn.wfile.begin()
        super().send_headers()

    def respond(self) -> None:
        """Answer, and close the connection if chunks are left of the body: they are no next request."""
        super().respond()
        self.conn.wfile.send()
        if self.chunked_read and not self.rfile.closed:
            self.close_connection = True


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.wfile = _Writer(self.wfile)
        self._is_new = True

    def communicate(self) -> bool:
        """Answer a request; one that begins TLS is told that this is HTTP, which clients recognize."""
        is_new, self._is_new = self._is_new, False
        # Read as HTTP it has no end: the client would wait as long as we do.
        if is_new and self.socket.recv(1, socket.MSG_PEEK) == _TLS:
            self.socket.sendall(_NO_TLS)
            return False
        return bool(super().communicate())  # type: ignore[no-untyped-call]


class _Gateway(Gateway_10):
    def get_environ(self) -> Environ:  # type: ignore[override]  # cheroot's types know no environment
        """Says which connection it is, whose keys of tables are kept as long as it is open."""
        if self.req.chunked_read:
            self.req.rfile = _Chunks(self.req.conn.rfile, self.req.server.max_request_body_size)
        environ: Environ = super().get_environ()  # type: ignore[no-untyped-call]
        return {**environ, CONNECTION: self.req.conn}


class _Server(Server):
    ConnectionClass = _Connection
    expiration_interval = _POLL_SECONDS
    keep_alive_conn_limit = 1000

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        super().__init__(
            address,
            application,
            numthreads=_THREADS,
            server_name="kmslab",
            request_queue_size=128,
            timeout=_IDLE_SECONDS,
            shutdown_timeout=DRAIN_SECONDS,
        )
        self.gateway = _Gateway

    def process_conn(self, conn: HTTPConnection) -> None:
        """Answer a connection; one on which nothing came yet waits with the idle ones and takes no thread."""
        if conn.last_used is None:
            self.put_conn(conn)
        else:
            super().process_conn(conn)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Tell of errors; a client that went away is none of our business."""
        if level >= logging.ERROR:
            super().error_log(msg, level, traceback)
