"""Streams that are off, shards that are none, and places in a shard: moto fails on each.

Texts: "Shard does not exist" is pasted in ironSource/node-dynamodb-stream#16; that of a place that is trimmed
is from https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from __future__ import annotations

from datetime import timezone
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends

from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

Response = dict[str, Any]

VIEW = "kmslab_view"
"""Of a shard: what its records showed, once its stream is off."""


def describe_disabled(call: ApiCall) -> Response | None:
    """DescribeStream of a stream that is off; None where moto answers."""
    table = _table(call)
    if table.stream_specification.get("StreamEnabled"):
        return None
    # Its records can be read for a day, where moto says that there is none.
    shard = table.stream_shard
    described = {
        "StreamArn": call.params["StreamArn"],
        "StreamLabel": table.latest_stream_label,
        "StreamStatus": "DISABLED",
        "StreamViewType": getattr(shard, VIEW, "NEW_AND_OLD_IMAGES"),
        # moto keeps times without their zone, which is UTC.
        "CreationRequestDateTime": shard.created_on.replace(tzinfo=timezone.utc),
        "TableName": table.name,
        "KeySchema": table.schema,
        "Shards": [shard.to_json()],
    }
    return {"StreamDescription": described}


def shard_iterator(call: ApiCall) -> Response:
    """GetShardIterator."""
    params, shard = call.params, _table(call).stream_shard
    # moto fails at a shard that the stream does not have.
    if shard is None or params["ShardId"] != shard.id:
        raise ServiceError("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
    place: Any = None
    kind = params["ShardIteratorType"]
    if kind.endswith("SEQUENCE_NUMBER"):
        place = _place(params.get("SequenceNumber") or "", shard)
    stream = place_of(params["StreamArn"])
    made = dynamodbstreams_backends[stream.account][stream.region].get_shard_iterator(
        params["StreamArn"], shard.id, kind, place
    )
    return {"ShardIterator": made.arn}


def _place(number: str, shard: Any) -> int:
    if not number.isdecimal():
        text = "a sequence number is required for this ShardIteratorType (said by pytest-kmslab)"
        raise ServiceError("ValidationException", text)
    # The text is AWS's, from the API reference of GetShardIterator.
    if int(number) < shard.starting_sequence_number:
        raise ServiceError(
            "TrimmedDataAccessException",
            "The operation attempted to read past the oldest stream record in a shard.",
        )
    return int(number)


def _table(call: ApiCall) -> Any:
    stream = place_of(str(call.params["StreamArn"]))
    return dynamodb_backends[stream.account][stream.region].get_table(stream.name)
