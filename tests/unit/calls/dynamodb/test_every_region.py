"""What is asked about a table in every Region, and the roles that are passed to scale it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import ACCOUNT, FakeAccount, call, outcome, table_arn, user

from pytest_kmslab.account.model import GlobalTable

THERE = ("eu-west-1", "eu-central-1")
TIME_TO_LIVE = {
    "TableName": "orders",
    "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "gone"},
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/scaling"
SCALING = {"AutoScalingRoleArn": ROLE, "MaximumUnits": 9}


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", global_table=GlobalTable(THERE))
    for region in THERE:
        view.add_table("orders", region=region)
    return view


def test_time_to_live_is_asked_for_on_every_replica(view: FakeAccount) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html"""
    authorizations = asked("UpdateTimeToLive", TIME_TO_LIVE, view)
    expected = [table_arn(), *(table_arn(region=region) for region in THERE)]
    assert pairs(authorizations) == [("dynamodb:UpdateTimeToLive", arn) for arn in expected]
    regions = [one.request.context["aws:RequestedRegion"] for one in authorizations]
    assert regions == [("us-east-1",), *((region,) for region in THERE)]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (table_arn(region="*"), "allowed"),
        (table_arn(), "dynamodb:UpdateTimeToLive"),
        ([table_arn(), table_arn(region="eu-west-1")], "dynamodb:UpdateTimeToLive"),
    ],
)
def test_one_region_is_not_enough(view: FakeAccount, resource: Any, expected: str) -> None:
    view.allow(user(), {"Action": "dynamodb:UpdateTimeToLive", "Resource": resource})
    assert outcome(call("dynamodb", "UpdateTimeToLive", TIME_TO_LIVE), view) == expected


def test_settings_of_a_global_table_take_two_rights_more(view: FakeAccount) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gt_IAM.html"""
    params = {"GlobalTableName": "orders", "ReplicaSettingsUpdate": [{"RegionName": "eu-west-1"}]}
    named = f"arn:aws:dynamodb::{ACCOUNT}:global-table/orders"
    resources = [named, table_arn(), table_arn(region="eu-west-1")]
    assert pairs(asked("UpdateGlobalTableSettings", params, view)) == [
        *(("dynamodb:UpdateGlobalTableSettings", arn) for arn in resources),
        *(("dynamodb:UpdateGlobalTable", arn) for arn in resources),
        ("dynamodb:DescribeLimits", "*"),
    ]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (
            "UpdateTableReplicaAutoScaling",
            {"TableName": "orders", "ProvisionedWriteCapacityAutoScalingUpdate": SCALING},
        ),
        (
            "UpdateTableReplicaAutoScaling",
            {
                "TableName": "orders",
                "GlobalSecondaryIndexUpdates": [
                    {"IndexName": "one", "ProvisionedWriteCapacityAutoScalingUpdate": SCALING},
                    {"IndexName": "two", "ProvisionedWriteCapacityAutoScalingUpdate": SCALING},
                ],
            },
        ),
        (
            "UpdateTableReplicaAutoScaling",
            {
                "TableName": "orders",
                "ReplicaUpdates": [
                    {
                        "RegionName": "eu-west-1",
                        "ReplicaGlobalSecondaryIndexUpdates": [
                            {"IndexName": "one", "ProvisionedReadCapacityAutoScalingUpdate": SCALING}
                        ],
                    }
                ],
            },
        ),
        (
            "UpdateGlobalTableSettings",
            {
                "GlobalTableName": "orders",
                "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate": SCALING,
            },
        ),
    ],
)
def test_a_role_that_scales_is_passed(operation: str, params: dict[str, Any], view: FakeAccount) -> None:
    (*_, last) = asked(operation, params, view)
    passed = [pair for pair in pairs(asked(operation, params, view)) if pair[0] == "iam:PassRole"]
    assert passed == [("iam:PassRole", ROLE)]
    assert last.request.context["iam:PassedToService"] == ("application-autoscaling.amazonaws.com",)
    view.allow(user(), {"Action": "dynamodb:*"})
    assert outcome(call("dynamodb", operation, params), view) == "iam:PassRole"
    view.allow(user(), {"Action": "iam:PassRole", "Resource": ROLE})
    assert outcome(call("dynamodb", operation, params), view) == "allowed"


def test_without_a_role_nothing_is_passed(view: FakeAccount) -> None:
    scaling = {"TableName": "orders", "ProvisionedWriteCapacityAutoScalingUpdate": {"MaximumUnits": 9}}
    assert pairs(asked("UpdateTableReplicaAutoScaling", scaling, view)) == [
        ("dynamodb:UpdateTableReplicaAutoScaling", table_arn())
    ]
