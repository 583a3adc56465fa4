"""Kinesis streams that are made without a number of shards, which moto fails at.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
"""

from __future__ import annotations

from functools import cache
from typing import Any


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
