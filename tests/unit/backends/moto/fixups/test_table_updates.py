"""What DynamoDB refuses of a change to a table, and the neighbours that it takes.

The texts are AWS's: see pytest_kmslab/calls/rules/table_updates.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import Account
from helpers.tables import (
    NO_UNITS,
    PROVISIONED,
    UNITS,
    P,
    Params,
    defined,
    error,
    index,
    indexed,
    table,
)

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


@pytest.fixture
def provisioned(unchecked: Any) -> Any:
    """A client, and a provisioned table with an index."""
    unchecked.create_table(**indexed(index(ProvisionedThroughput=UNITS), **PROVISIONED))
    return unchecked


@pytest.mark.parametrize(("change", "text"), CHANGES.values(), ids=CHANGES)
def test_no_such_change_is_made(provisioned: Any, change: Params, text: str) -> None:
    before = provisioned.describe_table(TableName="orders")
    assert error(provisioned.update_table, {"TableName": "orders", **change}) == ("ValidationException", text)
    assert provisioned.describe_table(TableName="orders")["Table"] == before["Table"]


OTHER_CODES: dict[str, tuple[Params, str, str]] = {
    "two indexes": (
        updates({"Create": index("new")}, {"Delete": {"IndexName": "ix1"}})
        | {"AttributeDefinitions": defined("a")},
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    ),
    "an index that is not there": (
        updates({"Delete": {"IndexName": "none"}}),
        "ResourceNotFoundException",
        "Requested resource not found: Index none for table orders",
    ),
}


@pytest.mark.parametrize(("change", "code", "text"), OTHER_CODES.values(), ids=OTHER_CODES)
def test_other_codes(provisioned: Any, change: Params, code: str, text: str) -> None:
    assert error(provisioned.update_table, {"TableName": "orders", **change}) == (code, text)


@pytest.mark.parametrize(
    "change",
    [
        MORE,
        STREAM,
        BY_REQUEST,
        BY_REQUEST | STREAM,
        PROTECTION,
        SSE,
        BY_REQUEST | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        MADE | {"AttributeDefinitions": defined("a", "x")},
    ],
    ids=[
        *("throughput", "stream", "by request", "by request, stream", "protection", "encryption"),
        *("by request, limits", "index"),
    ],
)
def test_such_a_change_is_made(provisioned: Any, change: Params) -> None:
    if "GlobalSecondaryIndexUpdates" in change:
        change = change | updates({"Create": index("new", ProvisionedThroughput=UNITS)})
    provisioned.update_table(TableName="orders", **change)


def test_a_stream_is_enabled_once(unchecked: Any) -> None:
    unchecked.create_table(**table())
    unchecked.update_table(TableName="orders", **STREAM)
    for view in ("NEW_IMAGE", "KEYS_ONLY"):
        again = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}
        assert error(unchecked.update_table, {"TableName": "orders", **again}) == (
            "ValidationException",
            "Table already has an enabled stream: TableName: orders",
        )
    unchecked.update_table(TableName="orders", **NO_STREAM)
    assert error(unchecked.update_table, {"TableName": "orders", **NO_STREAM})[0] == "ValidationException"
    unchecked.update_table(TableName="orders", **STREAM)


def test_a_table_by_request_has_no_units(unchecked: Any) -> None:
    unchecked.create_table(**table())
    assert error(unchecked.update_table, {"TableName": "orders", **MORE}) == ("ValidationException", NO_UNITS)


def test_a_missing_table_is_looked_for_after_the_request(unchecked: Any) -> None:
    assert error(unchecked.update_table, {"TableName": "orders"}) == ("ValidationException", NOTHING)
    assert error(unchecked.update_table, {"TableName": "orders", **PROTECTION}) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: orders not found",
    )


EACH = f"{P}KMSMasterKeyId must be specified for each replica."
MIXED = f"{P}All replica keys must either be Customer Managed CMK or AWS Managed CMK."


def replica(kind: str, **more: Any) -> Params:
    return {"TableName": "orders", "ReplicaUpdates": [{kind: {"RegionName": "eu-west-1", **more}}]}


def test_replicas_have_a_key_of_the_same_kind(account: Account, unchecked: Any) -> None:
    kms = account.root.client("kms", region_name="eu-west-1")
    there = kms.create_key()["KeyMetadata"]["Arn"]
    unchecked.create_table(**table())
    for named in (there, "alias/aws/dynamodb"):
        for kind in ("Create", "Update"):
            params = replica(kind, KMSMasterKeyId=named)
            assert error(unchecked.update_table, params) == ("ValidationException", EACH)
    unchecked.update_table(**replica("Create"))
    unchecked.update_table(**replica("Delete"))
    under = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": account.key()}
    unchecked.update_table(TableName="orders", SSESpecification=under)
    assert error(unchecked.update_table, replica("Create")) == ("ValidationException", EACH)
    told = error(unchecked.update_table, replica("Create", KMSMasterKeyId="alias/aws/dynamodb"))
    assert told == ("ValidationException", MIXED)
    unchecked.update_table(**replica("Create", KMSMasterKeyId=there))


def test_units_that_are_provisioned_already_are_no_change(unchecked: Any) -> None:
    unchecked.create_table(**table(**PROVISIONED))
    same = PROVISIONED["ProvisionedThroughput"]

    for change in ({"ProvisionedThroughput": same}, PROVISIONED):
        code, text = error(unchecked.update_table, {"TableName": "orders", **change})
        assert code == "ValidationException"
        assert text.startswith("The provisioned throughput for the table will not change.")
    unchecked.update_table(TableName="orders", **MORE)
    unchecked.update_table(TableName="orders", **BY_REQUEST)
    unchecked.update_table(TableName="orders", **PROVISIONED)


def test_definitions_are_those_of_keys(account: Account) -> None:
    """ACK-162: what is sent besides, or without an index to be made, changes nothing."""
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**table("id"))

    def after(defined_then: list[dict[str, str]], **change: Any) -> set[str]:
        dynamodb.update_table(TableName="orders", AttributeDefinitions=defined_then, **change)
        shown = dynamodb.describe_table(TableName="orders")["Table"]["AttributeDefinitions"]
        return {f"{one['AttributeName']}:{one['AttributeType']}" for one in shown}

    made = {"GlobalSecondaryIndexUpdates": [{"Create": index("new", "a")}]}
    assert after([*defined("a", "z"), {"AttributeName": "id", "AttributeType": "N"}], **made) == {
        "id:S",
        "a:S",
    }
    assert after(defined("q"), **PROTECTION) == {"id:S", "a:S"}
    dropped = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "new"}}]}
    assert after(defined("a"), **dropped) == {"id:S"}
