from __future__ import annotations

from urllib.parse import unquote

import pytest
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import GatewayUnderTest
from werkzeug.test import TestResponse

from pytest_kmslab.backends.moto.backend import MotoBackend


def get(
    gateway: GatewayUnderTest, path: str, address: str = "127.0.0.1", method: str = "GET"
) -> TestResponse:
    return gateway.send(b"", {}, method=method, target=path, environ_base={"REMOTE_ADDR": address})


def test_health(gateway: GatewayUnderTest) -> None:
    assert get(gateway, "/_kmslab/health", "192.0.2.7").json == {
        "status": "running",
        "behind": "moto",
        "enforcing": True,
    }


def test_the_trail_tells_what_was_decided_and_why(gateway: GatewayUnderTest) -> None:
    gateway.call("kms", "ListKeys")
    gateway.call("iam", "ListUsers")
    (first, second) = get(gateway, "/_kmslab/trail").json
    assert (first["action"], first["decision"]) == ("kms:ListKeys", "allowed")
    assert first["principal"].endswith(":root")
    assert first["reasons"][0]["effect"] == "Allow"
    assert get(gateway, f"/_kmslab/trail?since={first['number']}").json == [second]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_the_trail_is_for_this_machine(gateway: GatewayUnderTest, address: str) -> None:
    assert get(gateway, "/_kmslab/trail", address).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "::2", "", "localhost"])
def test_the_trail_is_for_nobody_else(gateway: GatewayUnderTest, address: str) -> None:
    assert get(gateway, "/_kmslab/trail", address).status_code == 403


@pytest.mark.parametrize("since", ["x", "-1", "%D9%A3", "1.5"])
def test_a_bad_since(gateway: GatewayUnderTest, since: str) -> None:
    response = get(gateway, f"/_kmslab/trail?since={since}")
    assert (response.status_code, f"not `{unquote(since)}`" in response.get_data(as_text=True)) == (400, True)


@pytest.mark.parametrize(("path", "method"), [("/_kmslab/x", "GET"), ("/_kmslab/health", "POST")])
def test_other_pages_there_are_not(gateway: GatewayUnderTest, path: str, method: str) -> None:
    assert get(gateway, path, method=method).status_code in (404, 405)


CLOSED = [
    ("/moto-api/reset", "POST"),
    ("/moto-api/data.json", "GET"),
    ("/.//moto-api/recorder/replay-recording", "POST"),
    ("/x/../moto-api/reset", "POST"),
    ("/_localstack/state/reset", "POST"),
    ("/_localstack/health", "POST"),
    ("/_localstack/health/../config", "GET"),
    ("/.//_localstack/health", "GET"),
    ("/_aws/dynamodb/expired", "DELETE"),
    ("/_aws/sqs/../dynamodb/expired", "DELETE"),
    ("/_ministack/reset", "POST"),
    ("/%5fministack/reset", "POST"),
    ("/_pod/x", "GET"),
]


@pytest.mark.parametrize(("path", "method"), CLOSED)
def test_what_governs_an_emulator_is_closed(backend: MotoBackend, path: str, method: str) -> None:
    upstream = FakeUpstream()
    response = get(GatewayUnderTest(backend, upstream), path, method=method)
    assert response.status_code == 403
    assert upstream.forwarded == []


OPEN = [("/_localstack/health", "GET"), ("/_localstack/init/ready", "HEAD"), ("/_aws/ses?email=x", "GET")]


@pytest.mark.parametrize(("path", "method"), OPEN)
def test_what_tells_whether_it_is_up_is_open(backend: MotoBackend, path: str, method: str) -> None:
    upstream = FakeUpstream()
    assert get(GatewayUnderTest(backend, upstream), path, method=method).status_code == 200
    assert len(upstream.forwarded) == 1
