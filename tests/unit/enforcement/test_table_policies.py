"""Resource policies of tables and streams, from when they are put until they are gone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.account import ACCOUNT, TABLE, Account, allow

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
KEY = {"id": {"S": "1"}}


def policy(effect: str, resource: str = TABLE_ARN, principal: str = ANA) -> str:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": principal},
        "Action": "dynamodb:*",
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code(act: Any, **params: Any) -> str:
    try:
        act(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


@pytest.fixture
def root(account: Account) -> Any:
    return account.root.client("dynamodb")


def test_the_policy_that_a_table_is_made_with_counts(account: Account, root: Any) -> None:
    ana = account.user("ana", allow("dynamodb:*")).client("dynamodb")
    root.create_table(**TABLE, ResourcePolicy=policy("Deny"))
    assert code(ana.get_item, TableName="t", Key=KEY) == "AccessDeniedException"
    assert json.loads(root.get_resource_policy(ResourceArn=TABLE_ARN)["Policy"]) == json.loads(policy("Deny"))


def test_the_policy_of_a_deleted_table_is_not_that_of_the_next_one(account: Account, root: Any) -> None:
    ana = account.user("ana").client("dynamodb")
    root.create_table(**TABLE)
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("Allow"))
    assert code(ana.get_item, TableName="t", Key=KEY) == "allowed"
    root.delete_table(TableName="t")
    root.create_table(**TABLE)
    assert code(ana.get_item, TableName="t", Key=KEY) == "AccessDeniedException"


def test_a_stream_has_a_policy_of_its_own(account: Account, root: Any) -> None:
    ana = account.user("ana").client("dynamodbstreams")
    stream = root.create_table(
        **TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )["TableDescription"]["LatestStreamArn"]
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("Allow"))
    assert code(ana.describe_stream, StreamArn=stream) == "AccessDeniedException"
    root.put_resource_policy(ResourceArn=stream, Policy=policy("Allow", stream))
    assert code(ana.describe_stream, StreamArn=stream) != "AccessDeniedException"
    assert json.loads(root.get_resource_policy(ResourceArn=stream)["Policy"])["Statement"]
    root.delete_resource_policy(ResourceArn=stream)
    assert code(ana.describe_stream, StreamArn=stream) == "AccessDeniedException"
    assert code(root.get_resource_policy, ResourceArn=stream) == "PolicyNotFoundException"
    assert code(root.put_resource_policy, ResourceArn=f"{stream}x", Policy="{}") != "allowed"


@pytest.mark.parametrize("text", ["{", policy("Allow", principal=f"{ANA}-nobody"), "[]"])
def test_a_policy_that_aws_would_not_take_is_refused(account: Account, root: Any, text: str) -> None:
    """One that names nobody yet would let in whoever is given the name later."""
    root.create_table(**TABLE)
    assert code(root.put_resource_policy, ResourceArn=TABLE_ARN, Policy=text) == "ValidationException"
    assert code(root.create_table, **TABLE | {"TableName": "u"}, ResourcePolicy=text) == "ValidationException"
    assert root.list_tables()["TableNames"] == ["t"]
