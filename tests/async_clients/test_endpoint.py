"""aiobotocore at an endpoint: decided as a call, once, and held to what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aiobotocore.session
import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import Account, allow
from helpers.endpoint import moto_server, run_at

from pytest_kmslab.interception.endpoint_door import EndpointDoor

pytestmark = pytest.mark.asyncio


@pytest.fixture
def account() -> Iterator[Account]:
    with moto_server() as url, run_at(url) as run:
        run.backend.start()
        yield Account(run)
        run.backend.stop()


def kms_of(session: boto3.Session) -> Any:
    keys = session.get_credentials()
    assert keys is not None
    signing = {"aws_access_key_id": keys.access_key, "aws_secret_access_key": keys.secret_key}
    return aiobotocore.session.get_session().create_client("kms", region_name="us-east-1", **signing)


async def test_a_call_is_decided_once_and_goes_straight(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_none(*_: Any) -> None:
        raise AssertionError("a decided call was led to the gateway")

    monkeypatch.setattr(EndpointDoor, "_gateways_address", open_none)
    async with kms_of(account.user("ana")) as kms:
        with pytest.raises(ClientError, match="not authorized to perform: kms:ListKeys"):
            await kms.list_keys()
    async with kms_of(account.user("bob", allow("kms:*"))) as kms:
        mark = account.run.trail.mark()
        assert (await kms.list_keys())["Keys"] == []
        assert len(account.run.trail.since(mark)) == 1


async def test_what_a_handler_changed_is_refused(account: Account) -> None:
    async with kms_of(account.user("cid", allow("kms:*"))) as kms:

        def change(request: Any, **_: Any) -> None:
            request.headers["X-Amz-Target"] = "TrentService.CreateKey"

        kms.meta.events.register_last("before-send", change)
        with pytest.raises(ClientError, match="changed the request after it had been decided"):
            await kms.list_keys()
