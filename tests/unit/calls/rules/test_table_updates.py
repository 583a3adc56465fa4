"""What DynamoDB refuses of a change to a table, and the neighbours that it takes.

The texts are AWS's: see pytest_kmslab/calls/rules/table_updates.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount
from helpers.tables import NO_UNITS, PROVISIONED, UNITS, P, Params, defined, index, key

from pytest_kmslab.calls.api_call import ServiceError

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
NO_STREAM = {"StreamSpecification": {"StreamEnabled": False}}
PROTECTION = {"DeletionProtectionEnabled": True}
CLASS = {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
WARM = {"WarmThroughput": {"ReadUnitsPerSecond": 13_000}}
SSE = {"SSESpecification": {"Enabled": True}}
BY_REQUEST = {"BillingMode": "PAY_PER_REQUEST"}
MORE = {"ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6}}
MADE = {"GlobalSecondaryIndexUpdates": [{"Create": index("new")}], "AttributeDefinitions": defined("a")}
DROPPED = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "ix1"}}]}
REPLICA = {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
    "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput "
    "or TableClass is required"
)


def only(what: str) -> str:
    return f"{P}{what} must be the only operation in the request"


def updates(*given: Params) -> Params:
    return {"GlobalSecondaryIndexUpdates": list(given)}


def making(new: Params) -> Params:
    return {**updates({"Create": new}), "AttributeDefinitions": defined("a")}


CHANGES: dict[str, tuple[Params, str]] = {
    "nothing": ({}, NOTHING),
    "definitions only": ({"AttributeDefinitions": defined("id")}, NOTHING),
    "no index updates": (updates(), NOTHING),
    "no index updates, and more": (
        PROTECTION | updates(),
        f"{P}List of GlobalSecondaryIndexUpdates is empty",
    ),
    "encryption and protection": (SSE | PROTECTION, only("Server-Side Encryption modification")),
    "encryption and class": (SSE | CLASS, only("Server-Side Encryption modification")),
    "class and protection": (CLASS | PROTECTION, only("TableClass modification")),
    "protection and stream": (PROTECTION | STREAM, only("DeletionProtection modification")),
    "protection and billing": (PROTECTION | BY_REQUEST, only("DeletionProtection modification")),
    "warmth and protection": (WARM | PROTECTION, only("DeletionProtection modification")),
    "warmth and stream": (WARM | STREAM, only("WarmThroughput")),
    "replica and protection": (REPLICA | PROTECTION, only("Replica modification")),
    "limits and stream": (
        STREAM | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        f"{P}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
    ),
    "stream and throughput": (STREAM | MORE, f"{P}You cannot modify stream status while updating table IOPS"),
    "index and throughput": (MADE | MORE, f"{P}You cannot create or delete index while updating table IOPS"),
    "index dropped and throughput": (
        DROPPED | MORE,
        f"{P}You cannot create or delete index while updating table IOPS",
    ),
    "index and stream": (MADE | STREAM, f"{P}You cannot create or delete index while changing stream status"),
    "index and warmth": (
        MADE | WARM,
        f"{P}Create global secondary index cannot be specified when updating WarmThroughput",
    ),
    "index without definitions": (
        updates({"Create": index("new")}),
        f"{P}AttributeDefinitions is not specified for index: new",
    ),
    "index with a bad projection": (
        updates({"Create": index("new", Projection={"ProjectionType": "INCLUDE"})})
        | {"AttributeDefinitions": defined("a")},
        f"{P}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    "no action": (
        updates({}),
        f"{P}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
        "GlobalSecondaryIndexUpdate.Delete must not be null",
    ),
    "one index twice": (
        updates(
            {"Delete": {"IndexName": "ix1"}}, {"Update": {"IndexName": "ix1", "ProvisionedThroughput": UNITS}}
        ),
        f"{P}Only one global secondary index update per index is allowed simultaneously. Index: ix1",
    ),
    "index that is there": (
        making(index("ix1")),
        "Attempting to create an index which already exists",
    ),
    "stream without a view": (
        {"StreamSpecification": {"StreamEnabled": True}},
        f"{P}If stream is being enabled then UpdateViewType is required",
    ),
    "no stream with a view": (
        {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
        f"{P}If stream is being disabled, then UpdateViewType must not be specified",
    ),
    "no stream to disable": (NO_STREAM, "Table has no stream to disable: TableName: orders"),
    "throughput and by request": (MORE | BY_REQUEST, NO_UNITS),
    "provisioned without throughput": (
        {"BillingMode": "PROVISIONED"},
        f"{P}ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
    ),
    "no encryption where there is none": (
        {"SSESpecification": {}},
        f"{P}Table is already encrypted by default",
    ),
}


UNCHANGED = (
    "The provisioned throughput for the table will not change. The requested value equals the current value. "
    "Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current "
    "WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. Refer to the Amazon "
    "DynamoDB Developer Guide for current limits and how to request higher limits."
)
HAS_STREAM = "Table already has an enabled stream: TableName: orders"
SIMULTANEOUS = (
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
)
TWENTY = {"index_keys": {f"ix{number}": "a" for number in range(20)}}
OF_THE_TABLE: dict[str, tuple[dict[str, Any], Params, str]] = {
    "units that it has": ({}, {"ProvisionedThroughput": UNITS}, f"ValidationException: {UNCHANGED}"),
    "units and mode that it has": ({}, PROVISIONED, f"ValidationException: {UNCHANGED}"),
    "units by request": ({"on_demand": True}, MORE, f"ValidationException: {NO_UNITS}"),
    "a stream again": ({"stream_enabled": True}, STREAM, f"ValidationException: {HAS_STREAM}"),
    "a local index dropped": (
        {"local_indexes": ("ix1",)},
        DROPPED,
        "ValidationException: Cannot delete an index that is not a GlobalSecondaryIndex: ix1",
    ),
    "a local index changed": (
        {"local_indexes": ("ix1",)},
        updates({"Update": {"IndexName": "ix1", "ProvisionedThroughput": UNITS}}),
        "ValidationException: Cannot update an index that is not a GlobalSecondaryIndex: ix1",
    ),
    "a local index made again": (
        {"local_indexes": ("ix1",)},
        making(index("ix1", ProvisionedThroughput=UNITS)),
        "ValidationException: Attempting to create an index which already exists",
    ),
    "an index that is not there": (
        {},
        updates({"Update": {"IndexName": "none", "ProvisionedThroughput": UNITS}}),
        "ResourceNotFoundException: Requested resource not found: Index none for table orders",
    ),
    "a 21st index": (
        TWENTY,
        making(index("new", ProvisionedThroughput=UNITS)),
        "LimitExceededException: Subscriber limit exceeded: Number of global secondary indexes exceeds "
        "per-table limit of 20",
    ),
    "two new indexes": (
        {},
        {**updates({"Create": index("one")}, {"Create": index("two")}), "AttributeDefinitions": defined("a")},
        f"LimitExceededException: {SIMULTANEOUS}",
    ),
    "two indexes dropped": (
        {},
        updates({"Delete": {"IndexName": "ix1"}}, {"Delete": {"IndexName": "ix2"}}),
        f"LimitExceededException: {SIMULTANEOUS}",
    ),
    "two actions in one": (
        {},
        updates({"Delete": {"IndexName": "ix1"}, "Update": {"IndexName": "ix2"}}),
        f"ValidationException: {P}Only one global secondary index action is allowed per "
        "GlobalSecondaryIndexUpdate object",
    ),
    "a new index with a range key first": (
        {},
        making(index("new", KeySchema=[key("a", "RANGE")])),
        "ValidationException: Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
    ),
    "a stream with a mode": (
        {},
        STREAM | PROVISIONED,
        f"ValidationException: {P}You cannot modify stream status while updating table IOPS",
    ),
    "limits and indexes": (
        {"on_demand": True},
        DROPPED | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        f"ValidationException: {P}OnDemandThroughput can only be combined with BillingMode in an UpdateTable "
        "request",
    ),
    "an empty request": (
        {},
        {"ProvisionedThroughput": {}, "ReplicaUpdates": []},
        f"ValidationException: {NOTHING}",
    ),
}
TAKEN: dict[str, tuple[dict[str, Any], Params]] = {
    "more units": ({}, MORE),
    "units for each index": (
        {},
        updates(
            *({"Update": {"IndexName": name, "ProvisionedThroughput": UNITS}} for name in ("ix1", "ix2"))
        ),
    ),
    "an index dropped, another changed": (
        {},
        updates(
            {"Delete": {"IndexName": "ix1"}},
            {"Update": {"IndexName": "ix2", "ProvisionedThroughput": UNITS}},
        ),
    ),
    "the units that it has, with a changed index": (
        {},
        {"ProvisionedThroughput": UNITS}
        | updates({"Update": {"IndexName": "ix1", "ProvisionedThroughput": UNITS}}),
    ),
    "an index in the place of a dropped one": (
        {"index_keys": {f"ix{number}": "a" for number in range(19)}},
        making(index("new", ProvisionedThroughput=UNITS)),
    ),
    "units for a table by request": ({"on_demand": True, "index_keys": {}}, PROVISIONED),
    "by request": ({}, BY_REQUEST),
    "limits by request": ({}, BY_REQUEST | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}}),
    "limits away": ({"on_demand": True}, {"OnDemandThroughput": {"MaxReadRequestUnits": -1}}),
    "a stream by request": ({}, BY_REQUEST | STREAM),
    "no stream any more": ({"stream_enabled": True}, NO_STREAM),
    "protection": ({}, PROTECTION),
    "no protection": ({}, {"DeletionProtectionEnabled": False}),
    "class": ({}, CLASS),
    "warmth": ({"on_demand": True}, WARM),
    "warmth of an index": (
        {"on_demand": True},
        updates({"Update": {"IndexName": "ix1", "WarmThroughput": {"ReadUnitsPerSecond": 12_000}}}),
    ),
}


def update(change: Params, **known: Any) -> None:
    view = FakeAccount()
    of_table = {"hash_key": "id", "range_key": "r", "index_keys": {"ix1": "a", "ix2": "a"}, "units": (5, 5)}
    view.add_table("orders", **of_table | known)
    asked("UpdateTable", {"TableName": "orders", **change}, view)


@pytest.mark.parametrize(("change", "text"), CHANGES.values(), ids=CHANGES)
def test_no_such_change_is_made(change: Params, text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        update(change)
    assert str(refused.value) == f"ValidationException: {text}"


@pytest.mark.parametrize(("known", "change", "told"), OF_THE_TABLE.values(), ids=OF_THE_TABLE)
def test_no_such_change_of_such_a_table(known: dict[str, Any], change: Params, told: str) -> None:
    with pytest.raises(ServiceError) as refused:
        update(change, **known)
    assert str(refused.value) == told


@pytest.mark.parametrize(("known", "change"), TAKEN.values(), ids=TAKEN)
def test_such_a_change_is_made(known: dict[str, Any], change: Params) -> None:
    update(change, **known)
