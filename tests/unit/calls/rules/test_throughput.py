"""What DynamoDB refuses of throughput on demand, provisioned and warm, and what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.table_updates import check_update, check_update_of

ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
COLDER = "is lower than current WarmThroughput, decreasing WarmThroughput is not supported"


def table(**changed: Any) -> Table:
    known = {
        "hash_key": "id",
        "index_keys": {"one": "id", "mine": "id"},
        "local_indexes": ("mine",),
        **changed,
    }
    return Table(ARN, "orders", "111122223333", "eu-central-1", None, **known)


ON_DEMAND, WITH_UNITS = table(on_demand=True), table(units=(3, 3))


def index(action: str = "Update", **members: Any) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{action: {"IndexName": "one", **members}}]}


@pytest.mark.parametrize(
    ("seen", "params", "text"),
    [
        (
            ON_DEMAND,
            {"OnDemandThroughput": {"MaxReadRequestUnits": 0}},
            "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            ON_DEMAND,
            {"OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": -2}},
            "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            ON_DEMAND,
            index(OnDemandThroughput={"MaxReadRequestUnits": 0}),
            "Requested MaxReadRequestUnits for OnDemandThroughput for index : one is outside of valid range",
        ),
        (
            WITH_UNITS,
            {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
            "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is "
            "PROVISIONED",
        ),
        (
            WITH_UNITS,
            index(OnDemandThroughput={"MaxReadRequestUnits": 5}),
            "MaxReadRequestUnits for OnDemandThroughput for index : one cannot be specified when the table "
            "BillingMode is PROVISIONED",
        ),
        (
            ON_DEMAND,
            {"WarmThroughput": {"ReadUnitsPerSecond": 11_999}},
            f"Requested ReadUnitsPerSecond for WarmThroughput for table {COLDER}",
        ),
        (
            WITH_UNITS,
            {"WarmThroughput": {"WriteUnitsPerSecond": 2}},
            f"Requested WriteUnitsPerSecond for WarmThroughput for table {COLDER}",
        ),
        (
            ON_DEMAND,
            index(WarmThroughput={"ReadUnitsPerSecond": 100}),
            f"Requested ReadUnitsPerSecond for WarmThroughput for index one {COLDER}",
        ),
        (ON_DEMAND, PROVISIONED, "ProvisionedThroughput must be specified for index: one"),
        (
            ON_DEMAND,
            index(ProvisionedThroughput=UNITS),
            "The only Updates for index: one when TableThroughputMode is PAY_PER_REQUEST can be to "
            "OnDemandThroughput, WarmThroughput",
        ),
        (
            WITH_UNITS,
            {"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "new"}}]},
            "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new",
        ),
    ],
)
def test_what_is_refused(seen: Table, params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError) as error:
        check_update_of({"TableName": "orders", **params}, seen)
    assert error.value.message == f"One or more parameter values were invalid: {text}"


@pytest.mark.parametrize(
    ("seen", "params"),
    [
        (ON_DEMAND, {"OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 1}}),
        (ON_DEMAND, {"WarmThroughput": {"ReadUnitsPerSecond": 12_000}}),
        (WITH_UNITS, {"WarmThroughput": {"ReadUnitsPerSecond": 3, "WriteUnitsPerSecond": 50}}),
        (WITH_UNITS, index(ProvisionedThroughput=UNITS)),
        (
            table(units=(3, 3), index_keys={"one": "id", "two": "id"}, local_indexes=()),
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Update": {"IndexName": name, "ProvisionedThroughput": UNITS}} for name in ("one", "two")
                ]
            },
        ),
        (ON_DEMAND, {**PROVISIONED, **index(ProvisionedThroughput=UNITS)}),
        (
            WITH_UNITS,
            {"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        ),
        (
            WITH_UNITS,
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Create": {"IndexName": "new", "ProvisionedThroughput": UNITS}}
                ]
            },
        ),
        (ON_DEMAND, {"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "new"}}]}),
    ],
)
def test_what_is_taken(seen: Table, params: dict[str, Any]) -> None:
    given = {"TableName": "orders", **params}
    if not any("Create" in update for update in params.get("GlobalSecondaryIndexUpdates") or ()):
        check_update(given)
    check_update_of(given, seen)
