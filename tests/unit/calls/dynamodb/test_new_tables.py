from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import actions, asked, pairs
from helpers.fake_account import KEY_ID, FakeAccount, call, key_arn, outcome, policy, table_arn, user

from pytest_kmslab.account.model import GlobalTable
from pytest_kmslab.calls.api_call import ServiceError

OTHER_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
CHOOSING = ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt"]


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_key()
    return view


RESTORING = [
    f"dynamodb:{action}"
    for action in ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
]
BACKUP = table_arn() + "/backup/0148-b3"
NOW = {"UseLatestRestorableTime": True}


@pytest.mark.parametrize(
    ("operation", "source", "arn"),
    [
        ("RestoreTableFromBackup", {"BackupArn": BACKUP}, BACKUP),
        ("RestoreTableToPointInTime", {"SourceTableName": "orders", **NOW}, table_arn()),
        ("RestoreTableToPointInTime", {"SourceTableArn": table_arn(), **NOW}, table_arn()),
    ],
)
def test_a_restored_table_keeps_the_key_of_its_source(
    operation: str, source: dict[str, Any], arn: str, view: FakeAccount
) -> None:
    view.add_table("orders", key_arn())

    required_authorizations = asked(operation, {"TargetTableName": "copy"} | source, view)

    name = f"dynamodb:{operation}"
    assert pairs(required_authorizations)[:2] == [(name, arn), (name, table_arn("copy"))]
    assert actions(required_authorizations)[2:] == [*RESTORING, "kms:Decrypt", *CHOOSING]
    assert {authorization.request.resource for authorization in required_authorizations[2:9]} == {
        table_arn("copy")
    }
    assert required_authorizations[9].request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == (
        "orders",
    )
    assert required_authorizations[-1].request.context["kms:EncryptionContext:aws:dynamodb:tableName"] == (
        "copy",
    )
    # A key that a call names is not "the resource associated with this ciphertext".
    by_ciphertext = [authorization.from_ciphertext for authorization in required_authorizations[-3:]]
    assert by_ciphertext == [False, False, True]


@pytest.mark.parametrize(
    ("override", "asked_of_kms"),
    [
        ({"Enabled": False}, ["kms:Decrypt"]),
        ({"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": OTHER_ID}, ["kms:Decrypt", *CHOOSING]),
    ],
)
def test_a_restored_table_takes_another_key_if_told_to(
    override: dict[str, Any], asked_of_kms: list[str], view: FakeAccount
) -> None:
    view.add_table("orders", key_arn())
    view.add_key(OTHER_ID)
    params = {"TargetTableName": "copy", "BackupArn": BACKUP, "SSESpecificationOverride": override}

    assert actions(asked("RestoreTableFromBackup", params, view))[9:] == asked_of_kms


def test_a_replica_needs_its_rights_and_its_key_in_its_own_region(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())
    view.add_key(region="eu-west-1")
    create_replica = {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": KEY_ID}}

    required_authorizations = asked(
        "UpdateTable", {"TableName": "orders", "ReplicaUpdates": [create_replica]}, view
    )

    assert pairs(required_authorizations)[:3] == [
        ("dynamodb:UpdateTable", table_arn()),
        ("dynamodb:CreateTable", table_arn(region="eu-west-1")),
        ("dynamodb:CreateTableReplica", table_arn(region="eu-west-1")),
    ]
    assert pairs(required_authorizations)[-4:-1] == [(name, key_arn(region="eu-west-1")) for name in CHOOSING]
    assert required_authorizations[-2].request.context["kms:ViaService"] == (
        "dynamodb.eu-west-1.amazonaws.com",
    )
    assert required_authorizations[-2].request.context["aws:RequestedRegion"] == ("eu-west-1",)


def test_a_replica_is_filled_from_the_table_whose_key_is_needed(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())
    regions = ("us-east-2", "us-west-2")
    keys = {region: view.add_key(region=region).arn for region in regions}
    replicas = [{"Create": {"RegionName": name, "KMSMasterKeyId": keys[name]}} for name in regions]

    params = {"TableName": "orders", "ReplicaUpdates": replicas, "MultiRegionConsistency": "STRONG"}
    required_authorizations = asked("UpdateTable", params, view)

    assert pairs(required_authorizations)[-1] == ("kms:Decrypt", key_arn())
    assert pairs(required_authorizations).count(("kms:Decrypt", key_arn())) == 1
    assert required_authorizations[-1].request.context["kms:ViaService"] == (
        "dynamodb.us-east-1.amazonaws.com",
    )


@pytest.mark.parametrize(
    ("update_of", "wanted"),
    [
        (
            {"ReplicaUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]},
            ["DeleteTable", "DeleteTableReplica"],
        ),
        ({"ReplicaUpdates": [{"Update": {"RegionName": "eu-west-1", "TableClassOverride": "STANDARD"}}]}, []),
    ],
)
def test_other_updates_of_replicas(update_of: dict[str, Any], wanted: list[str], view: FakeAccount) -> None:
    view.add_table("orders", key_arn(), global_table=GlobalTable(("eu-west-1",)))
    required_authorizations = asked("UpdateTable", {"TableName": "orders"} | update_of, view)

    assert actions(required_authorizations) == [
        "dynamodb:UpdateTable",
        *(f"dynamodb:{action}" for action in wanted),
    ]


def test_a_key_of_a_replica_that_makes_no_grant_is_an_internal_error(view: FakeAccount) -> None:
    view.add_table("orders", key_arn())
    view.add_key(region="eu-west-1", spec="RSA_2048")
    create = {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": KEY_ID}}
    with pytest.raises(ServiceError) as refused:
        asked("UpdateTable", {"TableName": "orders", "ReplicaUpdates": [create]}, view)
    assert (refused.value.code, refused.value.status) == ("InternalServerError", 500)


def test_a_witness_is_asked_for_in_its_region(view: FakeAccount) -> None:
    table = view.add_table("orders")
    params = {
        "TableName": "orders",
        "MultiRegionConsistency": "STRONG",
        "ReplicaUpdates": [{"Create": {"RegionName": "us-west-2"}}],
        "GlobalTableWitnessUpdates": [{"Create": {"RegionName": "us-east-2"}}],
    }

    there = table.arn.replace(table.region, "us-east-2")
    assert pairs(asked("UpdateTable", params, view))[-1] == ("dynamodb:CreateGlobalTableWitness", there)


def test_a_replica_of_another_accounts_table_needs_its_consent() -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html"""
    view = FakeAccount()
    source = view.add_table("orders", region="eu-west-1", account="210987654321", tags={"team": "blue"})
    params = {"TableName": "orders", "GlobalTableSourceArn": source.arn}
    found = asked("CreateTable", params, view)
    assert pairs(found) == [
        ("dynamodb:CreateTable", table_arn()),
        ("dynamodb:AssociateTableReplica", source.arn),
        *(
            (f"dynamodb:{action}", table_arn())
            for action in (
                "CreateTableReplica",
                "Query",
                "Scan",
                "UpdateItem",
                "PutItem",
                "GetItem",
                "DeleteItem",
                "BatchWriteItem",
            )
        ),
    ]
    consent = found[1].request
    assert consent.resource_account == "210987654321"
    assert consent.context["aws:ResourceTag/team"] == ("blue",)


@pytest.mark.parametrize("source", ["no name of a table!", "arn:aws:s3:::orders", f"{table_arn()}/index/ix"])
def test_what_is_joined_is_a_table(source: str) -> None:
    with pytest.raises(ServiceError, match="ValidationException"):
        asked("CreateTable", {"TableName": "orders", "GlobalTableSourceArn": source}, FakeAccount())


@pytest.mark.parametrize("consents", [True, False])
def test_the_other_account_can_consent(consents: bool) -> None:
    view, ana = FakeAccount(), user()
    source = view.add_table("orders", account="210987654321")
    view.allow(ana, {"Action": "dynamodb:*"})
    if consents:
        view.key_policies[source.arn] = policy(
            {"Principal": {"AWS": ana.account}, "Action": "dynamodb:AssociateTableReplica"}
        )
    params = {"TableName": "new", "GlobalTableSourceArn": source.arn}
    got = outcome(call("dynamodb", "CreateTable", params, ana), view)
    assert got == ("allowed" if consents else "dynamodb:AssociateTableReplica")


def test_a_new_table_takes_no_tag_that_no_table_has() -> None:
    params = {"TableName": "orders", "Tags": [{"Key": "aws:team", "Value": "blue"}]}
    with pytest.raises(ServiceError, match="Tag Key cannot be prefixed with aws:, Key: aws:team"):
        asked("CreateTable", params, FakeAccount())


@pytest.mark.parametrize(
    ("table_key", "update", "text"),
    [
        (None, {"Create": {"RegionName": "us-east-1"}}, "Cannot add or delete the local region"),
        (None, {"Delete": {"RegionName": "us-east-1"}}, "Cannot add or delete the local region"),
        (None, {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": KEY_ID}}, "KMSMasterKeyId must be"),
        (key_arn(), {"Create": {"RegionName": "eu-west-1"}}, "KMSMasterKeyId must be specified for each"),
        (key_arn(), {"Update": {"RegionName": "eu-west-1", "KMSMasterKeyId": KEY_ID}}, "KMSMasterKeyId must"),
        (
            key_arn(),
            {"Create": {"RegionName": "eu-west-1", "KMSMasterKeyId": "alias/aws/dynamodb"}},
            "All replica keys must either be Customer Managed CMK or AWS Managed CMK.$",
        ),
    ],
)
def test_replicas_that_are_not_made(
    table_key: str | None, update: dict[str, Any], text: str, view: FakeAccount
) -> None:
    """Recorded: aws-controllers-k8s/dynamodb-controller."""
    view.add_table("orders", table_key)
    view.add_key(region="eu-west-1")
    with pytest.raises(ServiceError, match=f"^ValidationException: .*{text}"):
        asked("UpdateTable", {"TableName": "orders", "ReplicaUpdates": [update]}, view)
