"""The HTTP server in front of the gateway: werkzeug's, with connections that are kept alive.

werkzeug's own server closes the connection after every answer, because it does not know how much of a
request's body was read; here the body is a stream that knows.
"""

from __future__ import annotations

import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from threading import Condition, Thread
from typing import Any

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from pytest_kmslab.errors import BackendError

POLL_SECONDS = 0.05
DRAIN_SECONDS = 5.0
"""How long the end waits for answers that are being made."""

_LEFT_OVER = 1 << 20
"""Bytes of a body nobody read that are read to keep the connection; of more, the connection is closed."""

_NO_BODY = frozenset({204, 304})


class GatewayServer:
    """Serves an application on a host and port, one thread a connection.

    Raises BackendError, with one line for a person, where the address cannot be had.
    """

    def __init__(self, application: Any, host: str, port: int) -> None:
        bound = _bound(host, port)
        with bound:
            self._server = _Server(host, port, application, _Handler, fd=bound.fileno())
        self.host, self.port = self._server.socket.getsockname()[:2]
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until `stop`."""
        try:
            self._server.serve_forever(poll_interval=POLL_SECONDS)
        finally:
            self._server.drain()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = Thread(target=self.run, name="kmslab-gateway", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, finish those under way and close every connection."""
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        where = f"`{host}` port `{port}`: {error.strerror or error}"
        raise BackendError(f"cannot listen on {where}; give another `--port`") from error
    return bound


class _Server(ThreadedWSGIServer):
    """Knows its connections and how many answers are being made."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self._busy = 0
        self._idle = Condition()
        self._connections: set[socket.socket] = set()
        super().__init__(*arguments, **more)

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Say nothing: decisions are logged, requests are not."""

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While one answer is being made."""
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection, to close it at the end."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of our business."""

    def drain(self) -> None:
        """Wait for answers under way, then close every connection."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, DRAIN_SECONDS)
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Body(RawIOBase):
    """The body of one request: reads no further than its end, so that the next request can follow."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), self.left)) if self.left else b""
        buffer[: len(data)] = data
        self.left = self.left - len(data) if data else 0
        return len(data)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request and leave the connection ready for the next."""
        with self.server.answering():  # type: ignore[attr-defined]
            body = self._framed()
            if body is not None:
                self._answer(body)
                self._leave(body)

    def _framed(self) -> RawIOBase | None:
        """The body, where it is plain where it ends; a request of which two readers could think otherwise
        (two lengths, a length and chunks) is refused and the connection closed."""
        lengths = self.headers.get_all("Content-Length") or []
        encodings = [value.strip().lower() for value in self.headers.get_all("Transfer-Encoding") or []]
        plain = len(lengths) <= 1 and all(one.isascii() and one.isdigit() for one in lengths)
        if not plain or encodings not in ([], ["chunked"]) or (lengths and encodings):
            self.close_connection = True
            self.send_error(400, "it is not plain where the body ends")
            return None
        if encodings:
            return DechunkedInput(self.rfile)  # type: ignore[arg-type]  # it is a stream of bytes
        return _Body(self.rfile, int(lengths[0]) if lengths else 0)

    def _answer(self, body: RawIOBase) -> None:
        environ = self.make_environ()
        environ["wsgi.input"] = body
        answer = _Answer(self)
        try:
            result = self.server.app(environ, answer.start)
            try:
                for piece in result:
                    answer.write(piece)
                answer.finish()
            finally:
                if hasattr(result, "close"):
                    result.close()
        except ConnectionError:
            self.close_connection = True
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self.close_connection = True
            answer.fail()

    def _leave(self, body: RawIOBase) -> None:
        """Read what nobody read of the body; close the connection where that is much."""
        left = _LEFT_OVER
        try:
            while left > 0 and not self.close_connection:
                piece = body.read(min(left, 1 << 16))
                if not piece:
                    return
                left -= len(piece)
        except OSError:
            pass
        self.close_connection = True


class _Answer:
    """One answer: the head goes out with the first piece of the body, so that a short one is one packet."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self._head: bytes | None = None
        self._sent = False
        self._bare = handler.command == "HEAD"
        self._chunked = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """WSGI's start_response."""
        names = {name.lower() for name, _ in headers}
        handler, code = self._handler, int(status[:3])
        self._bare = self._bare or code in _NO_BODY or code < 200
        lines = [f"HTTP/1.1 {status.rstrip()}", *(f"{name}: {value}" for name, value in headers)]
        if "date" not in names:
            lines.append(f"Date: {handler.date_time_string()}")
        if "content-length" not in names and not self._bare:
            self._chunked = handler.request_version != "HTTP/1.0"
            handler.close_connection = handler.close_connection or not self._chunked
            lines += ["Transfer-Encoding: chunked"] if self._chunked else []
        if handler.close_connection:
            lines.append("Connection: close")
        self._head = "".join(f"{_one_line(line)}\r\n" for line in (*lines, "")).encode("latin-1", "replace")
        return self.write

    def write(self, piece: bytes) -> None:
        """Send a piece of the body."""
        if not piece:
            return
        if self._bare:
            piece = b""
        elif self._chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self._send(piece)

    def finish(self) -> None:
        """Send what ends the answer."""
        self._send(b"0\r\n\r\n" if self._chunked else b"")

    def fail(self) -> None:
        """Say that the application failed, where the client has not been told otherwise yet."""
        if not self._sent:
            text = b"pytest-kmslab failed: its standard error says how; please report it\n"
            self._chunked = False
            self.start("500 Internal Server Error", [("Content-Length", str(len(text)))])
            self._send(text)

    def _send(self, piece: bytes) -> None:
        if not self._sent:
            piece, self._sent = (self._head or b"") + piece, True
        if piece:
            self._handler.wfile.write(piece)


def _one_line(text: str) -> str:
    """A header line that cannot become two."""
    return text.replace("\r", " ").replace("\n", " ")
