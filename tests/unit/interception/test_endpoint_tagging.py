"""The tagging API of an endpoint tags keys and tables by calls that are decided, whichever client asks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from helpers.account import REGION, TABLE, Account, allow
from helpers.endpoint import account_at, moto_server
from helpers.raw_requests import held

TARGET = "ResourceGroupsTaggingAPI_20170126"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with moto_server() as url, account_at(url) as account:
        yield account


@pytest.fixture(scope="module")
def arns(account: Account) -> dict[str, str]:
    table = account.root.client("dynamodb").describe_table(TableName=TABLE["TableName"])["Table"]
    return {"kms": account.key(), "dynamodb": table["TableArn"]}


def by_boto3(session: boto3.Session, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    client = session.client("resourcegroupstaggingapi")
    method = client.tag_resources if operation == "TagResources" else client.untag_resources
    answer: dict[str, Any] = method(**params)
    return answer


def by_requests(session: boto3.Session, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    url = session.client("resourcegroupstaggingapi").meta.endpoint_url
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET}.{operation}"}
    request = AWSRequest("POST", url, headers=headers, data=json.dumps(params))
    SigV4Auth(held(session), "tagging", REGION).add_auth(request)
    answer = requests.post(url, data=request.data, headers=dict(request.headers.items()), timeout=10)
    answer.raise_for_status()
    response: dict[str, Any] = answer.json()
    return response


@pytest.fixture(params=[by_boto3, by_requests])
def call(request: pytest.FixtureRequest) -> Any:
    return request.param


def tags_of(account: Account, arns: dict[str, str]) -> list[dict[str, str]]:
    of_key = account.root.client("kms").list_resource_tags(KeyId=arns["kms"])["Tags"]
    of_table = account.root.client("dynamodb").list_tags_of_resource(ResourceArn=arns["dynamodb"])["Tags"]
    return [
        {tag["TagKey"]: tag["TagValue"] for tag in of_key},
        {tag["Key"]: tag["Value"] for tag in of_table},
    ]


def test_who_may_not_tag_a_resource_does_not_tag_it_so_either(
    account: Account, arns: dict[str, str], call: Any
) -> None:
    own = allow("kms:TagResource", Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    user = account.user(f"user-{call.__name__}", allow("tag:*"), own)
    params = {"ResourceARNList": list(arns.values()), "Tags": {"team": "blue"}}
    failed = call(user, "TagResources", params)["FailedResourcesMap"]
    assert {which: how["ErrorCode"] for which, how in failed.items()} == {
        arns["dynamodb"]: "AccessDeniedException"
    }
    assert set(call(user, "TagResources", {**params, "Tags": {"team": "red"}})["FailedResourcesMap"]) == set(
        arns.values()
    )
    removal = {"ResourceARNList": [arns["kms"]], "TagKeys": ["team"]}
    refused = call(user, "UntagResources", removal)["FailedResourcesMap"][arns["kms"]]
    assert "kms:UntagResource" in refused["ErrorMessage"]
    assert tags_of(account, arns) == [{"team": "blue"}, {}]
    assert call(account.root, "UntagResources", removal)["FailedResourcesMap"] == {}
    assert tags_of(account, arns) == [{}, {}]


def test_other_resources_are_the_endpoints_to_tag(account: Account, arns: dict[str, str], call: Any) -> None:
    buckets, bucket = account.root.client("s3"), "arn:aws:s3:::letters"
    buckets.create_bucket(Bucket="letters")
    user = account.user(f"other-{call.__name__}", allow("tag:*"))
    params = {"ResourceARNList": [bucket, arns["kms"]], "Tags": {"team": call.__name__}}
    assert list(call(user, "TagResources", params)["FailedResourcesMap"]) == [arns["kms"]]
    tags = buckets.get_bucket_tagging(Bucket="letters")["TagSet"]
    assert tags == [{"Key": "team", "Value": call.__name__}]
    assert call(user, "TagResources", {**params, "ResourceARNList": [bucket]})["FailedResourcesMap"] == {}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X-Amz-Target": f"{TARGET}.TagResources"}, "MissingAuthenticationToken"),
        ({"X-Amz-Target": f"{TARGET}.TagResources", "Content-Encoding": "gzip"}, "SerializationException"),
        ({"X-Amz-Target": f"x.{TARGET}.TagResources"}, "MissingAuthenticationToken"),
    ],
)
def test_what_nobody_signed_tags_no_key(
    account: Account, arns: dict[str, str], headers: dict[str, str], code: str
) -> None:
    params = {"ResourceARNList": [arns["kms"]], "Tags": {"team": "evil"}}
    url = str(account.run.backend.endpoint_url)
    answer = requests.post(url, data=json.dumps(params), headers=headers, timeout=10)
    assert (answer.status_code >= 400, answer.json()["__type"]) == (True, code)
    assert tags_of(account, arns)[0] == {}


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000], ids=["unclosed", "deep"])
def test_what_cannot_be_read_here_is_not_left_to_the_endpoint(account: Account, body: bytes) -> None:
    headers = {"X-Amz-Target": f"{TARGET}.TagResources"}
    answer = requests.post(str(account.run.backend.endpoint_url), data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")
