"""Streams of tables record changes: a write that leaves an item as it was makes no record.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.dynamodb.models.table import StreamShard

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.table_groups import shards_elsewhere

_add: Any = StreamShard.add


def only_changes_in_streams() -> Replaced:
    """While this is open, moto's streams leave out what changed nothing."""
    return Replaced(Replacement(StreamShard, "add", _add_change))


def _add_change(shard: StreamShard, old: Any, new: Any) -> None:
    # What is written in one Region is in the streams of the replicas too.
    for each in (shard, *shards_elsewhere(shard.table)):
        _record(each, old, new)


def _record(shard: StreamShard, old: Any, new: Any) -> None:
    if not (shard.table.stream_specification or {}).get("StreamEnabled"):
        return  # moto keeps the shard of a stream that is off, and fails to write to it
    if (old and old.to_json()) == (new and new.to_json()):
        return
    before = shard.items[-1].to_json() if shard.items else {}
    _add(shard, old, new)
    if old is None and shard.items and _inserts(before) == _inserts(shard.items[-1].to_json()):
        # UpdateItem of a new item: moto inserts its key, and then the item.
        shard.items[-1].record["dynamodb"]["SequenceNumber"] = before["dynamodb"]["SequenceNumber"]
        del shard.items[-2]


def _inserts(record: dict[str, Any]) -> Any:
    """The key of an item that a record says to be new; None for other records."""
    return record["dynamodb"]["Keys"] if record.get("eventName") == "INSERT" else None


# Kinesis streams that are made without a number of shards, which moto fails at.
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html


@cache
def give_streams_a_shard() -> None:
    """From now on, a stream of which nobody says how many shards it has gets one.

    It stays so for the process: moto's Kinesis is loaded only where somebody uses it.
    """
    from moto.kinesis.models import Stream

    init_shards: Any = Stream.init_shards

    def at_least_one(stream: Stream, shard_count: int | None) -> None:
        init_shards(stream, shard_count or 1)

    Stream.init_shards = at_least_one  # type: ignore[assignment,method-assign]
