"""What a service refuses fails the stack, with the service's words, and leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT

from .conftest import Stack, Stacks, one

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SHAPE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def policy(**statement: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **statement}
    return {"Version": "2012-10-17", "Statement": [{k: v for k, v in given.items() if v is not None}]}


def trust(principal: Any = None, **more: Any) -> dict[str, Any]:
    return policy(Action="sts:AssumeRole", Resource=None, Principal=principal or {"AWS": ROOT}, **more)


def failed(stack: Stack, *texts: str) -> None:
    assert stack.status == "ROLLBACK_COMPLETE", stack
    for text in texts:
        assert text in stack.failures["One"], stack.failures


KEY_POLICIES = {
    "principal that is not there": (
        policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}),
        "invalid principals",
    ),
    "lockout": (
        policy(Principal={"AWS": ROOT}, Action="kms:Decrypt"),
        "will not allow you to update the key policy in the future",
    ),
    "no policy at all": ({"Version": "2012-10-17"}, "HandlerErrorCode: InvalidRequest"),
    "statement without principal": (policy(), "HandlerErrorCode: InvalidRequest"),
}


@pytest.mark.parametrize("case", KEY_POLICIES)
def test_a_key_policy(stacks: Stacks, case: str) -> None:
    document, text = KEY_POLICIES[case]
    failed(stacks.one("AWS::KMS::Key", {"KeyPolicy": document}), text)
    assert not stacks.account.root.client("kms").list_keys()["Keys"]


def test_a_lockout_may_be_bypassed(stacks: Stacks) -> None:
    document = policy(Principal={"AWS": ROOT}, Action="kms:Decrypt")
    properties = {"KeyPolicy": document, "BypassPolicyLockoutSafetyCheck": True}
    assert stacks.one("AWS::KMS::Key", properties).status == "CREATE_COMPLETE"


IAM_RESOURCES = {
    "trust in nobody": (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"})},
        "Invalid principal in policy",
    ),
    "trust without a principal": (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": policy(Action="sts:AssumeRole", Resource=None)},
        "HandlerErrorCode",
    ),
    "inline policy with a principal": (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(),
            "Policies": [{"PolicyName": "p", "PolicyDocument": policy(Principal={"AWS": ROOT})}],
        },
        "Policy document should not specify a principal.",
    ),
    "managed policy that is not there": (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": trust(), "ManagedPolicyArns": ["arn:aws:iam::aws:policy/None"]},
        "does not exist or is not attachable",
    ),
    "boundary that is not there": (
        "AWS::IAM::User",
        {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        "does not exist or is not attachable",
    ),
    "group that is not there": ("AWS::IAM::User", {"Groups": ["none"]}, "none"),
    "malformed managed policy": (
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": policy(Action="nonsense")},
        "HandlerErrorCode: InvalidRequest",
    ),
    "policy of nobody": (
        "AWS::IAM::Policy",
        {"PolicyName": "p", "PolicyDocument": policy()},
        "At least one of [Groups,Roles,Users] must be non-empty.",
    ),
    "policy of a user who is not there": (
        "AWS::IAM::Policy",
        {"PolicyName": "p", "PolicyDocument": policy(), "Users": ["nobody"]},
        "HandlerErrorCode: NotFound",
    ),
    "a property that a user does not have": (
        "AWS::IAM::User",
        {"Boundary": "x"},
        "extraneous key [Boundary]",
    ),
    "a property that is missing": ("AWS::IAM::AccessKey", {}, "required key [UserName]"),
    "policies that are none": (
        "AWS::IAM::User",
        {"Policies": "x"},
        "expected type: JSONArray, found: String",
    ),
    "a policy without a document": ("AWS::IAM::User", {"Policies": [{"PolicyName": "p"}]}, "PolicyDocument"),
    "tags that are none": ("AWS::IAM::User", {"Tags": -1}, "#/Tags: expected type: JSONArray"),
    "a tag without a key": ("AWS::IAM::User", {"Tags": [{"Value": "b"}]}, "#/Tags/0: required key [Key]"),
    "a key of a tag that is no text": (
        "AWS::IAM::User",
        {"Tags": [{"Key": [], "Value": "b"}]},
        "#/Tags/0/Key: expected type: String",
    ),
    "a path that is none": ("AWS::IAM::User", {"Path": "/x"}, "The specified value for path is invalid"),
    "a type that nobody knows": ("AWS::IAM::Sesame", {}, "does not know the type"),
}


@pytest.mark.parametrize("case", IAM_RESOURCES)
def test_a_resource_of_iam(stacks: Stacks, case: str) -> None:
    kind, properties, text = IAM_RESOURCES[case]
    failed(stacks.one(kind, properties), text)
    iam = stacks.account.root.client("iam")
    assert not iam.list_roles()["Roles"]
    assert not iam.list_users()["Users"]
    assert not iam.list_policies(Scope="Local")["Policies"]


TABLES = {
    "key that is not there": (
        {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/none"}},
        "alias/none",
    ),
    "policy that names nobody": (
        {
            "ResourcePolicy": {
                "PolicyDocument": policy(
                    Action="dynamodb:GetItem", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}
                )
            }
        },
        "HandlerErrorCode: InvalidRequest",
    ),
    "policy that is none": ({"ResourcePolicy": {"PolicyDocument": {"Version": "x"}}}, "InvalidRequest"),
    "an index without a name": ({"GlobalSecondaryIndexes": [{"KeySchema": []}]}, "IndexName"),
    "unknown encryption": ({"SSESpecification": {"SSEEnabled": True, "Key": "x"}}, "Key"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table(stacks: Stacks, case: str) -> None:
    more, text = TABLES[case]
    failed(stacks.one("AWS::DynamoDB::Table", {**SHAPE, **more}), text)
    assert not stacks.account.root.client("dynamodb").list_tables()["TableNames"]


def test_nothing_of_a_failed_stack_is_left(stacks: Stacks) -> None:
    """What was made before is deleted, save what the template retains; describing the stack makes nothing."""
    template = one("AWS::KMS::Key", {"KeyPolicy": policy()}, DependsOn=["User", "Kept"])
    template["Resources"]["User"] = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ana"}}
    template["Resources"]["Kept"] = {
        "Type": "AWS::IAM::User",
        "DeletionPolicy": "Retain",
        "Properties": {"UserName": "bob"},
    }
    failed(stacks.deploy(template))
    iam = stacks.account.root.client("iam")
    assert [one["UserName"] for one in iam.list_users()["Users"]] == ["bob"]
    stacks.client.describe_stack_resources(StackName="s")
    assert [one["UserName"] for one in iam.list_users()["Users"]] == ["bob"]


@pytest.mark.parametrize("how", [{"DisableRollback": True}, {"OnFailure": "DO_NOTHING"}])
def test_a_failed_stack_may_keep_what_it_has(stacks: Stacks, how: dict[str, Any]) -> None:
    template = one("AWS::KMS::Key", {"KeyPolicy": policy()}, DependsOn="User")
    template["Resources"]["User"] = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ana"}}
    assert stacks.deploy(template, **how).status == "CREATE_FAILED"
    assert stacks.account.root.client("iam").list_users()["Users"]


def test_a_condition_that_cannot_be_resolved_is_not_left_out(stacks: Stacks) -> None:
    """moto drops what it cannot resolve: the statement would then hold for everybody."""
    condition = {"StringEquals": {"aws:PrincipalTag/team": {"Fn::GetAtt": ["Other", "Name"]}}}
    document = policy(Principal={"AWS": "*"}, Condition=condition)
    document["Statement"].append(policy(Principal={"AWS": ROOT})["Statement"][0])
    template = one("AWS::KMS::Key", {"KeyPolicy": document})
    template["Resources"]["Other"] = {"Type": "AWS::Unknown::Thing", "Properties": {}}
    failed(stacks.deploy(template), "`Other.Name` is nothing that moto has made")


@pytest.mark.parametrize("argument", [{"Fn::Transform": {"Name": "Macro"}}, {"Fn::Sum": [1, 2]}])
def test_an_intrinsic_function_that_moto_does_not_know(stacks: Stacks, argument: Any) -> None:
    document = policy(Principal={"AWS": ROOT}, Condition={"IpAddress": {"aws:SourceIp": argument}})
    failed(stacks.one("AWS::KMS::Key", {"KeyPolicy": document}), next(iter(argument)))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ({"Fn::If": []}, "every Fn::If object requires 3 parameters"),
        ({"Fn::Sub": []}, "Fn::Sub"),
        ({"Fn::Split": ["", "a"]}, "every Fn::Split object requires a delimiter"),
    ],
)
def test_a_function_that_is_none(stacks: Stacks, function: Any, text: str) -> None:
    failed(stacks.one("AWS::IAM::User", {"UserName": function}), text)


@pytest.mark.parametrize("kind", ["Function", "SimpleTable"])
def test_what_sam_would_expand_is_not_left_out(stacks: Stacks, kind: str) -> None:
    failed(stacks.one(f"AWS::Serverless::{kind}", {}), f"moto does not expand AWS::Serverless::{kind}")


def test_the_waiter_says_that_a_stack_failed(stacks: Stacks) -> None:
    from botocore.exceptions import WaiterError

    stacks.one("AWS::KMS::Key", {"KeyPolicy": policy()})
    with pytest.raises(WaiterError):
        stacks.client.get_waiter("stack_create_complete").wait(StackName="s")


def test_a_policy_may_be_a_text(stacks: Stacks) -> None:
    document = json.dumps(policy(Principal={"AWS": ROOT}))
    assert stacks.one("AWS::KMS::Key", {"KeyPolicy": document}).status == "CREATE_COMPLETE"


def test_a_template_error_is_still_an_error_of_the_call(stacks: Stacks) -> None:
    template = one("AWS::KMS::Key", {"KeyPolicy": {"Fn::GetAtt": ["Nothing", "Arn"]}})
    with pytest.raises(ClientError):
        stacks.deploy(template)
    assert not stacks.account.root.client("kms").list_keys()["Keys"]


def test_a_parameter_that_the_store_does_not_have(stacks: Stacks) -> None:
    template = one("AWS::KMS::Key", {"Description": {"Ref": "Stored"}})
    template["Parameters"] = {"Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/none"}}
    with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/none\]"):
        stacks.deploy(template)
    stacks.account.root.client("ssm").put_parameter(Name="/none", Value="text", Type="String")
    assert stacks.deploy(template).status == "CREATE_COMPLETE"


FUNCTION = {
    "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}"}, "S3Key": "1a2b.zip"},
    "Handler": "orders.handler",
    "Role": "arn:aws:iam::123456789012:role/orders",
    "Runtime": "python3.12",
}


def make_role(stacks: Stacks) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    stacks.account.root.client("iam").create_role(RoleName="orders", AssumeRolePolicyDocument=document)


def test_what_another_service_refuses_fails_the_stack(stacks: Stacks) -> None:
    stack = stacks.one("AWS::Lambda::Function", FUNCTION)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "The role defined for the function cannot be assumed by Lambda" in stack.failures["One"]


def test_code_that_was_published_before_need_not_be_here(stacks: Stacks) -> None:
    make_role(stacks)
    assert stacks.one("AWS::Lambda::Function", FUNCTION).status == "CREATE_COMPLETE"


def test_a_resource_that_could_not_be_deleted_can_be_left(stacks: Stacks) -> None:
    stacks.one("AWS::IAM::User", {"UserName": "ana"})
    iam = stacks.account.root.client("iam")
    iam.create_access_key(UserName="ana")
    with pytest.raises(ClientError, match="only when the current stack status is DELETE_FAILED"):
        stacks.client.delete_stack(StackName="s", RetainResources=["One"])
    assert stacks.delete().status == "DELETE_FAILED"
    assert stacks.delete(RetainResources=["One"]).status == "DELETE_COMPLETE"
    assert iam.get_user(UserName="ana")


def test_a_failed_stack_may_be_deleted_at_once(stacks: Stacks) -> None:
    failing = one("AWS::KMS::Key", {"KeyPolicy": policy()})
    stacks.client.create_stack(StackName="s", TemplateBody=json.dumps(failing), OnFailure="DELETE")
    with pytest.raises(ClientError, match="Stack with id s does not exist"):
        stacks.look("s")


def test_a_tag_that_only_aws_can_give(stacks: Stacks) -> None:
    text = "aws: prefixed tag key names are not allowed for external use."
    with pytest.raises(ClientError, match=text):
        stacks.deploy(one("AWS::KMS::Key", {}), Tags=[{"Key": "aws:team", "Value": "blue"}])


PROFILES = {
    "an ARN of another partition": (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(),
            "ManagedPolicyArns": ["arn:aws-cn:iam::aws:policy/ReadOnlyAccess"],
        },
        "Invalid ARN partition",
    ),
    "what is no ARN": (
        "AWS::IAM::User",
        {"ManagedPolicyArns": ["nope"]},
        "Invalid length for parameter PolicyArn",
    ),
    "two roles": (
        "AWS::IAM::InstanceProfile",
        {"Roles": ["one", "two"]},
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    ),
    "Regions of two sets": (
        "AWS::DynamoDB::GlobalTable",
        {
            **SHAPE,
            "MultiRegionConsistency": "STRONG",
            "Replicas": [{"Region": region} for region in ("us-east-1", "us-east-2", "eu-west-1")],
        },
        "Unsupported Region(s) specified",
    ),
}


@pytest.mark.parametrize("case", PROFILES)
def test_what_was_made_half_goes_again(stacks: Stacks, case: str) -> None:
    iam = stacks.account.root.client("iam")
    for name in ("one", "two"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust()))
    kind, properties, text = PROFILES[case]
    failed(stacks.one(kind, properties), text)
    assert {role["RoleName"] for role in iam.list_roles()["Roles"]} == {"one", "two"}
    assert iam.list_users()["Users"] == iam.list_instance_profiles()["InstanceProfiles"] == []
    assert stacks.account.root.client("dynamodb").list_tables()["TableNames"] == []
