"""The HTTP server: connections that stay, bodies of every kind, and a clean end."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.server import GatewayServer

Serve = Callable[[object], str]


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def deaf(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "4")])
    return [b"deaf"]


def counted(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"one"
    yield b""
    yield b"two"


@pytest.fixture
def connect(serve: Serve) -> Iterator[Callable[[object], http.client.HTTPConnection]]:
    made = []

    def connect(application: object) -> http.client.HTTPConnection:
        parts = urlsplit(serve(application))
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.close()


Connect = Callable[[object], http.client.HTTPConnection]


def exchange(connection: http.client.HTTPConnection, method: str, body: Any = None, **headers: str) -> bytes:
    connection.request(method, "/", body=body, headers=headers)
    return connection.getresponse().read()


def test_one_connection_serves_many_requests(connect: Connect) -> None:
    connection = connect(echo)
    exchange(connection, "POST", b"first")
    kept = connection.sock
    for number in range(5):
        assert exchange(connection, "POST", b"%d" % number) == b"%d" % number
    assert connection.sock is kept


def test_a_body_that_nobody_read_does_not_become_the_next_request(connect: Connect) -> None:
    connection = connect(deaf)
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    assert exchange(connection, "POST", hidden) == b"deaf"
    kept = connection.sock
    assert exchange(connection, "GET") == b"deaf"
    assert connection.sock is kept


def test_after_a_long_body_that_nobody_read_the_connection_is_closed(connect: Connect) -> None:
    connection = connect(deaf)
    connection.request("POST", "/", body=b"x" * (3 << 20))
    assert connection.getresponse().read() == b"deaf"
    connection.close()
    assert exchange(connection, "GET") == b"deaf"


def test_a_chunked_body(connect: Connect) -> None:
    connection = connect(echo)
    kept = None
    for _ in range(2):
        pieces = iter([b"one", b"two" * 100_000])
        connection.request(
            "POST", "/", body=pieces, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        assert connection.getresponse().read() == b"one" + b"two" * 100_000
        assert kept in (None, connection.sock)
        kept = connection.sock


def test_an_answer_of_unknown_length_comes_in_chunks(connect: Connect) -> None:
    connection = connect(counted)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.getheader("Transfer-Encoding") == "chunked"
    assert response.read() == b"onetwo"
    assert exchange(connection, "GET") == b"onetwo"


def test_a_head_has_no_body(connect: Connect) -> None:
    connection = connect(deaf)
    connection.request("HEAD", "/")
    response = connection.getresponse()
    assert (response.getheader("Content-Length"), response.read()) == ("4", b"")
    assert exchange(connection, "GET") == b"deaf"


def talk(url: str, request: bytes) -> bytes:
    """What comes back until the connection is closed."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20) as raw:
        raw.sendall(request)
        return b"".join(iter(lambda: raw.recv(65_536), b""))


AMBIGUOUS = {
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n",
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks of another kind": b"Transfer-Encoding: gzip, chunked\r\n",
    "a negative length": b"Content-Length: -1\r\n",
    "a length that is none": b"Content-Length: 1x\r\n",
    "a length of no body": b"Content-Length: " + b"9" * 30 + b"\r\n",
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_a_request_whose_end_is_not_plain_is_refused(serve: Serve, case: str) -> None:
    answer = talk(serve(echo), b"POST / HTTP/1.1\r\nHost: x\r\n" + AMBIGUOUS[case] + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_chunks_that_nobody_read_do_not_become_the_next_request(serve: Serve) -> None:
    chunks = b"23\r\nGET /hidden HTTP/1.1\r\nHost: example\r\n\r\n\r\n0\r\n\r\n"
    request = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    assert talk(serve(deaf), request).count(b"HTTP/1.1 ") == 1


HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        b"-5\r\n",
        b"+1\r\na\r\n0\r\n\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"1_0\r\n",
        b"0\r\nX-A: b\r\n\r\n",
        b"1\na\n0\n\n",
    ],
    ids=["negative", "with a sign", "with a prefix", "with an underscore", "trailers", "lines without CR"],
)
def test_what_follows_chunks_that_are_not_plain_is_no_request(serve: Serve, chunks: bytes) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN
    answer = talk(serve(echo), request)
    assert answer.startswith(b"HTTP/1.1 500")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "header", [b"X-Amz-Target: TrentService.ListKeys", b"Content-Type: application/x-www-form-urlencoded"]
)
def test_a_body_that_cannot_be_read_is_the_clients_fault(url: str, header: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + header + b"\r\n\r\n"
    answer = talk(url, head + b"-5\r\n" + HIDDEN)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"not in plain chunks" in answer


def test_the_size_of_a_chunk_may_have_an_extension(serve: Serve) -> None:
    chunks = b"A;name=value\r\n0123456789\r\n0\r\n\r\n"
    request = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN
    assert talk(serve(echo), request).count(b"HTTP/1.1 200") == 2


def test_a_header_that_came_twice_is_not_one_of_the_two(serve: Serve) -> None:
    def shown(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["HTTP_X_AMZ_TARGET"].encode(), environ["HTTP_HOST"].encode()]

    twice = b"Host: x\r\nX-Amz-Target: a\r\nx-amz-target: b\r\nX_Amz_Target: c\r\n"
    answer = talk(serve(shown), b"GET / HTTP/1.0\r\n" + twice + b"\r\n")
    assert answer.endswith(b"\r\n\r\na, bx")


def test_connections_on_which_nothing_comes_hold_nobody_up(connect: Connect, serve: Serve) -> None:
    connection = connect(echo)
    idle = [socket.create_connection((connection.host, int(connection.port))) for _ in range(80)]
    assert exchange(connection, "POST", b"answered") == b"answered"
    for each in idle:
        each.close()


def test_http_1_0_gets_no_chunks(serve: Serve) -> None:
    answer = talk(serve(counted), b"GET / HTTP/1.0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"onetwo"


def test_a_header_cannot_become_two(serve: Serve) -> None:
    def split(_environ: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-A", "b\r\nX-C: d"), ("Content-Length", "0")])
        return []

    head = talk(serve(split), b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nX-C" not in head


def test_a_failing_application(connect: Connect, capfd: pytest.CaptureFixture[str]) -> None:
    def failing(_environ: object, _start: object) -> list[bytes]:
        raise RuntimeError("surprise")

    connection = connect(failing)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.status == 500
    assert b"report it" in response.read()
    assert "surprise" in capfd.readouterr().err


def test_a_port_that_is_taken() -> None:
    first = GatewayServer(echo, "127.0.0.1", 0)
    with pytest.raises(BackendError, match=f"port `{first.port}`: .*give another `--port`"):
        GatewayServer(echo, "127.0.0.1", first.port)
    first.start()
    first.stop()


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(BackendError, match=r"cannot listen on `192\.0\.2\.1`"):
        GatewayServer(echo, "192.0.2.1", 0)


def test_the_end_waits_for_answers_and_closes_connections() -> None:
    started, go_on = Event(), Event()

    def slow(_environ: object, start_response: Any) -> list[bytes]:
        started.set()
        go_on.wait(20)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    server = GatewayServer(slow, "127.0.0.1", 0)
    server.start()
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    busy = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    busy.request("GET", "/")
    assert started.wait(20)
    stopping = Thread(target=server.stop)
    stopping.start()
    go_on.set()
    assert busy.getresponse().read() == b"done"
    stopping.join(20)
    assert idle.recv(1) == b""
    idle.close()
    busy.close()
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", server.port), timeout=20)
