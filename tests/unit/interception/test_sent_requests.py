"""What is sent to an endpoint is what was decided, whatever handlers of botocore's events do."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError
from helpers.fake_account import call

from pytest_kmslab.interception.botocore import CallInterception
from pytest_kmslab.interception.door import Ticket
from pytest_kmslab.interception.signers import before_sending
from pytest_kmslab.wire.credential_scope import SignedAs
from pytest_kmslab.wire.http_message import Reply

SENT = Reply(200, (("content-type", "application/x-amz-json-1.0"),), b"{}")
FORM = Reply(200, (("content-type", "text/xml"),), b"<R><DeleteUserResult/><ResponseMetadata/></R>")


class Endpoints:
    """Stands for the network: keeps what is sent, once the interception has looked at it."""

    def __init__(self, interception: CallInterception, answer: Reply) -> None:
        self.interception = interception
        self.answer = answer
        self.sent: list[Any] = []

    def ask(self, context: dict[Any, Any], request: Any) -> Any:
        refusal = self.interception.before_sending(context, request)
        if refusal is not None:
            return refusal
        self.sent.append(request)
        return self.answer


def client_of(service: str, interception: CallInterception, **params: Any) -> Any:
    client = boto3.Session("a", "b", region_name="us-east-1").client(
        service, endpoint_url="http://localhost:1", config=Config(retries={"total_max_attempts": 1})
    )

    def let_through(params: dict[str, Any], context: dict[Any, Any], **_: Any) -> None:
        body, target = params["body"], params["headers"].get("X-Amz-Target", "")
        kept = dict(body) if isinstance(body, dict) else body
        pending: Any = SimpleNamespace(call=call(service, "Any", {}), headers={})
        signature = SignedAs("a", "us-east-1", service)
        context[interception] = Ticket(pending, params["url"], target, kept, signature)

    client.meta.events.register("before-call", let_through)
    return client


@pytest.fixture(params=[True, False], ids=["enforced", "off"])
def interception(request: pytest.FixtureRequest) -> CallInterception:
    pipeline: Any = SimpleNamespace(enforcing=request.param)
    return CallInterception(pipeline)


def other_body(request: Any, **_: Any) -> None:
    request.body = request.body.replace(b"mine", b"your")


def other_target(request: Any, **_: Any) -> None:
    request.headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteItem"


def other_call(params: dict[str, Any], **_: Any) -> None:
    params["body"] = params["body"].replace(b"mine", b"your")


def other_form(params: dict[str, Any], **_: Any) -> None:
    params["body"]["UserName"] = "ben"


def other_region(request: Any, **_: Any) -> None:
    request.context["signing"] = {**request.context.get("signing", {}), "region": "eu-west-1"}


def other_key(request: Any, **_: Any) -> None:
    request.headers["Authorization"] = (
        request.headers["Authorization"].decode().replace("=a/", "=222233334444/")
    )


def unsigned(request: Any, **_: Any) -> None:
    del request.headers["Authorization"]


def other_account(request: Any, **_: Any) -> None:
    request.headers["x-moto-account-id"] = "222233334444"


def other_query(request: Any, **_: Any) -> None:
    request.url += "?Action=DeleteRole"


def a_header_more(request: Any, **_: Any) -> None:
    request.headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def nothing(**_: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("service", "event", "change"),
    [
        ("dynamodb", "before-send", nothing),
        ("dynamodb", "before-send", other_body),
        ("dynamodb", "before-send", other_target),
        ("dynamodb", "before-sign", other_region),
        ("dynamodb", "before-send", other_key),
        ("dynamodb", "before-send", unsigned),
        ("dynamodb", "before-send", other_account),
        ("iam", "before-send", other_query),
        ("dynamodb", "before-send", a_header_more),
        ("dynamodb", "before-call", other_call),
        ("iam", "before-call", nothing),
        ("iam", "before-call", other_form),
    ],
)
def test_a_request_that_was_changed_is_not_sent(
    interception: CallInterception, service: str, event: str, change: Any
) -> None:
    client = client_of(service, interception)
    client.meta.events.register_last(event, change)
    network = Endpoints(interception, FORM if service == "iam" else SENT)
    said = []
    with before_sending(network.ask):
        try:
            if service == "iam":
                client.delete_user(UserName="ana")
            else:
                client.get_item(TableName="orders", Key={"id": {"S": "mine"}})
        except ClientError as error:
            said = [error.response["Error"]["Code"], "changed the request after it had" in str(error)]
    code = "SignatureDoesNotMatch" if service == "iam" else "InvalidSignatureException"
    refused = change not in (nothing, a_header_more) and interception._pipeline.enforcing
    assert (said, len(network.sent)) == (([code, True], 0) if refused else ([], 1))


@pytest.fixture
def as_before() -> Iterator[None]:
    before = vars(Endpoint)["prepare_request"], vars(Endpoint)["_send"]
    yield
    assert (vars(Endpoint)["prepare_request"], vars(Endpoint)["_send"]) == before


def test_botocore_is_left_as_it_was(as_before: None, interception: CallInterception) -> None:
    with before_sending(interception.before_sending):
        assert vars(Endpoint)["_send"].__module__ == before_sending.__module__
