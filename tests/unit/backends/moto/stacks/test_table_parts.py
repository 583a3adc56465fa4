"""What a table of a stack has beside itself: its stream's policy, items that it begins with, insights."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from helpers.account import ACCOUNT, EVERYTHING, allow
from helpers.asserts import code

from .conftest import Stacks, one

ITEM = {"id": {"S": "1"}}
DESCRIBE = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DescribeStream", "Resource": "*"}
SHUT = {"Version": "2012-10-17", "Statement": [DESCRIBE]}
READ = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:GetRecords", "Resource": "*"}
OPEN = {"Version": "2012-10-17", "Statement": [READ]}


def table(**more: Any) -> dict[str, Any]:
    properties = {
        "TableName": "orders",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }
    return one("AWS::DynamoDB::Table", properties)


def streaming(view: str, policy: Any = None) -> dict[str, Any]:
    more = {} if policy is None else {"ResourcePolicy": {"PolicyDocument": policy}}
    return table(StreamSpecification={"StreamViewType": view, **more})


def described(session: boto3.Session) -> str:
    stream = session.client("dynamodb").describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    return code(session.client("dynamodbstreams").describe_stream, StreamArn=stream)


def test_the_policy_of_a_stream_follows_its_template(stacks: Stacks) -> None:
    root, shut = stacks.account.root, "AccessDeniedException"
    assert stacks.deploy(streaming("NEW_IMAGE", SHUT)).status == "CREATE_COMPLETE"
    assert described(root) == shut
    for template, expected in (
        (streaming("OLD_IMAGE", SHUT), shut),  # another stream, which has none of the old one's
        (streaming("OLD_IMAGE", OPEN), "allowed"),
        (streaming("OLD_IMAGE", SHUT), shut),
        (streaming("OLD_IMAGE"), "allowed"),
    ):
        assert stacks.update(template).status == "UPDATE_COMPLETE"
        assert described(root) == expected


def test_so_do_its_tags(stacks: Stacks) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/streams-abac-example-4.html"""
    dynamodb = stacks.account.root.client("dynamodb")

    def tags() -> dict[str, str]:
        stream = dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
        listed = dynamodb.list_tags_of_resource(ResourceArn=stream)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in listed}

    def tagged(view: str, **own: str) -> dict[str, Any]:
        listed = [{"Key": key, "Value": value} for key, value in own.items()]
        return table(StreamSpecification={"StreamViewType": view, "Tags": listed})

    assert stacks.deploy(tagged("NEW_IMAGE", a="1", b="2")).status == "CREATE_COMPLETE"
    assert tags() == {"a": "1", "b": "2"}
    assert stacks.update(tagged("NEW_IMAGE", a="3")).status == "UPDATE_COMPLETE"
    assert tags() == {"a": "3"}
    assert stacks.update(tagged("OLD_IMAGE", a="3")).status == "UPDATE_COMPLETE"
    assert tags() == {"a": "3"}


IMPORT = {"S3BucketSource": {"S3Bucket": "items"}, "InputFormat": "DYNAMODB_JSON"}


def bucket(stacks: Stacks) -> None:
    s3 = stacks.account.root.client("s3")
    s3.create_bucket(Bucket="items")
    s3.put_object(Bucket="items", Key="data", Body=json.dumps({"Item": ITEM}))


def test_a_table_of_a_template_is_imported(stacks: Stacks) -> None:
    bucket(stacks)
    key = stacks.account.key()
    encrypted = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    stream = {"StreamViewType": "NEW_IMAGE", "ResourcePolicy": {"PolicyDocument": SHUT}}
    more = {"SSESpecification": encrypted, "StreamSpecification": stream}
    stack = stacks.deploy(table(ImportSourceSpecification=IMPORT, **more))
    assert stack.status == "CREATE_COMPLETE", stack.failures
    root = stacks.account.root
    assert root.client("dynamodb").scan(TableName="orders")["Items"] == [ITEM]
    assert described(root) == "AccessDeniedException"
    ana = stacks.account.user("ana", allow("dynamodb:*")).client("dynamodb")
    assert code(ana.get_item, TableName="orders", Key=ITEM) == "AccessDeniedException"


@pytest.mark.parametrize("action", ["dynamodb:ImportTable", "dynamodb:DescribeImport"])
def test_who_may_not_import_makes_no_table_of_it(stacks: Stacks, action: str) -> None:
    bucket(stacks)
    deny = allow(action)
    deny["Statement"][0]["Effect"] = "Deny"
    theirs = Stacks(stacks.account, stacks.account.user("ana", EVERYTHING, deny))
    stack = theirs.deploy(table(ImportSourceSpecification=IMPORT))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert action in stack.failures["One"]


@pytest.mark.parametrize(
    ("more", "text"),
    [({}, "The import into table orders failed: S3NoSuchBucket"), ({"LocalSecondaryIndexes": []}, "has no")],
    ids=["no bucket", "local indexes"],
)
def test_what_cannot_be_imported_fails_the_stack(stacks: Stacks, more: Any, text: str) -> None:
    stack = stacks.deploy(table(ImportSourceSpecification=IMPORT, **more))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert text in stack.failures["One"]


def test_insights_of_an_index_are_asked_for(stacks: Stacks) -> None:
    index = {
        "IndexName": "by-id",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        "ContributorInsightsSpecification": {"Enabled": True},
    }
    deny = allow("dynamodb:UpdateContributorInsights")
    deny["Statement"][0]["Effect"] = "Deny"
    deny["Statement"][0]["Resource"] = f"arn:aws:dynamodb:*:{ACCOUNT}:table/orders/index/*"
    theirs = Stacks(stacks.account, stacks.account.user("ana", EVERYTHING, deny))
    stack = theirs.deploy(table(GlobalSecondaryIndexes=[index]))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "dynamodb:UpdateContributorInsights" in stack.failures["One"]
    assert stacks.deploy(table(GlobalSecondaryIndexes=[index]), name="t").status == "CREATE_COMPLETE"
