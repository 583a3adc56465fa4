"""Every type of the enforced services, made, read back and deleted."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

from pytest_kmslab.backends.moto.stacks.types import TYPES
from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

from .conftest import Stacks, one, template

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_every_type_has_its_test() -> None:
    assert set(TYPES) == {*CASES, *ELSEWHERE}


def by_root(action: str = "kms:*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}],
}
READ = allow("dynamodb:GetItem")
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}

CASES: dict[str, dict[str, Any]] = {
    "AWS::KMS::Key": {"KeyPolicy": by_root(), "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
    "AWS::KMS::Alias": {"AliasName": "alias/a", "TargetKeyId": {"Ref": "Key"}},
    "AWS::DynamoDB::Table": {
        **TABLE,
        "ProvisionedThroughput": {"ReadCapacityUnits": "1", "WriteCapacityUnits": 1},
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "ContributorInsightsSpecification": {"Enabled": "false"},
        "DeletionProtectionEnabled": "false",
    },
    "AWS::DynamoDB::GlobalTable": {
        **TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Replicas": [
            {"Region": "us-east-1", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
        ],
    },
    "AWS::IAM::User": {"ManagedPolicyArns": [READ_ONLY]},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [READ_ONLY]},
    "AWS::IAM::Group": {"Path": "/g/", "ManagedPolicyArns": [READ_ONLY]},
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": READ, "Groups": [{"Ref": "Group"}], "Users": ["ana"]},
    "AWS::IAM::Policy": {"PolicyName": "p", "PolicyDocument": READ, "Groups": [{"Ref": "Group"}]},
    "AWS::IAM::UserPolicy": {"PolicyName": "p", "UserName": "ana", "PolicyDocument": READ},
    "AWS::IAM::GroupPolicy": {"PolicyName": "p", "GroupName": {"Ref": "Group"}, "PolicyDocument": READ},
    "AWS::IAM::UserToGroupAddition": {"GroupName": {"Ref": "Group"}, "Users": ["ana"]},
    "AWS::IAM::AccessKey": {"UserName": "ana", "Status": "Inactive"},
    "AWS::IAM::OIDCProvider": {
        "Url": "https://oidc.example.com",
        "ClientIdList": ["sts.amazonaws.com"],
        "ThumbprintList": ["c" * 40],
    },
    "AWS::IAM::SAMLProvider": {"SamlMetadataDocument": f"<x>{'y' * 1000}</x>"},
    "AWS::IAM::ServiceLinkedRole": {"AWSServiceName": "autoscaling.amazonaws.com"},
}
ELSEWHERE = {"AWS::KMS::ReplicaKey", "AWS::IAM::RolePolicy", "AWS::IAM::InstanceProfile"}
"""Tested in a way of their own, here or in another file."""


@pytest.mark.parametrize("kind", CASES)
def test_a_resource_is_made_left_alone_and_deleted(stacks: Stacks, kind: str) -> None:
    stacks.account.root.client("iam").create_user(UserName="ana")
    template = one(kind, CASES[kind])
    template["Resources"]["Key"] = {"Type": "AWS::KMS::Key", "Properties": {}}
    template["Resources"]["Group"] = {"Type": "AWS::IAM::Group", "Properties": {}}
    for name in sorted(TYPES[kind].attributes - {"SecretAccessKey", "TableId"}):
        template["Outputs"][name] = {"Value": {"Fn::GetAtt": ["One", name]}}
    made = stacks.deploy(template)
    assert made.status == "CREATE_COMPLETE", made
    assert all(made.outputs.values()), made.outputs
    again = stacks.update({**template, "Description": "nothing else changes"})
    assert (again.status, again.outputs) == ("UPDATE_COMPLETE", made.outputs)
    assert stacks.delete().status == "DELETE_COMPLETE"


def test_what_a_group_has_its_members_have(stacks: Stacks) -> None:
    """An inline policy of a group, and who joins it by the template."""
    stacks.account.root.client("dynamodb").create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", **TABLE
    )
    user = stacks.account.user("ana")
    template = one("AWS::IAM::UserToGroupAddition", CASES["AWS::IAM::UserToGroupAddition"])
    template["Resources"]["Group"] = {"Type": "AWS::IAM::Group", "Properties": {}}
    template["Resources"]["P"] = {
        "Type": "AWS::IAM::GroupPolicy",
        "Properties": CASES["AWS::IAM::GroupPolicy"],
    }
    assert stacks.deploy(template).status == "CREATE_COMPLETE"
    user.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "1"}})
    del template["Resources"]["One"]
    del template["Outputs"]
    assert stacks.update(template).status == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="dynamodb:GetItem"):
        user.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "1"}})


def test_an_access_key_that_is_not_active(stacks: Stacks) -> None:
    stacks.account.root.client("iam").create_user(UserName="ana")
    template = one("AWS::IAM::AccessKey", {"UserName": "ana"})
    template["Outputs"]["Secret"] = {"Value": {"Fn::GetAtt": ["One", "SecretAccessKey"]}}
    made = stacks.deploy(template)
    user = stacks.user({"OneId": made.outputs["Id"], "OneSecret": made.outputs["Secret"]}, "One")
    user.client("sts").get_caller_identity()
    template["Resources"]["One"]["Properties"]["Status"] = "Inactive"
    stacks.update(template)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        user.client("sts").get_caller_identity()


def test_a_replica_key_has_a_policy_of_its_own(account: Account) -> None:
    """In a stack of its own Region: the primary key's policy says nothing there."""
    primary = account.key(MultiRegion=True)
    client = account.root.client("cloudformation", region_name="eu-west-1")
    properties = {"PrimaryKeyArn": primary, "KeyPolicy": by_root(), "Description": "replica"}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}
    properties["KeyPolicy"]["Statement"].append(statement)  # type: ignore[index]
    template = one("AWS::KMS::ReplicaKey", properties)
    client.create_stack(StackName="s", TemplateBody=json.dumps(template))
    stack = client.describe_stacks(StackName="s")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    key = stack["Outputs"][0]["OutputValue"]
    account.root.client("kms").encrypt(KeyId=primary, Plaintext=b"x")
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        account.root.client("kms", region_name="eu-west-1").encrypt(KeyId=key, Plaintext=b"x")


def test_a_policy_of_a_role_is_a_resource(stacks: Stacks) -> None:
    template = one(
        "AWS::IAM::RolePolicy", {"PolicyName": "p", "RoleName": {"Ref": "R"}, "PolicyDocument": READ}
    )
    template["Resources"]["R"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": TRUST},
    }
    assert stacks.deploy(template).outputs["Id"] == "p|r"
    iam = stacks.account.root.client("iam")
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"] == READ
    template["Resources"]["One"]["Properties"]["PolicyDocument"] = allow("kms:Decrypt")
    assert stacks.update(template).status == "UPDATE_COMPLETE"
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"] == allow("kms:Decrypt")
    assert stacks.delete().status == "DELETE_COMPLETE"


def test_a_managed_policy_that_changes_often(stacks: Stacks) -> None:
    """Of five versions the oldest makes room, and all go with the policy."""
    template = one("AWS::IAM::ManagedPolicy", {"PolicyDocument": READ})
    made = stacks.deploy(template)
    for number in range(6):
        template["Resources"]["One"]["Properties"]["PolicyDocument"] = allow(f"kms:Do{number}")
        assert stacks.update(template).status == "UPDATE_COMPLETE"
    iam = stacks.account.root.client("iam")
    versions = iam.list_policy_versions(PolicyArn=made.outputs["Id"])["Versions"]
    assert len(versions) == 5
    default = next(version["VersionId"] for version in versions if version["IsDefaultVersion"])
    document = iam.get_policy_version(PolicyArn=made.outputs["Id"], VersionId=default)["PolicyVersion"]
    assert document["Document"] == allow("kms:Do5")
    assert stacks.delete().status == "DELETE_COMPLETE"


def test_a_long_name_is_cut(account: Account) -> None:
    made = Stacks(account).one("AWS::IAM::Role", CASES["AWS::IAM::Role"], "n" * 100)
    assert len(made.outputs["Id"]) == 64


def test_a_stack_in_a_stack(account: Account) -> None:
    """It acts in the name of the outer one's caller, and fails it."""
    inner = one("AWS::KMS::Key", {})
    bucket = account.root.client("s3")
    bucket.create_bucket(Bucket="templates")
    bucket.put_object(Bucket="templates", Key="inner.json", Body=json.dumps(inner).encode())
    url = "https://s3.amazonaws.com/templates/inner.json"
    outer = {
        "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
    }
    assert Stacks(account).deploy(outer).status == "CREATE_COMPLETE"
    kms = account.root.client("kms")
    assert len(kms.list_keys()["Keys"]) == 1
    failed = Stacks(account, account.user("ana", allow("kms:DescribeKey"))).deploy(outer, "t")
    assert failed.status == "ROLLBACK_COMPLETE"
    assert "Embedded stack" in failed.failures["Inner"]
    assert len(kms.list_keys()["Keys"]) == 1


def test_another_partition(account: Account) -> None:
    """`AWS::Partition` is that of the Region."""
    template = one("AWS::KMS::Key", {})
    template["Outputs"]["Partition"] = {"Value": {"Ref": "AWS::Partition"}}
    template["Resources"]["One"]["Condition"] = "Never"
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    del template["Outputs"]["Id"]
    client = account.root.client("cloudformation", region_name="cn-north-1")
    client.create_stack(StackName="s", TemplateBody=json.dumps(template))
    outputs = client.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert outputs[0]["OutputValue"] == "aws-cn"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eu-west-1"])
def test_a_stack_in_another_region(region: str) -> None:
    """Of another partition too, in an account of the user's choosing: who is made may use what is made."""
    run = Run(Settings(region=region, account="999988887777"))
    run.install()
    run.backend.start()
    try:
        root = run.backend.root
        session = boto3.Session(root.access_key_id, root.secret_access_key, region_name=region)
        client = session.client("cloudformation")
        client.create_stack(StackName="s", TemplateBody=template("cdk_orders.json"))
        stack = client.describe_stacks(StackName="s")["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        assert ":999988887777:" in outputs["KeyArn"]
        given = outputs["ReaderId"], outputs["ReaderSecret"]
        reader = boto3.Session(*given, region_name=region).client("dynamodb")
        reader.get_item(TableName=outputs["TableName"], Key={"id": {"S": "1"}})
        with pytest.raises(ClientError, match="dynamodb:DeleteTable"):
            reader.delete_table(TableName=outputs["TableName"])
    finally:
        run.backend.stop()
        run.close()


def test_iam_is_called_in_its_own_region(account: Account) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion"""
    only = allow("iam:CreateUser", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
    user = account.user("ana", only)
    client = user.client("cloudformation", region_name="eu-west-1")
    client.create_stack(StackName="s", TemplateBody=json.dumps(one("AWS::IAM::User", {})))
    assert client.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
