from __future__ import annotations

import pytest
from unit.calls.asking import asked, pairs
from unit.calls.fake_facts import FakeFacts, key_arn, table_arn

from pytest_kmslab.calls.base import ServiceError

STREAM = table_arn() + "/stream/2026-01-01T00:00:00.000"


@pytest.fixture
def facts() -> FakeFacts:
    facts = FakeFacts()
    facts.add_table("orders", facts.add_key(), tags={"team": "blue"}, stream_arn=STREAM)
    return facts


def test_records_need_the_stream_and_the_key_of_the_table(facts: FakeFacts) -> None:
    asks = asked("GetRecords", {"ShardIterator": f"{STREAM}|1|AAAA|BB=="}, facts)

    assert pairs(asks) == [("dynamodb:GetRecords", STREAM), ("kms:Decrypt", key_arn())]


@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator"])
def test_a_stream_is_looked_at_without_the_key(operation: str, facts: FakeFacts) -> None:
    (ask,) = asked(operation, {"StreamArn": STREAM}, facts)

    assert ask.request.context["aws:ResourceTag/team"] == ("blue",)


@pytest.mark.parametrize(
    "iterator", ["", STREAM, "opaque|1|x", f"{table_arn()}|1|x", f"{table_arn()}/index/ix|1|x", "|"]
)
def test_an_iterator_that_names_no_stream_is_refused(iterator: str, facts: FakeFacts) -> None:
    with pytest.raises(ServiceError) as refusal:
        asked("GetRecords", {"ShardIterator": iterator}, facts)

    assert refusal.value.code == "ValidationException"
