"""An iterator is sealed together with its stream, in AWS's form, and sent as the emulator gave it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.endpoint.fixups.streams import iterator_made, plain_iterator, records_read
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

ACCOUNT = "111122223333"
STREAM = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders/stream/2026-11-30T00:00:00.000"
OTHER = STREAM.replace("orders", "users")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
FROM_LOCALSTACK = f"{STREAM}|1|AAAA"


class Kept:
    """The store of an endpoint."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}

    def lasting(self, name: str) -> Any:
        return self.records.get(name)

    def put(self, name: str, record: Any) -> None:
        self.records[name] = record


ENDPOINT = cast(Any, SimpleNamespace(store=Kept()))


def call(operation: str, **params: Any) -> ApiCall:
    caller = Caller(ROOT, ACCOUNT, ROOT, "", "Account")
    return ApiCall("dynamodbstreams", operation, params, "us-east-1", caller)


def named(iterator: str, stream: str = STREAM) -> str:
    response = {"ShardIterator": iterator}
    iterator_made(ENDPOINT, call("GetShardIterator", StreamArn=stream), response)
    return response["ShardIterator"]


def sent(iterator: str) -> Any:
    return plain_iterator(ENDPOINT, call("GetRecords", ShardIterator=iterator))


def test_it_begins_with_its_stream_and_is_sent_as_it_was() -> None:
    assert named("eyJ0Ijo=").split("|")[0] == STREAM
    assert sent(named("eyJ0Ijo=")) == {"ShardIterator": "eyJ0Ijo="}


def test_one_that_tells_its_stream_is_sealed_too() -> None:
    assert sent(named(FROM_LOCALSTACK)) == {"ShardIterator": FROM_LOCALSTACK}


def test_so_is_where_to_read_on() -> None:
    response = {"Records": [], "NextShardIterator": "eyJ0Ijo="}
    records_read(ENDPOINT, call("GetRecords", ShardIterator=named("eyJ0Ijn=")), response)
    assert response["NextShardIterator"] == named("eyJ0Ijo=")
    ended: dict[str, Any] = {"Records": []}
    records_read(ENDPOINT, call("GetRecords", ShardIterator=named("eyJ0Ijn=")), ended)
    assert ended == {"Records": []}


@pytest.mark.parametrize(
    "forged",
    [
        named("eyJ0Ijo=").replace(STREAM, OTHER),
        named("eyJ0Ijo=").replace("eyJ0Ijo=", named("x", OTHER).rpartition("|")[2]),
        f"{STREAM}|kmslab||eyJ0Ijo=",
        f"{STREAM}|kmslab|eyJ0Ijo=",
        FROM_LOCALSTACK,
        FROM_LOCALSTACK.replace(STREAM, OTHER),
        f"{OTHER}{named(FROM_LOCALSTACK).removeprefix(STREAM)}",
    ],
)
def test_nobody_reads_a_stream_by_the_name_of_another(forged: str) -> None:
    with pytest.raises(ServiceError, match="Invalid ShardIterator"):
        sent(forged)
