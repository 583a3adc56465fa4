"""moto's doors: whatever made a request, it reaches moto's backends decided or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from helpers.account import REGION, TABLE, Account, allow
from helpers.raw_requests import (
    DENIED,
    ITEM,
    SITES,
    UNKNOWN,
    UNSIGNED,
    WRONG,
    code_of,
    held,
    post,
    signed,
    written,
)
from moto.core import patch_client
from moto.server import ThreadedMotoServer

from pytest_kmslab.backends.moto.door import MotoDoor


@pytest.fixture
def table(account: Account) -> str:
    account.root.client("dynamodb").create_table(**TABLE)
    account.root.client("dynamodb").put_item(
        TableName="orders", Item={"id": {"S": "1"}, "v": {"S": "secret"}}
    )
    return "orders"


@pytest.fixture
def server(account: Account) -> Iterator[str]:
    served = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    yield f"http://{host}:{port}"
    served.stop()


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door without its guard: what the tests below must notice."""
    monkeypatch.setattr(MotoDoor, "_guarded", lambda self, service, decided, request, act: act())


Door = Callable[[str, str], requests.Response]


def unsigned_post(service: str, server: str) -> requests.Response:
    return post(*written(service))


def unsigned_get(service: str, server: str) -> requests.Response:
    url, body, headers = written(service)
    query = body.decode() if service in ("iam", "sts") else ""
    return requests.get(f"{url}?{query}", headers=headers, data=None if query else body, timeout=10)


def unsigned_at_the_server(service: str, server: str) -> requests.Response:
    """moto's server takes the service from the path, where nothing is signed."""
    _, body, headers = written(service)
    return post(f"{server}/{service}_us-east-1/", body, headers)


def signed_by_nobody(service: str, server: str) -> requests.Response:
    return post(*signed(service, boto3.Session("AKIAFOREIGN", "secret", region_name=REGION)))


def at_the_server_by_nobody(service: str, server: str) -> requests.Response:
    return post(*signed(service, boto3.Session("AKIAFOREIGN", "secret", region_name=REGION), f"{server}/"))


DOORS = (unsigned_post, unsigned_get, unsigned_at_the_server, signed_by_nobody, at_the_server_by_nobody)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("service", SITES)
def test_whom_nobody_knows_is_refused_everywhere(table: str, server: str, service: str, door: Door) -> None:
    answer = door(service, server)
    assert answer.status_code >= 400
    if door is unsigned_get and service not in ("iam", "sts"):
        assert code_of(answer) == "UnknownOperationException"
    elif answer.status_code not in (404, 500):  # moto's server makes nothing of such a path
        assert code_of(answer) in (*UNSIGNED, *UNKNOWN)
        assert "pytest-kmslab" in answer.text


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("door", [unsigned_post, signed_by_nobody, at_the_server_by_nobody])
@pytest.mark.parametrize("service", SITES)
def test_without_the_guard_everybody_gets_in(table: str, server: str, service: str, door: Door) -> None:
    assert code_of(door(service, server)) == ""


@pytest.mark.parametrize("at_server", [False, True], ids=["responses", "server"])
@pytest.mark.parametrize("service", SITES)
def test_a_signature_is_judged_as_a_call(
    account: Account, table: str, server: str, service: str, at_server: bool
) -> None:
    there = f"{server}/" if at_server else ""
    mark = account.run.trail.mark()
    if service != "sts":  # everybody may ask for a session of their own
        assert code_of(post(*signed(service, account.user("ana"), there))) in DENIED
        assert len(account.run.trail.denials(mark)) == 1
    assert code_of(post(*signed(service, account.user("bob", allow("*")), there))) == ""


def test_a_denied_user_reads_no_item_by_any_signature(account: Account, table: str) -> None:
    assert "secret" not in post(*signed("dynamodb", account.user("ana"))).text
    assert "secret" in post(*signed("dynamodb", account.user("bob", allow("dynamodb:*")))).text


def test_a_wrong_secret_is_told_so(account: Account) -> None:
    key = held(account.user("ana", allow("*"))).access_key
    answer = post(*signed("kms", boto3.Session(key, "wrong", region_name=REGION)))
    assert code_of(answer) in WRONG


def test_a_body_that_was_not_signed_is_refused(account: Account, table: str) -> None:
    url, _, headers = signed("dynamodb", account.user("bob", allow("dynamodb:*")))
    other = json.dumps({"TableName": "orders", "Key": {"id": {"S": "2"}}}).encode()
    assert code_of(post(url, other, headers)) in WRONG


def test_a_signature_for_another_region_is_refused(account: Account) -> None:
    there = "https://kms.eu-west-1.amazonaws.com/"
    assert code_of(post(*signed("kms", account.user("bob", allow("*")), there))) in WRONG


def test_the_account_cannot_be_said_by_a_header(account: Account, table: str) -> None:
    url, body, headers = signed("dynamodb", account.user("bob", allow("*")))
    answer = post(url, body, {**headers, "x-moto-account-id": "444455556666"})
    assert "secret" in answer.text


def client_from_before(run: Any, credentials: Any) -> Any:
    """A client whose session was made before the plugin and moto came."""
    session = botocore.session.get_session()
    run._registration.remove()
    from botocore.handlers import BUILTIN_HANDLERS
    from moto.core.models import botocore_stubber

    BUILTIN_HANDLERS.remove(("before-send", botocore_stubber))
    try:
        made = boto3.Session(
            credentials.access_key, credentials.secret_key, region_name=REGION, botocore_session=session
        ).client("dynamodb")
    finally:
        BUILTIN_HANDLERS.append(("before-send", botocore_stubber))
        run._registration.install()
    return made


def test_a_client_from_before_that_moto_patched_is_judged(account: Account, table: str) -> None:
    denied = client_from_before(account.run, held(account.user("ana")))
    allowed = client_from_before(account.run, held(account.user("bob", allow("dynamodb:*"))))
    for client in (denied, allowed):
        patch_client(client)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetItem"):
        denied.get_item(**ITEM)
    assert allowed.get_item(**ITEM)["Item"]["v"] == {"S": "secret"}


def test_what_a_handler_altered_before_the_signature_is_judged_as_it_is(account: Account, table: str) -> None:
    client = account.user("ana", allow("dynamodb:DescribeLimits")).client("dynamodb")

    def alter(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = "DynamoDB_20120810.DeleteTable"
        params["body"] = b'{"TableName": "orders"}'

    client.meta.events.register_last("before-call", alter)
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DeleteTable"):
        client.describe_limits()
    assert account.root.client("dynamodb").list_tables()["TableNames"] == ["orders"]


def altered_body(request: Any) -> None:
    request.body = request.body.replace(b'"1"', b'"2"')


def altered_target(request: Any) -> None:
    request.headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteItem"


def altered_address(request: Any) -> None:
    request.url = "https://dynamodb.eu-west-1.amazonaws.com/"


def altered_region(request: Any) -> None:
    signed = request.headers["Authorization"].decode()
    request.headers["Authorization"] = signed.replace("us-east-1", "eu-west-1")


def altered_method(request: Any) -> None:
    request.method = "PUT"


def altered_account(request: Any) -> None:
    request.headers["x-moto-account-id"] = "444455556666"


@pytest.mark.parametrize(
    "alter", [altered_body, altered_target, altered_address, altered_region, altered_method]
)
def test_what_a_handler_altered_after_the_signature_is_refused(
    account: Account, table: str, alter: Any
) -> None:
    client = account.user("bob", allow("dynamodb:*")).client("dynamodb")
    client.meta.events.register_first("before-send", lambda request, **_: alter(request))
    with pytest.raises(ClientError) as caught:
        client.get_item(**ITEM)
    assert caught.value.response["Error"]["Code"] in (*WRONG, "UnknownOperationException")


def test_an_account_that_a_handler_names_is_not_heeded(account: Account, table: str) -> None:
    client = account.user("bob", allow("dynamodb:*")).client("dynamodb")
    client.meta.events.register_first("before-send", lambda request, **_: altered_account(request))
    assert client.get_item(**ITEM)["Item"]["v"] == {"S": "secret"}


def marks_of(headers: Any) -> list[str]:
    return [name for name in headers if name.lower().startswith("x-kmslab")]


def test_each_attempt_has_a_mark_of_its_own(account: Account, table: str) -> None:
    client = account.user("bob", allow("dynamodb:*")).client(
        "dynamodb", config=Config(retries={"max_attempts": 3, "mode": "standard"})
    )
    attempts: list[bytes] = []

    def fail_once(request: Any, **_: Any) -> Any:
        (name,) = marks_of(request.headers)
        attempts.append(request.headers[name])
        if len(attempts) == 1:
            raise ConnectionResetError("lost")

    client.meta.events.register_first("before-send", fail_once)
    try:
        client.get_item(**ITEM)
    except ConnectionResetError:  # older versions of botocore do not retry it
        client.get_item(**ITEM)
    assert len(attempts) == 2
    assert attempts[0] != attempts[1]


def test_a_mark_is_good_once(account: Account, table: str) -> None:
    client = account.user("bob", allow("dynamodb:*")).client("dynamodb")
    kept: list[Any] = []

    def keep(request: Any, **_: Any) -> None:
        kept.append((request.url, request.body, dict(request.headers.items())))

    client.meta.events.register_first("before-send", keep)
    client.get_item(**ITEM)
    url, body, headers = kept[0]
    texts = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    texts["Authorization"] = "none"
    assert marks_of(texts)
    assert code_of(post(url, body, texts)) == "IncompleteSignatureException"


def test_moto_never_sees_a_mark(account: Account, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.dynamodb.responses import DynamoHandler

    seen: list[str] = []
    original = DynamoHandler.get_item

    def get_item(handler: Any) -> Any:
        seen.extend(handler.headers.keys())
        return original(handler)

    monkeypatch.setattr(DynamoHandler, "get_item", get_item)
    account.user("bob", allow("dynamodb:*")).client("dynamodb").get_item(**ITEM)
    assert seen
    assert not marks_of(seen)


def test_with_enforcement_off_the_door_counts_and_lets_pass(lax_account: Account) -> None:
    assert code_of(unsigned_post("kms", "")) == ""
    assert lax_account.run.trail.elsewhere == {"https://kms.us-east-1.amazonaws.com": 1}


def test_a_server_in_this_process_is_not_told_of_as_undecided(account: Account, server: str) -> None:
    client = account.user("bob", allow("*")).client("kms", endpoint_url=server)
    client.list_keys()
    assert not account.run.trail.elsewhere


def test_without_a_lab_moto_is_as_it_comes(account: Account) -> None:
    from moto import mock_aws

    account.run.backend.stop()
    try:
        with mock_aws():
            assert code_of(unsigned_post("kms", "")) == ""
    finally:
        account.run.backend.start()


def test_a_call_is_decided_again_if_the_account_changed_since(account: Account, table: str) -> None:
    client = account.user("bob", allow("dynamodb:*")).client("dynamodb")

    def revoke(**_: Any) -> None:
        account.root.client("iam").delete_user_policy(UserName="bob", PolicyName="p0")

    client.meta.events.register_first("before-send", revoke)
    mark = account.run.trail.mark()
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetItem"):
        client.get_item(**ITEM)
    assert [entry.operation for entry in account.run.trail.denials(mark)] == ["dynamodb:GetItem"]


def test_what_is_confirmed_stands_in_the_trail_once(account: Account, table: str) -> None:
    client = account.user("bob", allow("dynamodb:*")).client("dynamodb")

    def change(**_: Any) -> None:
        account.root.client("iam").tag_user(UserName="bob", Tags=[{"Key": "a", "Value": "b"}])

    client.meta.events.register_first("before-send", change)
    mark = account.run.trail.mark()
    client.get_item(**ITEM)
    assert [entry.operation for entry in account.run.trail.since(mark)].count("dynamodb:GetItem") == 1
