"""Resource policies of tables and streams, from when they are put until they are gone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, TABLE, Account, allow
from helpers.asserts import code

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
KEY = {"id": {"S": "1"}}


def policy(effect: str, resource: str = TABLE_ARN, principal: str = ANA) -> str:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": principal},
        "Action": "dynamodb:*",
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def root(account: Account) -> Any:
    return account.root.client("dynamodb")


def test_the_policy_that_a_table_is_made_with_counts(account: Account, root: Any) -> None:
    ana = account.user("ana", allow("dynamodb:*")).client("dynamodb")
    root.create_table(**TABLE, ResourcePolicy=policy("Deny"))
    assert code(ana.get_item, TableName="orders", Key=KEY) == "AccessDeniedException"
    assert json.loads(root.get_resource_policy(ResourceArn=TABLE_ARN)["Policy"]) == json.loads(policy("Deny"))


def test_the_policy_of_a_deleted_table_is_not_that_of_the_next_one(account: Account, root: Any) -> None:
    ana = account.user("ana").client("dynamodb")
    root.create_table(**TABLE)
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("Allow"))
    assert code(ana.get_item, TableName="orders", Key=KEY) == "allowed"
    root.delete_table(TableName="orders")
    root.create_table(**TABLE)
    assert code(ana.get_item, TableName="orders", Key=KEY) == "AccessDeniedException"


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


@pytest.mark.parametrize("name", ["stream", "index"])
def test_a_table_may_be_called_as_what_hangs_on_one(account: Account, root: Any, name: str) -> None:
    ana = account.user("ana", allow("dynamodb:*"))
    images = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    by_id = {"IndexName": "by_id", "KeySchema": TABLE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    made = root.create_table(
        **TABLE | {"TableName": name}, StreamSpecification=images, GlobalSecondaryIndexes=[by_id]
    )["TableDescription"]
    arn, stream = made["TableArn"], made["LatestStreamArn"]
    index = {"TableName": name, "IndexName": "by_id"}
    for resource in (f"{arn}/index/by_id", "*"):
        root.put_resource_policy(ResourceArn=arn, Policy=policy("Deny", resource))
        assert code(ana.client("dynamodb").scan, **index) == "AccessDeniedException"
    root.put_resource_policy(ResourceArn=stream, Policy=policy("Deny", stream))
    assert code(ana.client("dynamodbstreams").describe_stream, StreamArn=stream) == "AccessDeniedException"
    assert code(root.put_resource_policy, ResourceArn=arn, Policy=policy("Deny", stream)) != "allowed"


@pytest.mark.parametrize("text", ["{", policy("Allow", principal=f"{ANA}-nobody"), "[]"])
def test_a_policy_that_aws_would_not_take_is_refused(account: Account, root: Any, text: str) -> None:
    """One that names nobody yet would let in whoever is given the name later."""
    root.create_table(**TABLE)
    assert code(root.put_resource_policy, ResourceArn=TABLE_ARN, Policy=text) == "ValidationException"
    assert (
        code(root.create_table, **TABLE | {"TableName": "others"}, ResourcePolicy=text)
        == "ValidationException"
    )
    assert root.list_tables()["TableNames"] == ["orders"]


def answered(act: Any, **params: Any) -> Any:
    """What a call answers, without what every response has."""
    response = act(**params)
    del response["ResponseMetadata"]
    return response


def statement(effect: str, *actions: str, **more: Any) -> str:
    one = {"Effect": effect, "Principal": "*", "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


def test_a_table_is_not_opened_to_everybody(account: Account, root: Any) -> None:
    ana = account.user("ana").client("dynamodb")
    root.create_table(**TABLE)
    text = statement("Allow", "dynamodb:GetItem")
    assert code(root.put_resource_policy, ResourceArn=TABLE_ARN, Policy=text) == "ValidationException"
    assert (
        code(root.create_table, **TABLE | {"TableName": "others"}, ResourcePolicy=text)
        == "ValidationException"
    )
    assert code(ana.get_item, TableName="orders", Key=KEY) == "AccessDeniedException"
    bound = statement("Allow", "dynamodb:GetItem", Condition={"StringEquals": {"aws:PrincipalArn": ANA}})
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=bound)
    assert code(ana.get_item, TableName="orders", Key=KEY) == "allowed"


def test_who_would_be_locked_out_has_to_say_so(account: Account, root: Any) -> None:
    ana = account.user("ana", allow("dynamodb:*")).client("dynamodb")
    root.create_table(**TABLE)
    text = statement("Deny", "dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy")
    for confirmed in ({}, {"ConfirmRemoveSelfResourceAccess": False}):
        with pytest.raises(ClientError, match="will not allow you to update the resource policy") as refused:
            ana.put_resource_policy(ResourceArn=TABLE_ARN, Policy=text, **confirmed)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert code(root.get_resource_policy, ResourceArn=TABLE_ARN) == "PolicyNotFoundException"
    named = {"ResourceArn": TABLE_ARN, "ConfirmRemoveSelfResourceAccess": True}
    ana.put_resource_policy(Policy=text, **named)
    for act in (
        lambda: ana.put_resource_policy(Policy=text, **named),
        lambda: ana.delete_resource_policy(ResourceArn=TABLE_ARN),
    ):
        with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
            act()
    assert code(root.put_resource_policy, Policy=text, **named) == "AccessDeniedException"


def test_the_root_user_may_always_remove_the_policy_of_a_table(account: Account, root: Any) -> None:
    ana = account.user("ana", allow("dynamodb:*")).client("dynamodb")
    root.create_table(**TABLE)
    text = statement("Deny", "dynamodb:*")
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=text, ConfirmRemoveSelfResourceAccess=True)
    assert code(ana.delete_resource_policy, ResourceArn=TABLE_ARN) == "AccessDeniedException"
    assert code(root.get_item, TableName="orders", Key=KEY) == "AccessDeniedException"
    root.delete_resource_policy(ResourceArn=TABLE_ARN)
    assert code(ana.get_item, TableName="orders", Key=KEY) == "allowed"


def test_a_policy_that_never_was_is_removed_all_the_same(root: Any) -> None:
    root.create_table(**TABLE)
    assert answered(root.delete_resource_policy, ResourceArn=TABLE_ARN) == {}
    assert code(root.delete_resource_policy, ResourceArn=f"{TABLE_ARN}x") == "ResourceNotFoundException"
    expected = {"ResourceArn": TABLE_ARN, "ExpectedRevisionId": "1"}
    assert code(root.delete_resource_policy, **expected) == "PolicyNotFoundException"
    assert code(root.put_resource_policy, **expected, Policy=policy("Deny")) != "allowed"


def test_a_revision_is_that_of_a_change(account: Account, root: Any) -> None:
    account.user("ana")
    root.create_table(**TABLE)
    put = root.put_resource_policy

    def revision(text: str, **more: Any) -> str:
        return str(put(ResourceArn=TABLE_ARN, Policy=text, **more)["RevisionId"])

    first = revision(policy("Deny"), ExpectedRevisionId="NO_POLICY")
    assert revision(policy("Deny")) == first
    second = revision(policy("Allow"), ExpectedRevisionId=first)
    assert second > first
    assert answered(root.get_resource_policy, ResourceArn=TABLE_ARN)["RevisionId"] == second
    for stale in (first, "NO_POLICY"):
        named = {"ResourceArn": TABLE_ARN, "ExpectedRevisionId": stale}
        assert code(put, **named, Policy=policy("Deny")) == "PolicyNotFoundException"
        assert code(root.delete_resource_policy, **named) == "PolicyNotFoundException"
    gone = answered(root.delete_resource_policy, ResourceArn=TABLE_ARN, ExpectedRevisionId=second)
    assert gone == {"RevisionId": second}


def test_a_policy_put_again_names_who_has_the_name_now(account: Account, root: Any) -> None:
    account.user("ana")
    root.create_table(**TABLE)
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("Allow"))
    iam = account.root.client("iam")
    for key in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="ana")
    again = account.user("ana").client("dynamodb")
    assert code(again.get_item, TableName="orders", Key=KEY) == "AccessDeniedException"
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("Allow"))
    assert code(again.get_item, TableName="orders", Key=KEY) == "allowed"


def test_an_effect_in_other_letters_is_kept_as_aws_writes_it(account: Account, root: Any) -> None:
    root.create_table(**TABLE)
    ana = account.user("ana").client("dynamodb")
    root.put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy("allow"))
    assert (
        json.loads(root.get_resource_policy(ResourceArn=TABLE_ARN)["Policy"])["Statement"]
        == (json.loads(policy("Allow"))["Statement"])
    )
    assert code(ana.get_item, TableName="orders", Key=KEY) == "allowed"
