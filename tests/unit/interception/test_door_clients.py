"""Clients that come to moto's door by themselves: PynamoDB 5, moto's proxy, a run inside a run."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import urllib3
from helpers.account import REGION, TABLE, Account, allow
from helpers.raw_requests import DENIED, SITES, UNKNOWN, UNSIGNED, held, signed, written

from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

NAME = TABLE["TableName"]


@pytest.fixture
def table(account: Account) -> Any:
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)
    dynamodb.put_item(TableName=NAME, Item={"id": {"S": "1"}, "v": {"S": "secret"}})
    return dynamodb


def orders_of(session: Any) -> Any:
    """The table as PynamoDB sees it, whose botocore client fires no event but `before-send`."""
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    credentials = held(session)

    class Orders(Model):
        class Meta:
            table_name = NAME
            region = REGION
            aws_access_key_id = credentials.access_key
            aws_secret_access_key = credentials.secret_key
            aws_session_token = credentials.token

        id = UnicodeAttribute(hash_key=True)
        v = UnicodeAttribute(null=True)

    return Orders


@pytest.mark.parametrize(
    "use",
    [
        lambda orders: orders.get("1"),
        lambda orders: list(orders.scan()),
        lambda orders: orders("1").delete(),
        lambda orders: orders("2", v="new").save(),
    ],
    ids=["get", "scan", "delete", "save"],
)
def test_pynamodb_is_judged(account: Account, table: Any, use: Any) -> None:
    mark = account.run.trail.mark()
    with pytest.raises(Exception, match=r"not authorized to perform: dynamodb:") as caught:
        use(orders_of(account.user("ana")))
    assert "AccessDenied" in str(caught.value)
    assert account.run.trail.denials(mark)
    assert table.scan(TableName=NAME)["Count"] == 1
    use(orders_of(account.user("bob", allow("dynamodb:*"))))


def test_pynamodb_reads_what_is_allowed(account: Account, table: Any) -> None:
    assert orders_of(account.user("bob", allow("dynamodb:*"))).get("1").v == "secret"


@pytest.fixture
def proxy(account: Account) -> Iterator[str]:
    from moto.moto_proxy.proxy3 import ProxyRequestHandler

    server = ThreadingHTTPServer(("127.0.0.1", 0), ProxyRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def through(proxy: str, url: str, body: bytes, headers: dict[str, str]) -> str:
    """What moto's proxy answers, which is not asked by `requests`: moto's mock would answer at once."""
    with urllib3.ProxyManager(proxy) as pool:
        answer = pool.request("POST", url.replace("https:", "http:"), body=body, headers=headers)
    return answer.data.decode()


@pytest.mark.parametrize("service", SITES)
def test_moto_s_proxy_is_a_door_too(account: Account, table: Any, proxy: str, service: str) -> None:
    assert any(code in through(proxy, *written(service)) for code in (*UNSIGNED, *UNKNOWN))
    plain = SITES[service][0].replace("https:", "http:")
    if service != "sts":  # everybody may ask for a session of their own
        said = through(proxy, *signed(service, account.user("ana"), plain))
        assert any(code in said for code in DENIED)
    said = through(proxy, *signed(service, account.user("bob", allow("*")), plain))
    assert not any(code in said for code in (*DENIED, *UNSIGNED, *UNKNOWN))


@pytest.fixture
def inner(account: Account) -> Iterator[Account]:
    """A run inside the run, on the same moto."""
    run = Run(Settings())
    run.install()
    run.backend.start()
    yield Account(run)
    run.backend.stop()
    run.close()


def test_a_client_of_the_inner_run_is_decided_there(account: Account, table: Any, inner: Account) -> None:
    bob = account.user("bob", allow("dynamodb:*"))  # by the root user whom the outer run alone knows
    entries = account.run.trail.mark()
    users = inner.session(inner.run.backend.root).client("iam").list_users()["Users"]
    assert [user["UserName"] for user in users] == ["bob"]
    mine = inner.session(_credentials(bob)).client("dynamodb")
    assert mine.get_item(TableName=NAME, Key={"id": {"S": "1"}})["Item"]["v"] == {"S": "secret"}
    assert account.run.trail.mark() == entries


def test_a_client_of_the_outer_run_was_decided_there(account: Account, table: Any, inner: Account) -> None:
    assert table.get_item(TableName=NAME, Key={"id": {"S": "1"}})["Item"]["v"] == {"S": "secret"}


def _credentials(session: Any) -> Any:
    from pytest_kmslab.backends.protocol import Credentials

    return Credentials(held(session).access_key, held(session).secret_key)
