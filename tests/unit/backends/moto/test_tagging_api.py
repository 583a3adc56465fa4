"""The tagging API tags keys and tables by calls of KMS and DynamoDB, which are decided."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import Account, allow

TABLE: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
MAY = {"kms": "kms:TagResource", "dynamodb": "dynamodb:TagResource"}
MAY_NOT = {"kms": "kms:UntagResource", "dynamodb": "dynamodb:UntagResource"}


@pytest.fixture
def arns(account: Account) -> dict[str, str]:
    """A key and a table by the service that has them."""
    table = account.root.client("dynamodb").create_table(**TABLE)["TableDescription"]["TableArn"]
    return {"kms": account.key(), "dynamodb": table}


def tags_of(account: Account, arns: dict[str, str]) -> dict[str, dict[str, str]]:
    of_key = account.root.client("kms").list_resource_tags(KeyId=arns["kms"])["Tags"]
    of_table = account.root.client("dynamodb").list_tags_of_resource(ResourceArn=arns["dynamodb"])["Tags"]
    return {
        "kms": {tag["TagKey"]: tag["TagValue"] for tag in of_key},
        "dynamodb": {tag["Key"]: tag["Value"] for tag in of_table},
    }


def tag(session: boto3.Session, *arns: str, **tags: str) -> dict[str, Any]:
    client = session.client("resourcegroupstaggingapi")
    failed: dict[str, Any] = client.tag_resources(ResourceARNList=list(arns), Tags=tags)["FailedResourcesMap"]
    return failed


@pytest.mark.parametrize("service", ["kms", "dynamodb"])
def test_who_may_not_tag_a_resource_does_not_tag_it_so_either(
    account: Account, arns: dict[str, str], service: str
) -> None:
    arn, other = arns[service], arns["dynamodb" if service == "kms" else "kms"]
    user = account.user("ana", allow("tag:*", MAY[service]))
    failed = tag(user, arn, other, team="blue")
    assert [(which, how["ErrorCode"]) for which, how in failed.items()] == [(other, "AccessDeniedException")]
    assert "is not authorized to perform" in failed[other]["ErrorMessage"]
    client = user.client("resourcegroupstaggingapi")
    removed = client.untag_resources(ResourceARNList=[arn], TagKeys=["team"])["FailedResourcesMap"]
    assert MAY_NOT[service] in removed[arn]["ErrorMessage"]
    found = tags_of(account, arns)
    assert found.pop(service) == {"team": "blue"}
    assert list(found.values()) == [{}]


def test_who_may_tag_does(account: Account, arns: dict[str, str]) -> None:
    user = account.user("ana", allow(*MAY.values(), *MAY_NOT.values()))
    assert tag(user, *arns.values(), team="blue", app="shop") == {}
    client = user.client("resourcegroupstaggingapi")
    assert (
        client.untag_resources(ResourceARNList=[*arns.values()], TagKeys=["app"])["FailedResourcesMap"] == {}
    )
    assert tags_of(account, arns) == {"kms": {"team": "blue"}, "dynamodb": {"team": "blue"}}


def test_conditions_on_the_tags_hold(account: Account, arns: dict[str, str]) -> None:
    blue = {"StringEquals": {"aws:RequestTag/team": "blue"}, "Bool": {"aws:ViaAWSService": "true"}}
    user = account.user("ana", allow(*MAY.values(), Condition=blue))
    assert set(tag(user, *arns.values(), team="red")) == set(arns.values())
    assert tag(user, *arns.values(), team="blue") == {}


def test_what_the_service_refuses_is_told_and_the_rest_is_done(
    account: Account, arns: dict[str, str]
) -> None:
    gone = arns["kms"].replace(arns["kms"][-8:], "00000000")
    failed = tag(account.root, gone, arns["dynamodb"], team="blue")
    assert failed[gone]["ErrorCode"] == "NotFoundException"
    assert list(failed) == [gone]
    assert set(tag(account.root, arns["kms"], **{"aws:team": "blue"})) == {arns["kms"]}


def test_nobody_is_asked_about_resources_of_other_services(account: Account, arns: dict[str, str]) -> None:
    nobody = boto3.Session("any", "any", region_name="us-east-1")
    queue = "arn:aws:sqs:us-east-1:123456789012:one"
    assert tag(nobody, queue, team="blue")[queue]["ErrorMessage"] == "Service not yet supported"
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        tag(nobody, arns["kms"], team="blue")
    assert tags_of(account, arns)["kms"] == {}


@pytest.mark.parametrize("beginning", ["arn:aws:kms:key/", "arn:aws:kms:us-east-1:key/", "arn:aws:kms::key/"])
def test_what_only_looks_like_an_arn_gets_nobody_past_the_key_policy(
    account: Account, arns: dict[str, str], beginning: str
) -> None:
    """moto goes by how a text begins and by what follows `:key/`."""
    user = account.user("ana", allow("tag:*"))
    no_arn = beginning + arns["kms"].partition("key/")[2]
    assert set(tag(user, no_arn, team="blue")) == {no_arn}
    client = user.client("resourcegroupstaggingapi")
    client.untag_resources(ResourceARNList=[no_arn], TagKeys=["team"])
    assert tags_of(account, arns)["kms"] == {}
    # Nor anybody who may tag: KMS knows no such ARN.
    assert set(tag(account.root, no_arn, team="blue")) == {no_arn}
    assert tags_of(account, arns)["kms"] == {}
