"""Kinesis streaming destinations of tables, which moto lacks: what was asked for is kept and told again,
nothing is streamed.

Codes and texts are recorded from AWS: LocalStack's snapshot of test_kinesis_streaming_destination_crud, and
findings DDB-TABLE-299 to 304, 318 of aws-controllers-k8s/dynamodb-controller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.backends.moto.fixups.table_descriptions import moto_table, table_id
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.validation_messages import invalid

Response = dict[str, Any]
_BAD_STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "
_PRECISION = "ApproximateCreationDateTimePrecision"
_LIVE = "ACTIVE"


def enable(call: ApiCall) -> Response:
    """EnableKinesisStreamingDestination."""
    destinations, stream = _destinations(call), str(call.params["StreamArn"])
    if any(status == _LIVE for status, _ in destinations.values()):
        raise invalid(
            f"{_BAD_STATE}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform "
            "ENABLE operation."
        )
    configuration = dict(call.params.get("EnableKinesisStreamingConfiguration") or {})
    # At once, though AWS tells that it is under way: nothing is streamed here.
    destinations[stream] = (_LIVE, configuration.get(_PRECISION))
    return _answer(call, "ENABLING", EnableKinesisStreamingConfiguration=configuration)


def disable(call: ApiCall) -> Response:
    """DisableKinesisStreamingDestination."""
    destinations, stream = _destinations(call), str(call.params["StreamArn"])
    if call.params.get("EnableKinesisStreamingConfiguration"):
        raise invalid("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
    status, precision = destinations.get(stream, ("", None))
    if status != _LIVE:
        raise invalid(f"{_BAD_STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
    destinations[stream] = ("DISABLED", precision)
    return _answer(call, "DISABLING")


def update(call: ApiCall) -> Response:
    """UpdateKinesisStreamingDestination, which changes the precision of times and nothing else."""
    destinations, stream = _destinations(call), str(call.params["StreamArn"])
    configuration = call.params.get("UpdateKinesisStreamingConfiguration") or {}
    if not configuration.get(_PRECISION):
        raise invalid(
            "Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
        )
    if destinations.get(stream, ("", None))[0] != _LIVE:
        raise invalid(
            f"{_BAD_STATE}No streaming destination with streamArn: {stream} found for table with "
            f"tableName: {name_in(call.params['TableName'])}"
        )
    wanted = configuration[_PRECISION]
    if (destinations[stream][1] or "MILLISECOND") == wanted:
        table = moto_table(call)
        raise invalid(
            f"Invalid Request: Precision is already set to the desired value of {wanted} for tableId: "
            f"{table_id(table.table_arn, table.created_at)}, kdsArn: {stream}"
        )
    destinations[stream] = (_LIVE, configuration[_PRECISION])
    return _answer(call, "UPDATING", UpdateKinesisStreamingConfiguration=dict(configuration))


def describe(call: ApiCall) -> Response:
    """DescribeKinesisStreamingDestination."""
    shown = [
        {"StreamArn": arn, "DestinationStatus": status, **({_PRECISION: precision} if precision else {})}
        for arn, (status, precision) in _destinations(call).items()
    ]
    return {"TableName": name_in(call.params["TableName"]), "KinesisDataStreamDestinations": shown}


def _destinations(call: ApiCall) -> dict[str, tuple[str, str | None]]:
    """Status and precision by the ARN of the stream, kept on moto's own table, so that they go with it."""
    destinations: dict[str, tuple[str, str | None]] = moto_table(call).__dict__.setdefault(
        "kmslab_destinations", {}
    )
    return destinations


def _answer(call: ApiCall, status: str, **configuration: Any) -> Response:
    return {
        "TableName": name_in(call.params["TableName"]),
        "StreamArn": call.params["StreamArn"],
        "DestinationStatus": status,
        **configuration,
    }


DESTINATIONS: Mapping[str, Callable[[ApiCall], Response]] = {
    "dynamodb:DescribeKinesisStreamingDestination": describe,
    "dynamodb:DisableKinesisStreamingDestination": disable,
    "dynamodb:EnableKinesisStreamingDestination": enable,
    "dynamodb:UpdateKinesisStreamingDestination": update,
}
