"""What the handlers of a table and of a key in a stack refuse, in their own words, and what they take.

Sources: badmintoncryer/cdk-preflight, rules/dynamodb/pf-dynamodb-…, rules/kms/pf-kms-key-….
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.account import ACCOUNT

from .conftest import Stacks, one
from .test_global_tables import INDEX

UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
PROVISIONED = {"BillingMode": "PROVISIONED", **UNITS}
HASH, RANGE = ({"AttributeName": name, "KeyType": kind} for name, kind in (("id", "HASH"), ("at", "RANGE")))
LOCAL = INDEX | {"KeySchema": [HASH, RANGE]}
ID, AT = ({"AttributeName": name, "AttributeType": "S"} for name in ("id", "at"))
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
RECOVERY, LIFE = "PointInTimeRecoverySpecification", "TimeToLiveSpecification"
INSIGHTS, KINESIS = "ContributorInsightsSpecification", "KinesisStreamSpecification"


def table(**more: Any) -> dict[str, Any]:
    properties = {
        "TableName": "orders",
        "KeySchema": [HASH],
        "AttributeDefinitions": [ID],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return one("AWS::DynamoDB::Table", properties | more)


def policy(length: int) -> dict[str, Any]:
    """A resource-based policy of so many bytes, written without blanks."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    read = {"Effect": "Allow", "Principal": root, "Action": "dynamodb:GetItem", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [read], "Id": ""}
    document["Id"] = "x" * (length - len(json.dumps(document, separators=(",", ":"))))
    return {"ResourcePolicy": {"PolicyDocument": document}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "units on demand": (
        UNITS,
        "Property ProvisionedThroughput can't be used with PAY_PER_REQUEST BillingMode.",
    ),
    "units of an index on demand": (
        {"GlobalSecondaryIndexes": [INDEX | UNITS]},
        "Property ProvisionedThroughput can't be used with PAY_PER_REQUEST BillingMode.",
    ),
    "no units": ({"BillingMode": "PROVISIONED"}, "Property ProvisionedThroughput cannot be empty"),
    "no units of an index": (
        PROVISIONED | {"GlobalSecondaryIndexes": [INDEX]},
        "Property ProvisionedThroughput cannot be empty",
    ),
    "a limit of provisioned": (
        PROVISIONED | {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        "Property MaxReadRequestUnits for OnDemandThroughput can't be used with PROVISIONED BillingMode.",
    ),
    "an attribute twice": (
        {"AttributeDefinitions": [ID, ID]},
        "An attribute appears more than once in AttributeDefinitions",
    ),
    "a key of an index that is no attribute": (
        {"KeySchema": [HASH, RANGE], "LocalSecondaryIndexes": [LOCAL]},
        "An attribute referenced in a KeySchema element is not defined in AttributeDefinitions",
    ),
    "an index twice": ({"GlobalSecondaryIndexes": [INDEX, INDEX]}, "Duplicate index name: by-id"),
    "a class": (
        {"TableClass": "COLD"},
        "The only valid values for TableClass are STANDARD and STANDARD_INFREQUENT_ACCESS",
    ),
    "a period without recovery": (
        {RECOVERY: {"RecoveryPeriodInDays": 7}},
        "Cannot set RecoveryPeriodInDays property when PointInTimeRecoveryEnabled is false",
    ),
    "a life without attribute": (
        {LIFE: {"Enabled": "true"}},
        "AttributeName property of TimeToLiveSpecification is required when TTL status is enabled",
    ),
    "insights of another mode": ({INSIGHTS: {"Enabled": True, "Mode": "ALL"}}, "Mode"),
    "a stream elsewhere": (
        {KINESIS: {"StreamArn": STREAM.replace("us-east", "eu-west")}},
        "did not stabilize",
    ),
    "another precision": (
        {KINESIS: {"StreamArn": STREAM, "ApproximateCreationDateTimePrecision": "SECOND"}},
        "recision",
    ),
    "too long a policy": (policy(20481), "Maximum policy size of 20480 bytes exceeded"),
}


@pytest.mark.parametrize(("more", "text"), REFUSED.values(), ids=REFUSED)
def test_what_the_handler_refuses(more: dict[str, Any], text: str, stacks: Stacks) -> None:
    made = stacks.deploy(table(**more))
    assert made.status == "ROLLBACK_COMPLETE"
    assert text in made.failures["One"]


def test_an_update_that_is_refused_is_taken_back(stacks: Stacks) -> None:
    assert stacks.deploy(table()).failures == {}
    aws_tag = {"Tags": [{"Key": "aws:mine", "Value": ""}]}
    for more in (*(more for more, _ in REFUSED.values()), aws_tag):
        if "KeySchema" not in more:  # which would be another table
            assert stacks.update(table(**more)).status == "UPDATE_ROLLBACK_COMPLETE", more
    asymmetric = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    assert stacks.one("AWS::KMS::Key", asymmetric, "key").failures == {}
    rotating = one("AWS::KMS::Key", asymmetric | {"EnableKeyRotation": True})
    assert stacks.update(rotating, name="key").status == "UPDATE_ROLLBACK_COMPLETE"


TAKEN: dict[str, dict[str, Any]] = {
    "units": PROVISIONED | {"GlobalSecondaryIndexes": [INDEX | UNITS]},
    "a local index": {
        "KeySchema": [HASH, RANGE],
        "AttributeDefinitions": [ID, AT],
        "LocalSecondaryIndexes": [LOCAL],
    },
    "all that is off": {LIFE: {"Enabled": False}, INSIGHTS: {"Enabled": False}},
    "a life that is off, with its attribute": {LIFE: {"Enabled": False, "AttributeName": "until"}},
    "insights": {INSIGHTS: {"Enabled": True, "Mode": "THROTTLED_KEYS"}},
    "a precision": {KINESIS: {"StreamArn": STREAM, "ApproximateCreationDateTimePrecision": "MICROSECOND"}},
    "as long a policy as there may be": policy(20480),
}


@pytest.mark.parametrize("more", TAKEN.values(), ids=TAKEN)
def test_what_it_takes(more: dict[str, Any], stacks: Stacks) -> None:
    assert stacks.deploy(table(**more)).failures == {}


def test_a_life_is_ended_with_its_attribute_or_with_its_property(stacks: Stacks) -> None:
    living = table(**{LIFE: {"Enabled": True, "AttributeName": "until"}})
    assert stacks.deploy(living).status == "CREATE_COMPLETE"
    assert "AttributeName property" in stacks.update(table(**{LIFE: {"Enabled": False}})).failures["One"]
    dynamodb = stacks.account.root.client("dynamodb")
    for template, status in ((table(), "DISABLED"), (living, "ENABLED")):
        assert stacks.update(template).status == "UPDATE_COMPLETE"
        shown = dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
        assert shown["TimeToLiveStatus"] == status


KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "rotation of an asymmetric key": (
        {"EnableKeyRotation": True, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        "You cannot set the EnableKeyRotation property to true on asymmetric or external keys.",
    ),
    "rotation of imported material": (
        {"EnableKeyRotation": "true", "Origin": "EXTERNAL"},
        "You cannot set the EnableKeyRotation property to true on asymmetric or external keys.",
    ),
    "too short a wait": ({"PendingWindowInDays": 6}, "#/PendingWindowInDays: 6 is not greater or equal to 7"),
    "too long a wait": (
        {"PendingWindowInDays": "31"},
        "#/PendingWindowInDays: 31 is not less or equal to 30",
    ),
    "the longest wait": ({"PendingWindowInDays": "30"}, ""),
    "a policy of other characters": ({"Sid": "\u9375"}, "Member must satisfy regular expression pattern"),
    "no rotation of an asymmetric key": (
        {"EnableKeyRotation": False, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        "",
    ),
    "a policy of western characters": ({"Sid": "cl\u00e9"}, ""),
}


@pytest.mark.parametrize(("more", "text"), KEYS.values(), ids=KEYS)
def test_what_the_handler_of_keys_refuses(more: dict[str, Any], text: str, stacks: Stacks) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    sid = {name: value for name, value in more.items() if name == "Sid"}
    given = {name: value for name, value in more.items() if name != "Sid"}
    key_policy = {"Version": "2012-10-17", "Statement": [root | sid]}
    failures = stacks.one("AWS::KMS::Key", {"KeyPolicy": key_policy, **given}).failures
    assert text in failures["One"] if text else failures == {}
