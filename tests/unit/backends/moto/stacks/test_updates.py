"""Stacks that change: what is changed, made anew, kept and deleted."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, allow

from .conftest import Stacks, one

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SHAPE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
LOCKED = {"Version": "2012-10-17", "Statement": []}


def key_policy(*actions: str) -> dict[str, Any]:
    """A key policy that lets the account's administration in, and everybody of it do some more."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": one, "Resource": "*"}
        for one in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:*Tag*", *actions)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def trust(who: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_key_gets_another_policy(stacks: Stacks) -> None:
    made = stacks.one("AWS::KMS::Key", {"KeyPolicy": key_policy("kms:Encrypt")})
    kms, key = stacks.account.root.client("kms"), made.outputs["Id"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    assert stacks.update(one("AWS::KMS::Key", {"KeyPolicy": key_policy()})).status == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="kms:Encrypt"):
        kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_policy_that_kms_refuses_leaves_the_old_one(stacks: Stacks) -> None:
    made = stacks.one("AWS::KMS::Key", {"KeyPolicy": key_policy("kms:Encrypt")})
    locked = key_policy()
    locked["Statement"] = locked["Statement"][1:]
    updated = stacks.update(one("AWS::KMS::Key", {"KeyPolicy": locked}))
    assert updated.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "will not allow you to update the key policy" in updated.failures["One"]
    stacks.account.root.client("kms").encrypt(KeyId=made.outputs["Id"], Plaintext=b"x")


def test_what_was_changed_before_a_failure_is_changed_back(stacks: Stacks) -> None:
    template = one("AWS::IAM::User", {"UserName": "ana", "Policies": []})
    document = allow("kms:*")
    stacks.deploy(template)
    changed = copy.deepcopy(template)
    changed["Resources"]["One"]["Properties"]["Policies"] = [{"PolicyName": "p", "PolicyDocument": document}]
    changed["Resources"]["New"] = {"Type": "AWS::IAM::Group", "Properties": {}, "DependsOn": "One"}
    changed["Resources"]["Bad"] = {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": LOCKED},
        "DependsOn": "New",
    }
    assert stacks.update(changed).status == "UPDATE_ROLLBACK_COMPLETE"
    iam = stacks.account.root.client("iam")
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == []
    assert iam.list_groups()["Groups"] == []
    assert stacks.update(changed | {"Description": "again"}).status == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    "change", [{"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"}, {"MultiRegion": True}]
)
def test_what_a_key_is_cannot_be_changed(stacks: Stacks, change: dict[str, Any]) -> None:
    stacks.one("AWS::KMS::Key", {})
    assert "You cannot change" in stacks.update(one("AWS::KMS::Key", change)).failures["One"]


def test_a_key_is_switched_off_and_on(stacks: Stacks) -> None:
    made = stacks.one("AWS::KMS::Key", {"Enabled": False})
    kms, key = stacks.account.root.client("kms"), made.outputs["Id"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    on = {
        "Enabled": True,
        "EnableKeyRotation": True,
        "Description": "new",
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert stacks.update(one("AWS::KMS::Key", on)).status == "UPDATE_COMPLETE"
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeyState"], described["Description"]) == ("Enabled", "new")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert stacks.update(one("AWS::KMS::Key", {"Enabled": False})).status == "UPDATE_COMPLETE"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    assert not kms.list_resource_tags(KeyId=key)["Tags"]


def test_a_role_gets_another_trust_boundary_and_policies(stacks: Stacks) -> None:
    stacks.account.user("ana", allow("sts:AssumeRole"))
    first = {
        "RoleName": "r",
        "AssumeRolePolicyDocument": trust(ROOT),
        "Policies": [{"PolicyName": "a", "PolicyDocument": allow("kms:*")}],
        "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    }
    second = {
        "RoleName": "r",
        "AssumeRolePolicyDocument": trust(f"arn:aws:iam::{ACCOUNT}:user/ana"),
        "Policies": [{"PolicyName": "b", "PolicyDocument": allow("kms:*")}],
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"],
    }
    stacks.one("AWS::IAM::Role", first)
    iam = stacks.account.root.client("iam")
    assert "PermissionsBoundary" in iam.get_role(RoleName="r")["Role"]
    assert stacks.update(one("AWS::IAM::Role", second)).status == "UPDATE_COMPLETE"
    role = iam.get_role(RoleName="r")["Role"]
    assert "PermissionsBoundary" not in role
    named = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    assert named == f"arn:aws:iam::{ACCOUNT}:user/ana"
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["b"]
    assert len(iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]) == 1


def test_another_name_is_another_resource(stacks: Stacks) -> None:
    """What refers to it follows; the old one goes last."""
    template = one("AWS::IAM::User", {"UserName": "ana"})
    template["Resources"]["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "r",
            "AssumeRolePolicyDocument": trust({"Fn::GetAtt": ["One", "Arn"]}),
        },
    }
    stacks.deploy(template)
    template["Resources"]["One"]["Properties"]["UserName"] = "bob"
    assert stacks.update(template).status == "UPDATE_COMPLETE"
    iam = stacks.account.root.client("iam")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["bob"]
    document = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"]["AWS"] == f"arn:aws:iam::{ACCOUNT}:user/bob"


def test_a_parameter_alone_changes_a_policy(stacks: Stacks) -> None:
    template = one("AWS::IAM::User", {"UserName": "ana", "PermissionsBoundary": {"Ref": "Limit"}})
    template["Parameters"] = {"Limit": {"Type": "String"}}
    given = [{"ParameterKey": "Limit", "ParameterValue": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    stacks.deploy(template, Parameters=given)
    given[0]["ParameterValue"] = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert stacks.update(template, Parameters=given).status == "UPDATE_COMPLETE"
    user = stacks.account.root.client("iam").get_user(UserName="ana")["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("/AdministratorAccess")


def test_a_table_under_another_key(stacks: Stacks) -> None:
    """The new key counts, and a resource policy that is taken out no longer does."""
    keys = [stacks.account.key() for _ in range(2)]
    user = stacks.account.user("ana", EVERYTHING)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    def table(key: str, **more: Any) -> dict[str, Any]:
        encryption = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        return one(
            "AWS::DynamoDB::Table", {**SHAPE, "TableName": "orders", "SSESpecification": encryption, **more}
        )

    stacks.deploy(table(keys[0], ResourcePolicy=policy))
    dynamodb = user.client("dynamodb")
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        dynamodb.scan(TableName="orders")
    assert stacks.update(table(keys[1])).status == "UPDATE_COMPLETE"
    dynamodb.scan(TableName="orders")
    stacks.account.root.client("kms").disable_key(KeyId=keys[0])
    dynamodb.scan(TableName="orders")
    stacks.account.root.client("kms").disable_key(KeyId=keys[1])
    with pytest.raises(ClientError, match=keys[1]):
        dynamodb.scan(TableName="orders")


def test_what_leaves_the_template_is_deleted_or_retained(stacks: Stacks) -> None:
    template = one("AWS::IAM::User", {"UserName": "ana"})
    template["Resources"]["Gone"] = {"Type": "AWS::IAM::User", "Properties": {"UserName": "bob"}}
    template["Resources"]["Kept"] = {
        "Type": "AWS::IAM::User",
        "DeletionPolicy": "Retain",
        "Properties": {"UserName": "eve"},
    }
    stacks.deploy(template)
    assert stacks.update(one("AWS::IAM::User", {"UserName": "ana"})).status == "UPDATE_COMPLETE"
    users = stacks.account.root.client("iam").list_users()["Users"]
    assert {user["UserName"] for user in users} == {"ana", "eve"}


def test_a_deleted_stack_leaves_what_it_retains(stacks: Stacks) -> None:
    """A key is scheduled for deletion, not gone; a table that is retained stays readable under its key."""
    template = one("AWS::KMS::Key", {"PendingWindowInDays": 7}, DeletionPolicy="Retain")
    template["Resources"]["Short"] = {"Type": "AWS::KMS::Key", "Properties": {"PendingWindowInDays": 7}}
    template["Outputs"]["Short"] = {"Value": {"Ref": "Short"}}
    made = stacks.deploy(template)
    assert stacks.delete().status == "DELETE_COMPLETE"
    kms = stacks.account.root.client("kms")
    states = [
        kms.describe_key(KeyId=made.outputs[name])["KeyMetadata"]["KeyState"] for name in ("Id", "Short")
    ]
    assert states == ["Enabled", "PendingDeletion"]


def test_a_role_with_policies_of_its_own_is_deleted(stacks: Stacks) -> None:
    """Policies first, then who has them, whatever the order in the template."""
    template = one(
        "AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": allow("kms:*"), "Roles": [{"Ref": "R"}]}
    )
    template["Resources"]["M"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": allow("kms:*"), "Roles": [{"Ref": "R"}]},
    }
    template["Resources"]["P"] = {
        "Type": "AWS::IAM::InstanceProfile",
        "Properties": {"Roles": [{"Ref": "R"}]},
    }
    template["Resources"]["R"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust(ROOT)},
    }
    assert stacks.deploy(template).status == "CREATE_COMPLETE"
    assert stacks.delete().status == "DELETE_COMPLETE"
    iam = stacks.account.root.client("iam")
    assert not iam.list_roles()["Roles"]
    assert not iam.list_instance_profiles()["InstanceProfiles"]
    assert not iam.list_policies(Scope="Local")["Policies"]


def test_a_stack_that_cannot_be_deleted_says_so(stacks: Stacks) -> None:
    stacks.one("AWS::IAM::User", {"UserName": "ana"})
    iam = stacks.account.root.client("iam")
    iam.create_access_key(UserName="ana")
    deleted = stacks.delete()
    assert deleted.status == "DELETE_FAILED"
    assert "must delete access keys first" in deleted.failures["One"]
    for key in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    assert stacks.delete().status == "DELETE_COMPLETE"


def test_what_is_gone_already_is_no_hindrance(stacks: Stacks) -> None:
    stacks.one("AWS::IAM::User", {"UserName": "ana"})
    stacks.account.root.client("iam").delete_user(UserName="ana")
    assert stacks.delete().status == "DELETE_COMPLETE"


def test_trust_in_a_user_ends_with_the_user(stacks: Stacks) -> None:
    """A user made again under the name is another principal: for a role, for a key and for a table."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/ana"
    stacks.account.user("ana", allow("sts:AssumeRole"))
    template = one("AWS::IAM::Role", {"RoleName": "r", "AssumeRolePolicyDocument": trust(arn)})
    named = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    document = key_policy()
    document["Statement"].append(named)
    template["Resources"]["Key"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}
    template["Resources"]["Table"] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            **SHAPE,
            "TableName": "orders",
            "ResourcePolicy": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{**named, "Action": "dynamodb:Scan"}],
                }
            },
        },
    }
    template["Outputs"]["Key"] = {"Value": {"Ref": "Key"}}
    key = stacks.deploy(template).outputs["Key"]
    iam = stacks.account.root.client("iam")
    iam.delete_user_policy(UserName="ana", PolicyName="p0")
    for one_key in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="ana", AccessKeyId=one_key["AccessKeyId"])
    iam.delete_user(UserName="ana")
    again = stacks.account.user("ana", allow("sts:AssumeRole"))
    for service, operation, params in (
        ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "run"}),
        ("kms", "encrypt", {"KeyId": key, "Plaintext": b"x"}),
        ("dynamodb", "scan", {"TableName": "orders"}),
    ):
        with pytest.raises(ClientError, match="not authorized"):
            getattr(again.client(service), operation)(**params)


def test_a_change_set_makes_and_changes_a_stack(stacks: Stacks) -> None:
    """As `cdk deploy` and `sam deploy` do it."""
    made = one("AWS::KMS::Key", {"KeyPolicy": key_policy("kms:Encrypt")})
    bad = one("AWS::KMS::Key", {"KeyPolicy": LOCKED})
    for name, template, kind, status in (
        ("one", made, "CREATE", "CREATE_COMPLETE"),
        ("two", bad, "UPDATE", "UPDATE_ROLLBACK_COMPLETE"),
        ("three", one("AWS::KMS::Key", {"KeyPolicy": key_policy()}), "UPDATE", "UPDATE_COMPLETE"),
    ):
        stacks.client.create_change_set(
            StackName="s", ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(template)
        )
        assert bool(stacks.account.root.client("kms").list_keys()["Keys"]) is (kind == "UPDATE")
        stacks.client.execute_change_set(StackName="s", ChangeSetName=name)
        assert stacks.look("s").status == status
    key = stacks.look("s").outputs["Id"]
    with pytest.raises(ClientError, match="kms:Encrypt"):
        stacks.account.root.client("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_a_change_set_that_fails_to_make_a_stack(stacks: Stacks) -> None:
    stacks.client.create_change_set(
        StackName="s",
        ChangeSetName="one",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(one("AWS::KMS::Key", {"KeyPolicy": LOCKED})),
    )
    stacks.client.execute_change_set(StackName="s", ChangeSetName="one")
    assert stacks.look("s").status == "ROLLBACK_COMPLETE"
    assert not stacks.account.root.client("kms").list_keys()["Keys"]


def test_tags_of_the_stack_are_tags_of_its_resources(stacks: Stacks) -> None:
    tags = [{"Key": "team", "Value": "red"}]
    made = stacks.deploy(one("AWS::KMS::Key", {}), Tags=tags)
    guarded = allow("kms:Encrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})
    user, key = stacks.account.user("ana", guarded), made.outputs["Id"]
    user.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    stacks.update(one("AWS::KMS::Key", {}), Tags=[{"Key": "team", "Value": "blue"}])
    with pytest.raises(ClientError, match="kms:Encrypt"):
        user.client("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_other_tags_are_an_update_and_reach_what_is_there(stacks: Stacks) -> None:
    template = {**one("AWS::KMS::Key", {}), "Parameters": {"P": {"Type": "String"}}}
    given = [{"ParameterKey": "P", "ParameterValue": "a"}]
    stack = stacks.deploy(template, Parameters=given, Tags=[{"Key": "team", "Value": "red"}])
    previous = {"UsePreviousTemplate": True, "Parameters": [{"ParameterKey": "P", "UsePreviousValue": True}]}
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.client.update_stack(StackName="s", **previous)
    stacks.client.update_stack(StackName="s", **previous, Tags=[{"Key": "team", "Value": "blue"}])
    assert stacks.look("s").status == "UPDATE_COMPLETE"
    tags = stacks.account.root.client("kms").list_resource_tags(KeyId=stack.outputs["Id"])["Tags"]
    assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == {"team": "blue"}
