"""PynamoDB 5 at an endpoint: of its calls no event tells, so they are decided as they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from helpers.account import REGION, Account, allow
from helpers.endpoint import account_at, moto_server
from helpers.raw_requests import held, written

from pytest_kmslab.interception import endpoint_door

from .test_door_clients import NAME, orders_of

ITEM = {"id": {"S": "1"}, "v": {"S": "secret"}}
USES = {
    "get": lambda orders: orders.get("1"),
    "scan": lambda orders: list(orders.scan()),
    "batch": lambda orders: list(orders.batch_get(["1"])),
    "save": lambda orders: orders("2", v="new").save(),
    "delete": lambda orders: orders("1").delete(),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["enforce"])
def account(server: str, request: Any) -> Iterator[Account]:
    with account_at(server, enforcement=request.param) as account:
        account.root.client("dynamodb").put_item(TableName=NAME, Item=ITEM)
        yield account


def test_pynamodb_goes_by_its_signature(account: Account) -> None:
    ana, bob = (
        orders_of(account.user(name, *more)) for name, *more in (("ana",), ("bob", allow("dynamodb:*")))
    )
    for use in USES.values():
        mark = account.run.trail.mark()
        with pytest.raises(Exception, match="AccessDeniedException"):
            use(ana)
        denied = [entry.request.principal for entry in account.run.trail.denials(mark)]
        assert denied == ["arn:aws:iam::123456789012:user/ana"]
    assert bob.get("1").v == "secret"
    bob("2", v="new").save()
    assert account.root.client("dynamodb").get_item(TableName=NAME, Key={"id": {"S": "2"}})["Item"]["v"]
    with pytest.raises(Exception, match="UnrecognizedClientException"):
        orders_of(boto3.Session("AKIAFOREIGN", "secret", region_name=REGION)).get("1")


@pytest.mark.parametrize("account", ["off"], indirect=True)
def test_without_enforcement_it_is_counted(account: Account, server: str) -> None:
    assert orders_of(account.user("ana")).get("1").v == "secret"
    assert account.run.trail.elsewhere[server] >= 1


def test_whatever_fires_that_event_alone_is_decided(account: Account, server: str) -> None:
    session = account.user("ana")
    for service, code in (("iam", b"AccessDenied"), ("kms", b"AccessDeniedException")):
        _, body, headers = written(service)
        request = AWSRequest("POST", f"{server}/", headers=headers, data=body)
        SigV4Auth(held(session), service, REGION).add_auth(request)
        answer = sent_alone(session, service, request)
        assert answer.status_code in (400, 403)
        assert code in answer.content


def sent_alone(session: Any, service: str, request: AWSRequest) -> Any:
    """What a request is answered before it is sent, of which no other event told; None: it goes its way."""
    client = session.client(service)
    request.context = {}
    prepared = client._endpoint.prepare_request(request)
    answers = client.meta.events.emit(f"before-send.{service}.Any", request=prepared)
    return next((value for _, value in answers if value is not None), None)


@pytest.mark.parametrize("form", [bytes, bytearray, BytesIO, lambda body: iter([body])])
def test_what_a_client_s_own_http_session_sends_by_hand_is_decided(
    account: Account, server: str, monkeypatch: pytest.MonkeyPatch, form: Any
) -> None:
    client = account.root.client("kms")
    client.list_keys()
    _, body, headers = written("kms")
    request = AWSRequest("POST", f"{server}/", headers=headers, data=body)
    SigV4Auth(held(account.user("ana")), "kms", REGION).add_auth(request)
    # A moto server keeps no connection: as if one had been kept, nothing is led.
    monkeypatch.setattr(endpoint_door, "_is_at", lambda *_: False)
    prepared: Any = request.prepare()
    prepared.body = form(prepared.body)
    answer = client._endpoint.http_session.send(prepared)
    assert b"AccessDeniedException" in answer.content
    bucket = AWSRequest("PUT", f"{server}/letters").prepare()
    assert client._endpoint.http_session.send(bucket).status_code == 200
    assert account.run.trail.undecided == {"an unnamed service": 1}


def test_a_signature_in_no_known_form_is_refused_in_an_answer(account: Account, server: str) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 nothing that AWS documents"}
    answer = sent_alone(account.user("ana"), "kms", AWSRequest("POST", f"{server}/", headers=headers))
    assert answer.status_code in (400, 403)
    assert b"is not in the form that AWS documents" in answer.content


def test_a_form_in_parts_is_looked_into(account: Account, server: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nCreateUser\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    request = AWSRequest("POST", f"{server}/", headers=headers, data=body)
    assert b"MalformedInput" in sent_alone(account.user("ana"), "iam", request).content


def test_one_of_a_service_that_is_not_decided_is_counted(account: Account, server: str) -> None:
    session = account.user("ana")
    request = AWSRequest("GET", f"{server}/bucket")
    SigV4Auth(held(session), "s3", REGION).add_auth(request)
    assert sent_alone(session, "kms", request) is None
    assert account.run.trail.undecided["s3"] == 1
