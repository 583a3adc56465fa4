"""What was done is taken back where a stack fails; what cannot be is told, and can be tried again.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account

from .conftest import Stacks

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
EVE = f"arn:aws:iam::{ACCOUNT}:user/eve"
ALL = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
SHAPE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
FAILS = {"Type": "AWS::IAM::Sesame", "DependsOn": "Key"}


def key(*statements: Any, **properties: Any) -> dict[str, Any]:
    policy = {"Version": "2012-10-17", "Statement": [ALL, *statements]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, **properties}}


def of(first: Any, **more: Any) -> dict[str, Any]:
    return {"Resources": {"Key": first, **more}, "Outputs": {"Key": {"Value": {"Ref": "Key"}}}}


def deny(principal: str, action: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


def eve(account: Account, *actions: str) -> Stacks:
    """CloudFormation as used by somebody who may do everything but these."""
    but = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    statements = EVERYTHING["Statement"] + ([but] if actions else [])
    return Stacks(account, account.user("eve", {**EVERYTHING, "Statement": statements}))


def resources(stacks: Stacks) -> list[str]:
    found = stacks.client.describe_stack_resources(StackName="s")["StackResources"]
    return [one["LogicalResourceId"] for one in found]


def denials(stacks: Stacks, key_id: str) -> int:
    """How many statements the key's policy has beside the first."""
    text = stacks.account.root.client("kms").get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    return len(json.loads(text)["Statement"]) - 1


@pytest.mark.parametrize("template", [of(key(), Bad=FAILS), of(key(EnableKeyRotation=True))])
def test_what_cannot_be_deleted_stays_in_the_stack(stacks: Stacks, template: Any) -> None:
    """Also what was made in part: a key that its maker may neither let rotate nor delete."""
    hers = eve(stacks.account, "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation")
    made = hers.deploy(template)
    assert (made.status, "Key" in made.failures) == ("ROLLBACK_FAILED", True)
    assert resources(hers) == ["Key"]
    with pytest.raises(ClientError, match="is in ROLLBACK_FAILED state and can not be updated"):
        hers.update(template)
    assert hers.delete().status == "DELETE_FAILED"
    assert stacks.delete().status == "DELETE_COMPLETE"
    kms = stacks.account.root.client("kms")
    (left,) = kms.list_keys()["Keys"]
    assert kms.describe_key(KeyId=left["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def stuck(stacks: Stacks) -> tuple[Stacks, str]:
    """A stack whose update gives a key a policy by which its maker cannot give it back the old one."""
    hers = eve(stacks.account)
    key_id = hers.deploy(of(key())).outputs["Key"]
    locked = key(deny(EVE, "kms:PutKeyPolicy"), BypassPolicyLockoutSafetyCheck=True)
    updated = hers.update(of(locked, Bad=FAILS))
    assert (updated.status, denials(stacks, key_id)) == ("UPDATE_ROLLBACK_FAILED", 1)
    return hers, key_id


def test_what_cannot_be_changed_back_is_tried_again(stacks: Stacks) -> None:
    hers, key_id = stuck(stacks)
    assert "kms:PutKeyPolicy" in hers.look("s").failures["Key"]
    with pytest.raises(ClientError, match="is in UPDATE_ROLLBACK_FAILED state and can not be updated"):
        hers.update(of(key(), Bad=FAILS))
    hers.client.continue_update_rollback(StackName="s")
    assert hers.look("s").status == "UPDATE_ROLLBACK_FAILED"
    stacks.client.continue_update_rollback(StackName="s")
    assert (hers.look("s").status, denials(stacks, key_id)) == ("UPDATE_ROLLBACK_COMPLETE", 0)
    with pytest.raises(ClientError, match="can not be rolled back"):
        stacks.client.continue_update_rollback(StackName="s")


def test_what_is_skipped_stays_as_it_is(stacks: Stacks) -> None:
    hers, key_id = stuck(stacks)
    with pytest.raises(ClientError, match="cannot be skipped"):
        hers.client.continue_update_rollback(StackName="s", ResourcesToSkip=["Bad"])
    hers.client.continue_update_rollback(StackName="s", ResourcesToSkip=["Key"])
    assert (hers.look("s").status, denials(stacks, key_id)) == ("UPDATE_ROLLBACK_COMPLETE", 1)


def test_what_was_new_and_cannot_be_deleted_is_left_behind(stacks: Stacks) -> None:
    hers = eve(stacks.account, "kms:ScheduleKeyDeletion")
    hers.deploy(of(key()))
    updated = hers.update(of(key(), New=key(), Bad={**FAILS, "DependsOn": "New"}))
    assert (updated.status, "New" in updated.failures) == ("UPDATE_ROLLBACK_COMPLETE", True)
    assert resources(hers) == ["Key"]
    assert hers.update(of(key(), New=key(Description="another"))).status == "UPDATE_COMPLETE"
    assert len(stacks.account.root.client("kms").list_keys()["Keys"]) == 3


def test_an_update_that_keeps_what_it_did_can_be_rolled_back(stacks: Stacks) -> None:
    key_id = stacks.deploy(of(key())).outputs["Key"]
    tighter = of(key(deny("*", "kms:Encrypt")), Bad=FAILS)
    assert stacks.update(tighter, DisableRollback=True).status == "UPDATE_FAILED"
    assert denials(stacks, key_id) == 1
    with pytest.raises(ClientError, match="is in UPDATE_FAILED state and can not be updated"):
        stacks.update(of(key()))
    stacks.client.rollback_stack(StackName="s")
    assert (stacks.look("s").status, denials(stacks, key_id)) == ("UPDATE_ROLLBACK_COMPLETE", 0)
    with pytest.raises(ClientError, match="can not be rolled back"):
        stacks.client.rollback_stack(StackName="s")


@pytest.mark.parametrize("how", ["rolled back", "mended"])
def test_a_new_stack_that_keeps_what_it_has(stacks: Stacks, how: str) -> None:
    assert stacks.deploy(of(key(), Bad=FAILS), DisableRollback=True).status == "CREATE_FAILED"
    if how == "mended":
        assert stacks.update(of(key()), DisableRollback=True).status == "UPDATE_COMPLETE"
        assert resources(stacks) == ["Key"]
    else:
        stacks.client.rollback_stack(StackName="s")
        assert (stacks.look("s").status, resources(stacks)) == ("ROLLBACK_COMPLETE", [])


def nested_in(stacks: Stacks, inner: Any, name: str) -> dict[str, Any]:
    bucket = stacks.account.root.client("s3")
    bucket.create_bucket(Bucket="templates")
    bucket.put_object(Bucket="templates", Key=name, Body=json.dumps(inner).encode())
    properties = {"TemplateURL": f"https://templates.s3.amazonaws.com/{name}"}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties}


def test_a_stack_in_a_stack_is_tried_again_with_it(stacks: Stacks) -> None:
    hers = eve(stacks.account)
    outer = of(nested_in(stacks, of(key()), "old.json"))
    hers.deploy(outer)
    (inner,) = stacks.account.root.client("kms").list_keys()["Keys"]
    locked = of(key(deny(EVE, "kms:PutKeyPolicy"), BypassPolicyLockoutSafetyCheck=True), Bad=FAILS)
    outer["Resources"]["Key"] = nested_in(stacks, locked, "new.json")
    assert hers.update(outer).status == "UPDATE_ROLLBACK_FAILED"
    stacks.client.continue_update_rollback(StackName="s")
    assert (hers.look("s").status, denials(stacks, inner["KeyId"])) == ("UPDATE_ROLLBACK_COMPLETE", 0)


def test_an_update_that_stopped_half_way_goes_back_whole(stacks: Stacks) -> None:
    """Also where a change that is to be taken back was never made, which DynamoDB refuses."""
    hers = eve(stacks.account, "dynamodb:PutResourcePolicy")
    more = {
        "ResourcePolicy": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [deny("*", "dynamodb:Scan")]}
        },
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "TimeToLiveSpecification": {"AttributeName": "end", "Enabled": True},
    }
    assert hers.deploy(of({"Type": "AWS::DynamoDB::Table", "Properties": SHAPE})).status == "CREATE_COMPLETE"
    updated = hers.update(of({"Type": "AWS::DynamoDB::Table", "Properties": {**SHAPE, **more}}))
    assert updated.status == "UPDATE_ROLLBACK_COMPLETE", updated.failures
    (name,) = stacks.account.root.client("dynamodb").list_tables()["TableNames"]
    table = stacks.account.root.client("dynamodb").describe_table(TableName=name)["Table"]
    assert not table.get("StreamSpecification", {}).get("StreamEnabled")


def test_a_global_table_that_was_made_in_part_is_deleted(stacks: Stacks) -> None:
    """Its replica was never made, which DynamoDB refuses to delete."""
    stream = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    replicas = [{"Region": "us-east-1"}, {"Region": "eu-west-1"}]
    properties = {**SHAPE, "StreamSpecification": stream, "Replicas": replicas}
    hers = eve(stacks.account, "dynamodb:CreateTableReplica")
    made = hers.deploy(of({"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}))
    assert made.status == "ROLLBACK_COMPLETE", made.failures
    assert stacks.account.root.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize("first", [True, False])
def test_a_password_goes_back_with_the_rest(stacks: Stacks, first: bool) -> None:
    """Whether the update that stopped was to make it or to delete it, and had not come to it."""
    hers = eve(stacks.account, "iam:AttachUserPolicy")
    password = {"LoginProfile": {"Password": "Correct-Horse-1"}}
    attached = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}
    before, after = (password, attached) if first else ({}, {**password, **attached})
    hers.deploy(of({"Type": "AWS::IAM::User", "Properties": {"UserName": "ana", **before}}))
    updated = hers.update(of({"Type": "AWS::IAM::User", "Properties": {"UserName": "ana", **after}}))
    assert updated.status == "UPDATE_ROLLBACK_COMPLETE", updated.failures
    iam = stacks.account.root.client("iam")
    if first:
        assert iam.get_login_profile(UserName="ana")
    else:
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.get_login_profile(UserName="ana")


def test_what_an_update_cannot_clean_up_is_told(stacks: Stacks) -> None:
    """It stays, and the update is done all the same."""
    hers = eve(stacks.account, "kms:ScheduleKeyDeletion", "iam:DeleteUser")
    user = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ana"}}
    hers.deploy(of(key(), Old=key(), User=user))
    renamed = {"Type": "AWS::IAM::User", "Properties": {"UserName": "bob"}}
    updated = hers.update(of(key(), User=renamed))
    assert (updated.status, set(updated.failures)) == ("UPDATE_COMPLETE", {"Old", "User"})
    assert resources(hers) == ["Key", "User"]


@pytest.mark.parametrize("operation", ["continue_update_rollback", "rollback_stack"])
def test_a_stack_that_is_not_there(stacks: Stacks, operation: str) -> None:
    with pytest.raises(ClientError, match="Stack with id none does not exist"):
        getattr(stacks.client, operation)(StackName="none")
