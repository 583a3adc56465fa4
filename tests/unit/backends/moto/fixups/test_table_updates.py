"""Changes of tables on moto: what DynamoDB refuses changes nothing, and what it takes is done.

What is refused, and in which words, is in tests/unit/calls/rules/test_table_updates.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import Account
from helpers.tables import NO_UNITS, PROVISIONED, UNITS, P, Params, defined, error, index, indexed, table
from unit.calls.rules.test_table_updates import (
    BY_REQUEST,
    CHANGES,
    MADE,
    MORE,
    NO_STREAM,
    NOTHING,
    PROTECTION,
    SSE,
    STREAM,
    updates,
)


@pytest.fixture
def provisioned(unchecked: Any) -> Any:
    """A client, and a provisioned table with an index."""
    unchecked.create_table(**indexed(index(ProvisionedThroughput=UNITS), **PROVISIONED))
    return unchecked


@pytest.mark.parametrize("name", ["nothing", "index and stream", "no action", "no stream to disable"])
def test_no_such_change_is_made(provisioned: Any, name: str) -> None:
    change, text = CHANGES[name]
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
