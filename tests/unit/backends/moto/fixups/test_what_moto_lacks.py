"""Operations on tables that moto lacks: contributor insights, global tables of 2017, imports and exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, REGION, TABLE, Account, allow

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
GLOBAL = f"arn:aws:dynamodb::{ACCOUNT}:global-table/orders"
HERE = {"RegionName": REGION}
THERE = {"RegionName": "eu-west-1"}


@pytest.fixture
def dynamodb(account: Account) -> Any:
    root = account.root.client("dynamodb")
    root.create_table(**TABLE)
    return root


def code(act: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        act(**params)
    return str(caught.value.response["Error"]["Code"])


def test_contributor_insights_are_on_until_they_are_off(dynamodb: Any) -> None:
    change = dynamodb.update_contributor_insights
    told = change(
        TableName="orders", ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    assert told["ContributorInsightsStatus"] == "ENABLING"
    shown = dynamodb.describe_contributor_insights(TableName=ARN)
    assert (shown["ContributorInsightsStatus"], shown["ContributorInsightsMode"]) == (
        "ENABLED",
        "THROTTLED_KEYS",
    )
    (listed,) = dynamodb.list_contributor_insights()["ContributorInsightsSummaries"]
    assert (listed["TableName"], listed["ContributorInsightsStatus"]) == ("orders", "ENABLED")
    change(TableName="orders", ContributorInsightsAction="DISABLE")
    assert (
        dynamodb.describe_contributor_insights(TableName="orders")["ContributorInsightsStatus"] == "DISABLED"
    )
    assert code(change, TableName="nope", ContributorInsightsAction="ENABLE") == "ResourceNotFoundException"
    index = {"TableName": "orders", "IndexName": "nope", "ContributorInsightsAction": "ENABLE"}
    assert code(change, **index) == "ResourceNotFoundException"


def test_a_global_table_has_the_regions_that_it_was_given(account: Account, dynamodb: Any) -> None:
    make = dynamodb.create_global_table
    made = make(GlobalTableName="orders", ReplicationGroup=[HERE])["GlobalTableDescription"]
    assert (made["GlobalTableArn"], made["GlobalTableStatus"]) == (GLOBAL, "CREATING")
    assert (
        code(make, GlobalTableName="orders", ReplicationGroup=[HERE]) == "GlobalTableAlreadyExistsException"
    )
    change = dynamodb.update_global_table
    more = {"GlobalTableName": "orders", "ReplicaUpdates": [{"Create": THERE}]}
    assert code(change, **more) == "TableNotFoundException"
    nowhere = {"RegionName": "xx-nowhere-1"}
    assert code(make, GlobalTableName="other", ReplicationGroup=[nowhere]) == "TableNotFoundException"
    account.root.client("dynamodb", region_name="eu-west-1").create_table(**TABLE)
    change(**more)
    assert code(change, **more) == "ReplicaAlreadyExistsException"
    elsewhere = account.root.client("dynamodb", region_name="eu-west-1")
    shown = elsewhere.describe_global_table(GlobalTableName="orders")["GlobalTableDescription"]
    assert [replica["RegionName"] for replica in shown["ReplicationGroup"]] == [REGION, "eu-west-1"]
    settings = dynamodb.describe_global_table_settings(GlobalTableName="orders")
    assert settings["GlobalTableName"] == "orders"
    units = {"ReplicaProvisionedReadCapacityUnits": 0, "ReplicaProvisionedWriteCapacityUnits": 0}
    assert settings["ReplicaSettings"] == [{**at, "ReplicaStatus": "ACTIVE", **units} for at in (HERE, THERE)]
    assert len(dynamodb.list_global_tables(RegionName="eu-west-1")["GlobalTables"]) == 1
    change(GlobalTableName="orders", ReplicaUpdates=[{"Delete": THERE}])
    gone = {"GlobalTableName": "orders", "ReplicaUpdates": [{"Delete": THERE}]}
    assert code(change, **gone) == "ReplicaNotFoundException"
    assert dynamodb.list_global_tables(RegionName="eu-west-1")["GlobalTables"] == []
    assert code(dynamodb.describe_global_table, GlobalTableName="nope") == "GlobalTableNotFoundException"


def test_imports_and_exports_are_listed_and_those_that_are_not_there_are_not_found(dynamodb: Any) -> None:
    assert dynamodb.list_imports()["ImportSummaryList"] == []
    assert dynamodb.list_exports()["ExportSummaries"] == []
    made = dynamodb.import_table(
        S3BucketSource={"S3Bucket": "nowhere"},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters={**TABLE, "TableName": "imported", "BillingMode": "PAY_PER_REQUEST"},
    )["ImportTableDescription"]
    (listed,) = dynamodb.list_imports(TableArn=made["TableArn"])["ImportSummaryList"]
    assert listed["ImportArn"] == made["ImportArn"]
    assert dynamodb.list_imports(TableArn=ARN)["ImportSummaryList"] == []
    described = dynamodb.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    assert described["TableArn"] == made["TableArn"]
    lost = f"{ARN}/{{}}/01234567890123-a1b2c3d4"
    assert code(dynamodb.describe_import, ImportArn=lost.format("import")) == "ImportNotFoundException"
    assert code(dynamodb.describe_export, ExportArn=lost.format("export")) == "ExportNotFoundException"


def test_an_export_is_described_by_the_arn_that_was_told(dynamodb: Any) -> None:
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=recovery)
    made = dynamodb.export_table_to_point_in_time(TableArn=ARN, S3Bucket="nowhere")["ExportDescription"]

    assert made["ExportArn"].startswith(f"{ARN}/export/0")
    dynamodb.describe_export(ExportArn=made["ExportArn"])
    (listed,) = dynamodb.list_exports(TableArn=ARN)["ExportSummaries"]
    assert (listed["ExportArn"], listed["ExportType"]) == (made["ExportArn"], "FULL_EXPORT")


def test_each_is_decided_first(account: Account, dynamodb: Any) -> None:
    user = account.user("ana", allow("dynamodb:Describe*")).client("dynamodb")

    for act, params in (
        (user.update_contributor_insights, {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}),
        (user.list_contributor_insights, {}),
        (user.create_global_table, {"GlobalTableName": "orders", "ReplicationGroup": [HERE]}),
        (user.list_global_tables, {}),
        (user.list_imports, {}),
        (user.list_exports, {}),
    ):
        assert code(act, **params) == "AccessDeniedException"
    assert dynamodb.list_global_tables()["GlobalTables"] == []


def test_the_clients_of_an_identity_provider(account: Account) -> None:
    iam = account.root.client("iam")
    made = iam.create_open_id_connect_provider(Url="https://oidc.example.com", ClientIDList=["one"])
    arn = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    for client_id in ("two", "two"):
        iam.add_client_id_to_open_id_connect_provider(**arn, ClientID=client_id)
    for client_id in ("one", "one"):
        iam.remove_client_id_from_open_id_connect_provider(**arn, ClientID=client_id)

    assert iam.get_open_id_connect_provider(**arn)["ClientIDList"] == ["two"]
    for number in range(99):
        iam.add_client_id_to_open_id_connect_provider(**arn, ClientID=f"client-{number}")
    assert code(iam.add_client_id_to_open_id_connect_provider, **arn, ClientID="more") == "LimitExceeded"
    iam.add_client_id_to_open_id_connect_provider(**arn, ClientID="two")
    iam.delete_open_id_connect_provider(**arn)
    assert code(iam.add_client_id_to_open_id_connect_provider, **arn, ClientID="one") == "NoSuchEntity"
