"""An endpoint's door: whichever library of this process asks the endpoint, a call is decided."""

from __future__ import annotations

import asyncio
import http.client
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
import urllib3
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from helpers.account import Account, allow
from helpers.endpoint import account_at, moto_server, run_at
from helpers.raw_requests import DENIED, SITES, UNSIGNED, code_of, signed, written

from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception import endpoint_door

from .test_presigned import presigned

Answer = tuple[int, bytes]
ANA = "arn:aws:iam::123456789012:user/ana"
ALL = allow("dynamodb:*", "iam:*", "kms:*", "sts:*")


def by_requests(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    answer = requests.post(url, data=body, headers=headers, timeout=10)
    return answer.status_code, answer.content


def by_urllib3(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    answer = urllib3.PoolManager().request("POST", url, body=body, headers=headers)
    return answer.status, answer.data


def by_urllib(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def by_http_client(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def by_botocores_session(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    answer: Any = URLLib3Session().send(AWSRequest("POST", url, headers=headers, data=body).prepare())
    return answer.status_code, answer.content


def by_asyncio(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """As httpx, aiohttp and others connect that await."""
    place = urlsplit(url)
    heads = {**headers, "Host": place.netloc, "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in heads.items())

    async def exchange() -> bytes:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body)
        answer = await reader.read()
        writer.close()
        return answer

    head, _, content = asyncio.run(exchange()).partition(b"\r\n\r\n")
    return int(head.split()[1]), content


CLIENTS = [by_requests, by_urllib3, by_urllib, by_http_client, by_botocores_session, by_asyncio]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def another() -> Iterator[str]:
    """An endpoint whose run is no run within that of `account`."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def account(server: str) -> Iterator[Account]:
    """Tests share it: what they make has names of its own."""
    with account_at(server) as account:
        yield account


@pytest.fixture(scope="module")
def ana(account: Account) -> boto3.Session:
    return account.user("ana")


def test_every_client_is_decided_for_every_service(account: Account, ana: boto3.Session, server: str) -> None:
    bob = account.user("bob", ALL)
    for service in SITES:
        for ask in CLIENTS:
            mark = account.run.trail.mark()
            status, content = ask(*signed(service, ana, f"{server}/"))
            # Who has no policy may have a session token all the same.
            assert status == 200 if service == "sts" else any(code.encode() in content for code in DENIED)
            principals = {entry.request.principal for entry in account.run.trail.denials(mark)}
            assert principals == (set() if service == "sts" else {ANA}), (service, ask)
            assert ask(*signed(service, bob, f"{server}/"))[0] == 200, (service, ask)


def test_other_names_of_this_machine_lead_there_too(ana: boto3.Session, server: str) -> None:
    port = urlsplit(server).port
    for host in ("localhost", "0.0.0.0"):
        status, content = by_requests(*signed("dynamodb", ana, f"http://{host}:{port}/"))
        assert (status, b"AccessDenied" in content) == (400, True), host


@pytest.mark.parametrize("service", SITES)
def test_what_nobody_signed_is_told_why(account: Account, server: str, service: str) -> None:
    _, body, headers = written(service)
    answer = requests.post(f"{server}/", data=body, headers=headers, timeout=10)
    assert code_of(answer) in UNSIGNED
    assert "every request to the endpoint is decided" in answer.text


def test_parameters_stand_in_a_form_in_parts_or_in_the_query_string(account: Account, server: str) -> None:
    parameters = {"Action": "CreateUser", "Version": "2010-05-08", "UserName": "eve"}
    parts: Any = {name: (None, value) for name, value in parameters.items()}
    for answer in (
        requests.post(f"{server}/", files=parts, timeout=10),
        requests.get(f"{server}/", params=parameters, timeout=10),
    ):
        assert answer.status_code in (400, 403)
    names = [user["UserName"] for user in account.root.client("iam").list_users()["Users"]]
    assert "eve" not in names


def test_a_presigned_url_says_who_made_it(ana: boto3.Session) -> None:
    assert ANA in requests.get(presigned(ana), timeout=10).text
    url = ana.client("iam").generate_presigned_url("list_users", HttpMethod="GET")
    assert code_of(requests.get(url, timeout=10)) == "AccessDenied"


def test_other_services_pass_and_count(account: Account, server: str) -> None:
    s3, counted = account.root.client("s3"), account.run.trail.undecided
    s3.create_bucket(Bucket="letters")
    names, before = {"Bucket": "letters", "Key": "one"}, counted.total()
    url = s3.generate_presigned_url("put_object", Params=names)
    assert requests.put(url, data=b"dear ana", timeout=10).status_code == 200
    assert requests.get(s3.generate_presigned_url("get_object", Params=names), timeout=10).text == "dear ana"
    assert requests.get(f"{server}/moto-api/data.json", timeout=10).status_code == 200
    assert counted.total() == before + 2


def test_other_services_are_refused_where_the_run_says_so(another: str) -> None:
    with run_at(another, undecided="error") as run:
        run.backend.start()
        answer = requests.get(f"{another}/letters", timeout=10)
        run.backend.stop()
    assert (answer.status_code, "--kmslab-undecided=error" in answer.text) == (501, True)


def test_a_connection_from_before_the_lab_is_ended(another: str) -> None:
    with run_at(another) as run, requests.Session() as session:
        assert run.backend
        assert session.get(f"{another}/moto-api/data.json", timeout=10).ok
        run.backend.start()
        url, body, headers = signed("iam", Account(run).user("cid"), f"{another}/")
        assert code_of(session.post(url, data=body, headers=headers, timeout=10)) == "AccessDenied"
        run.backend.stop()
        # One that was led is answered by the endpoint alone, between labs.
        assert session.post(url, data=body, headers=headers, timeout=10).status_code == 200


def test_without_enforcement_nobody_is_led(another: str) -> None:
    with run_at(another, enforcement="off") as run:
        run.backend.start()
        assert by_requests(*signed("iam", Account(run).user("dan"), f"{another}/"))[0] == 200
        run.backend.stop()


def test_without_the_extra_it_is_counted(
    account: Account, ana: boto3.Session, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks() -> None:
        raise BackendError("cheroot is missing")

    monkeypatch.setattr(endpoint_door, "check_requirements", lacks)
    assert by_requests(*signed("iam", ana, f"{server}/"))[0] == 200
    assert account.run.trail.undecided[endpoint_door.OTHER_CLIENTS] == 1


@pytest.mark.usefixtures("account")
def test_tls_is_refused(server: str) -> None:
    with pytest.raises(requests.exceptions.SSLError, match="wrong version number"):
        requests.get(server.replace("http:", "https:"), timeout=10)


def test_the_calls_of_clients_go_straight(
    account: Account, ana: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_none(*_: Any) -> None:
        raise AssertionError("a decided call was led to the gateway")

    monkeypatch.setattr(endpoint_door.EndpointDoor, "_gateways_address", open_none)
    ana.client("sts").get_caller_identity()
    account.root.client("s3").list_buckets()


@pytest.mark.parametrize("address", ["x", (), ("127.0.0.1",), None])
def test_what_is_no_address_is_python_s_to_refuse(ana: boto3.Session, address: Any) -> None:
    with socket.socket() as connecting, pytest.raises(TypeError, match="AF_INET address must be"):
        connecting.connect(address)


def test_sockets_are_left_as_they_were(another: str) -> None:
    names: list[str] = ["connect", "connect_ex"]
    before: list[Callable[..., Any]] = [getattr(socket.socket, name) for name in names]
    with run_at(another) as run:
        assert run.backend
        assert [getattr(socket.socket, name) for name in names] != before
    assert [getattr(socket.socket, name) for name in names] == before


class Loop:
    """As uvloop's, which connects by itself."""

    async def create_connection(self, _: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        return host, port, more


def test_uvloop_s_connections_are_led(another: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", SimpleNamespace(Loop=Loop))
    there = urlsplit(another).hostname, urlsplit(another).port

    def connected(*place: Any, **more: Any) -> Any:
        return asyncio.run(Loop().create_connection(None, *place, **more))

    with run_at(another) as run:
        assert (run.backend.running, connected(*there)) == (False, (*there, {}))
        run.backend.start()
        host, port, more = connected(*there, ssl=True)
        assert (host, port != there[1], more) == ("127.0.0.1", True, {"ssl": True})
        assert connected(None, None, sock=1) == (None, None, {"sock": 1})
        assert connected("127.0.0.1", 9) == ("127.0.0.1", 9, {})
        run.backend.stop()
    assert connected(*there) == (*there, {})
