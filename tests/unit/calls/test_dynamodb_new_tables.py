from __future__ import annotations

from typing import Any

import pytest
from unit.calls.asking import actions, asked, pairs
from unit.calls.fake_facts import KEY_ID, FakeFacts, key_arn, table_arn

OTHER_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
CHOOSING = ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt"]


@pytest.fixture
def facts() -> FakeFacts:
    facts = FakeFacts()
    facts.add_key()
    return facts


RESTORING = [
    f"dynamodb:{action}"
    for action in ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
]
BACKUP = table_arn() + "/backup/0148-b3"


@pytest.mark.parametrize(
    ("operation", "source", "arn"),
    [
        ("RestoreTableFromBackup", {"BackupArn": BACKUP}, BACKUP),
        ("RestoreTableToPointInTime", {"SourceTableName": "orders"}, table_arn()),
        ("RestoreTableToPointInTime", {"SourceTableArn": table_arn()}, table_arn()),
    ],
)
def test_a_restored_table_keeps_the_key_of_its_source(
    operation: str, source: dict[str, str], arn: str, facts: FakeFacts
) -> None:
    facts.add_table("orders", key_arn())

    asks = asked(operation, {"TargetTableName": "copy"} | source, facts)

    name = f"dynamodb:{operation}"
    assert pairs(asks)[:2] == [(name, arn), (name, table_arn("copy"))]
    assert actions(asks)[2:] == [*RESTORING, "kms:Decrypt", *CHOOSING]
    assert {ask.request.resource for ask in asks[2:9]} == {table_arn("copy")}
    assert asks[9].request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == ("orders",)
    assert asks[-1].request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == ("copy",)


@pytest.mark.parametrize(
    ("override", "asked_of_kms"),
    [
        ({"Enabled": False}, ["kms:Decrypt"]),
        ({"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": OTHER_ID}, ["kms:Decrypt", *CHOOSING]),
    ],
)
def test_a_restored_table_takes_another_key_if_told_to(
    override: dict[str, Any], asked_of_kms: list[str], facts: FakeFacts
) -> None:
    facts.add_table("orders", key_arn())
    facts.add_key(OTHER_ID)
    params = {"TargetTableName": "copy", "BackupArn": BACKUP, "SSESpecificationOverride": override}

    assert actions(asked("RestoreTableFromBackup", params, facts))[9:] == asked_of_kms


def test_a_replica_needs_its_rights_and_its_key_in_its_own_region(facts: FakeFacts) -> None:
    facts.add_table("orders", key_arn())
    facts.add_key(region="eu-west-1")
    create_replica = {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": KEY_ID}}

    asks = asked("UpdateTable", {"TableName": "orders", "ReplicaUpdates": [create_replica]}, facts)

    assert pairs(asks)[:3] == [
        ("dynamodb:UpdateTable", table_arn()),
        ("dynamodb:CreateTable", table_arn(region="eu-west-1")),
        ("dynamodb:CreateTableReplica", table_arn(region="eu-west-1")),
    ]
    assert pairs(asks)[-4:-1] == [(name, key_arn(region="eu-west-1")) for name in CHOOSING]
    assert asks[-2].request.context["kms:ViaService"] == ("dynamodb.eu-west-1.amazonaws.com",)
    assert asks[-2].request.context["aws:RequestedRegion"] == ("eu-west-1",)


def test_a_replica_is_filled_from_the_table_whose_key_is_needed(facts: FakeFacts) -> None:
    facts.add_table("orders", key_arn())
    replicas = [{"Create": {"RegionName": region}} for region in ("eu-west-1", "eu-west-2")]

    asks = asked("UpdateTable", {"TableName": "orders", "ReplicaUpdates": replicas}, facts)

    assert pairs(asks)[-1] == ("kms:Decrypt", key_arn())
    assert actions(asks).count("kms:Decrypt") == 1
    assert asks[-1].request.context["kms:ViaService"] == ("dynamodb.us-east-1.amazonaws.com",)


@pytest.mark.parametrize(
    ("update_of", "wanted"),
    [
        (
            {"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]},
            ["DeleteTable", "DeleteTableReplica"],
        ),
        ({"ReplicaUpdates": [{"Update": {"RegionName": "eu-west-1"}}]}, []),
        (
            {"GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-1"}}]},
            ["CreateGlobalTableWitness"],
        ),
    ],
)
def test_other_updates_of_replicas(update_of: dict[str, Any], wanted: list[str], facts: FakeFacts) -> None:
    facts.add_table("orders", key_arn())
    asks = asked("UpdateTable", {"TableName": "orders"} | update_of, facts)

    assert actions(asks) == ["dynamodb:UpdateTable", *(f"dynamodb:{action}" for action in wanted)]
