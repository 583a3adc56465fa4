"""Another endpoint behind the gateway: what is not ours passes through as it came, both ways."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from helpers.gateway import GatewayUnderTest, call_of, client, signed

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.upstreams.http import HttpUpstream
from pytest_kmslab.wire.http_message import headers_of

Serve = Callable[[object], str]
LARGE = bytes(range(256)) * 40_000


class Endpoint:
    """Remembers requests, and answers as it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.body: Iterable[bytes] = [b"answer"]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        self.seen.append((environ["REQUEST_METHOD"], environ["REQUEST_URI"], headers_of(environ), body))
        start_response(self.status, self.headers)
        return self.body


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def upstream(endpoint: Endpoint, serve: Serve) -> Iterator[HttpUpstream]:
    upstream = HttpUpstream(serve(endpoint))
    yield upstream
    upstream.close()


@pytest.fixture
def connection(
    backend: MotoBackend, upstream: HttpUpstream, serve: Serve
) -> Iterator[http.client.HTTPConnection]:
    parts = urlsplit(serve(GatewayUnderTest(backend, upstream).application))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    yield connection
    connection.close()


def test_a_request_passes_as_it_came(connection: http.client.HTTPConnection, endpoint: Endpoint) -> None:
    headers = {"Host": "b.example", "X-Amz-Meta-A": "ä", "Content-Encoding": "gzip", "Accept-Encoding": "br"}
    connection.request("PUT", "/b/%2Fkey%20a+b?x=%2f&y", gzip.compress(b"x"), headers)
    connection.getresponse().read()
    ((method, uri, given, body),) = endpoint.seen
    assert (method, uri.lower(), gzip.decompress(body)) == ("PUT", "/b/%2fkey%20a+b?x=%2f&y", b"x")
    assert {name.lower(): value for name, value in headers.items()}.items() <= given.items()


def test_an_answer_passes_as_it_came(connection: http.client.HTTPConnection, endpoint: Endpoint) -> None:
    endpoint.status = "206 Partial Content"
    packed = gzip.compress(b"packed")
    endpoint.body = [packed]
    endpoint.headers = [
        ("Content-Encoding", "gzip"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Content-Length", str(len(packed))),
        ("ETag", '"x"'),
    ]
    connection.request("GET", "/b/key")
    response = connection.getresponse()
    assert (response.status, response.reason, response.read()) == (206, "Partial Content", packed)
    ours = ("Date", "Server")
    assert [(name, value) for name, value in response.getheaders() if name not in ours] == endpoint.headers


def test_a_redirect_is_the_clients_to_follow(
    connection: http.client.HTTPConnection, endpoint: Endpoint
) -> None:
    endpoint.status, endpoint.headers = "307 Temporary Redirect", [("Location", "http://elsewhere.example/")]
    connection.request("GET", "/")
    assert connection.getresponse().getheader("Location") == "http://elsewhere.example/"
    assert len(endpoint.seen) == 1


def test_headers_of_one_connection_stay_there(
    connection: http.client.HTTPConnection, endpoint: Endpoint
) -> None:
    connection.request(
        "GET", "/", headers={"Connection": "keep-alive, X-Mine", "X-Mine": "1", "TE": "trailers"}
    )
    connection.getresponse().read()
    assert not {"connection", "x-mine", "te"} & endpoint.seen[0][2].keys()


def test_large_bodies_both_ways(connection: http.client.HTTPConnection, endpoint: Endpoint) -> None:
    endpoint.body = [LARGE[:1_000_000], LARGE[1_000_000:]]
    connection.request("PUT", "/b/key", LARGE)
    assert connection.getresponse().read() == LARGE
    assert endpoint.seen[0][3] == LARGE


def test_a_chunked_body(connection: http.client.HTTPConnection, endpoint: Endpoint) -> None:
    connection.request("PUT", "/b/key", iter([b"one", LARGE]), encode_chunked=True)
    connection.getresponse().read()
    assert endpoint.seen[0][3] == b"one" + LARGE


def test_an_answer_comes_as_it_is_made(connection: http.client.HTTPConnection, endpoint: Endpoint) -> None:
    go_on = Event()

    def body() -> Iterator[bytes]:
        yield b"first"
        assert go_on.wait(20)
        yield b"second"

    endpoint.body = body()
    connection.request("GET", "/b/key")
    response = connection.getresponse()
    assert response.read(5) == b"first"
    go_on.set()
    assert response.read() == b"second"


def test_connections_to_the_endpoint_are_kept(
    connection: http.client.HTTPConnection, upstream: HttpUpstream, endpoint: Endpoint
) -> None:
    for _ in range(5):
        connection.request("GET", "/b/key")
        connection.getresponse().read()
    pools = upstream._pool.pools
    assert [pools[key].num_connections for key in list(pools.keys())] == [1]


def test_a_judged_call_reaches_the_endpoint_in_one_form(
    backend: MotoBackend, upstream: HttpUpstream, endpoint: Endpoint
) -> None:
    gateway = GatewayUnderTest(backend, upstream)
    endpoint.body = [b'{"Keys": [], "Truncated": false}']
    body, headers = call_of("kms", "ListKeys", {"Limit": 3})
    response = gateway.send(body, signed("kms", body, headers))
    assert json.loads(response.get_data()) == {"Keys": [], "Truncated": False}
    ((method, uri, given, sent),) = endpoint.seen
    assert (method, uri, json.loads(sent)) == ("POST", "/", {"Limit": 3})
    assert given["x-amz-target"] == "TrentService.ListKeys"
    assert "/kms/aws4_request" in given["authorization"]


def test_an_endpoint_that_is_not_there(backend: MotoBackend, serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    upstream = HttpUpstream(url)
    with pytest.raises(BackendError, match=f"`{url}` does not answer.*; start it"):
        upstream.check()
    gateway = serve(GatewayUnderTest(backend, upstream).application)
    kms = client(gateway, "kms")
    with pytest.raises(kms.exceptions.ClientError, match="InternalFailure"):
        kms.list_keys()


def test_an_endpoint_that_is_there(upstream: HttpUpstream) -> None:
    upstream.check()
