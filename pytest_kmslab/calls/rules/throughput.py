"""What DynamoDB refuses of throughput: of what is on demand, what is provisioned, and what is to be warm.

Texts are AWS's: ACK-nnn is finding DDB-TABLE-nnn of aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.validation_messages import refused

LIMITS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
ON_DEMAND_WARM = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
"""The least WarmThroughput of an on-demand table (pf-dynamodb-warm-throughput-minimum)."""
NO_LIMIT = -1
"""What takes a limit away again (ACK-051, 178)."""
Refusals = Iterator[ServiceError]


def limits_of(params: Mapping[str, Any]) -> list[str]:
    """The limits of on-demand throughput that a request names."""
    throughput = params.get("OnDemandThroughput") or {}
    return [unit for unit in LIMITS if unit in throughput]


def out_of_range(params: Mapping[str, Any], what: str, *, clears: bool) -> Refusals:
    """The limits that are no numbers of units: `-1` is one only where it `clears` what was set."""
    # ACK-039, 051, 128.
    for unit in limits_of(params):
        number = params["OnDemandThroughput"][unit]
        if number < 1 and not (clears and number == NO_LIMIT):
            yield refused(f"Requested {unit} for OnDemandThroughput{what} is outside of valid range")


def throughput_of(params: Params, table: Table) -> Refusals:
    """What UpdateTable refuses of the throughput of a table, and of its global indexes, as they are."""
    mode = params.get("BillingMode")
    indexes = _updated_indexes(params)
    by_request = table.on_demand if mode is None else mode == "PAY_PER_REQUEST"
    yield from _limits(params, by_request, "", " for table")
    yield from _colder(params, table, dict(zip(ON_DEMAND_WARM, table.units, strict=False)), "table")
    for name, index in indexes.items():
        if by_request and index.get("ProvisionedThroughput"):
            yield refused(
                f"The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST can be to "
                "OnDemandThroughput, WarmThroughput"
            )
        yield from _limits(index, by_request, f" for index : {name}", f" for index : {name}")
        # What is provisioned for an index is not known.
        yield from _colder(index, table, {}, f"index {name}")
    if table.on_demand and mode == "PROVISIONED":
        yield from _left_without_units(table, indexes)
    if not by_request:
        yield from _made_without_units(params)


def _limits(params: Mapping[str, Any], by_request: bool, whose: str, what: str) -> Refusals:
    # ACK-059, 153.
    if by_request:
        yield from out_of_range(params, what, clears=True)
        return
    for unit in limits_of(params):
        text = f"{unit} for OnDemandThroughput{whose} cannot be specified when the table BillingMode is"
        yield refused(f"{text} PROVISIONED")


def _updated_indexes(params: Params) -> dict[str, Mapping[str, Any]]:
    changes = params.get("GlobalSecondaryIndexUpdates") or ()
    return {change["Update"]["IndexName"]: change["Update"] for change in changes if change.get("Update")}


def _colder(params: Mapping[str, Any], table: Table, provisioned: Mapping[str, int], what: str) -> Refusals:
    # ACK-059, 155: nothing is less warm than it began. What it was made since then is not looked at.
    least = ON_DEMAND_WARM if table.on_demand else provisioned
    for unit, number in (params.get("WarmThroughput") or {}).items():
        if number < least.get(unit, 0):
            text = f"Requested {unit} for WarmThroughput for {what} is lower than current WarmThroughput"
            yield refused(f"{text}, decreasing WarmThroughput is not supported")


def _left_without_units(table: Table, updated: Mapping[str, Mapping[str, Any]]) -> Refusals:
    # ACK-152: nothing is provisioned for an index that nobody asked for.
    for name in table.index_keys:
        if name not in table.local_indexes and not updated.get(name, {}).get("ProvisionedThroughput"):
            yield refused(f"ProvisionedThroughput must be specified for index: {name}")


def _made_without_units(params: Params) -> Refusals:
    # ACK-152.
    for change in params.get("GlobalSecondaryIndexUpdates") or ():
        index = change.get("Create") or {}
        if index and not index.get("ProvisionedThroughput"):
            text = "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index"
            yield refused(f"{text}: {index['IndexName']}")
