"""Any HTTP endpoint behind the gateway: LocalStack, ministack, another moto."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_kmslab.backends.straight import going_straight
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.upstreams.protocol import StartResponse, UpstreamError
from pytest_kmslab.wire.http_message import Environ, Reply, headers_of, raw_target
from pytest_kmslab.wire.writing import JudgedRequest

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 5
"""How long to wait for a connection; on an answer there is no limit: a long poll takes its time."""

CHUNK = 1 << 16
CONNECTIONS = 64

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    }
)
"""Of one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""


class HttpUpstream:
    """An endpoint by its URL. Connections are kept; redirects and encodings are the client's to handle."""

    takes_account = False

    def __init__(self, url: str) -> None:
        from urllib3 import PoolManager, Timeout

        parts = urlsplit(url)
        self.name = url
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._pool = PoolManager(
            maxsize=CONNECTIONS, retries=False, timeout=Timeout(connect=CONNECT_SECONDS, read=None)
        )

    def check(self) -> None:
        """Raise BackendError, with one line for a person, where nothing answers there."""
        try:
            self._open("GET", "/", {"Host": self._host}, None).close()
        except UpstreamError as error:
            raise BackendError(
                f"{error}; start it, or leave out `--upstream` for moto in this process"
            ) from error

    def send(self, request: JudgedRequest) -> Reply:
        """Do a call that was allowed, and read the answer whole."""
        headers = {**dict(request.headers), "Host": self._host, "Accept-Encoding": "identity"}
        response = self._open("POST", "/", headers, request.body)
        try:
            body = response.read(decode_content=True)
        except Exception as error:
            raise UpstreamError(f"`{self.name}` broke off its answer: {error}") from error
        kept = ((name, value) for name, value in _kept(response) if name.lower() not in _OF_A_BODY)
        return Reply(response.status, tuple(kept), body)

    def forward(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on as it came, both ways as a stream."""
        received = headers_of(environ)
        of_connection = {name.strip().lower() for name in received.get("connection", "").split(",")}
        headers = {name: value for name, value in received.items() if name not in HOP_BY_HOP | of_connection}
        # urllib3 would ask for a compressed answer, which the client did not.
        headers.setdefault("accept-encoding", "identity")
        body = _body(environ, received)
        response = self._open(environ["REQUEST_METHOD"], raw_target(environ), headers, body)
        start_response(f"{response.status} {response.reason or ''}", list(_kept(response)))
        return _Stream(response)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _open(self, method: str, target: str, headers: dict[str, str], body: Any) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        try:
            with going_straight():
                return self._pool.request(
                    method,
                    self._origin + target,
                    headers=headers,
                    body=body,
                    preload_content=False,
                    decode_content=False,
                    redirect=False,
                )
        except (HTTPError, OSError) as error:
            raise UpstreamError(f"`{self.name}` does not answer: {error}") from error


def _body(environ: Environ, headers: dict[str, str]) -> Any:
    """The request's body as a stream; None where it has none."""
    if "transfer-encoding" in headers:
        # urllib3 sends an iterable in chunks again: nobody knows how long it is.
        return iter(lambda: environ["wsgi.input"].read(CHUNK), b"")
    length = int(headers.get("content-length") or 0)
    return _pieces(environ["wsgi.input"], length) if length else None


def _pieces(stream: Any, length: int) -> Iterator[bytes]:
    while length > 0:
        piece = stream.read(min(CHUNK, length))
        if not piece:
            return
        length -= len(piece)
        yield piece


def _kept(response: BaseHTTPResponse) -> Iterator[tuple[str, str]]:
    for name, value in response.headers.iteritems():
        if name.lower() not in HOP_BY_HOP:
            yield name, value


_OF_A_BODY = frozenset({"content-length", "content-encoding", "date", "server"})


class _Stream:
    """A response's body, piece by piece as it comes; closing it gives the connection back."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        while True:
            # What has come goes on at once: a stream's first events do not wait for a full chunk.
            piece = self._response.read1(CHUNK, decode_content=False)
            if not piece:
                return
            yield piece

    def close(self) -> None:
        # With the rest of an answer in it a connection is good for no other call.
        self._response.release_conn() if self._response.closed else self._response.close()
