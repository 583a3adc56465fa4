"""Stacks in stacks: made, changed, tagged and deleted with the stack that they are in."""

from __future__ import annotations

import json
from typing import Any

from helpers.account import EVERYTHING

from .conftest import Stacks

USER: dict[str, Any] = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ana"}}


def nested(stacks: Stacks, **parameters: Any) -> Any:
    """A template of a user, and of a stack in it whose key denies them."""
    bucket = stacks.account.root.client("s3")
    bucket.create_bucket(Bucket="templates")
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": {"AWS": {"Ref": "Who"}}, "Action": "kms:Encrypt", "Resource": "*"},
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    inner = {
        "Parameters": {"Who": {"Type": "String"}},
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
    }
    bucket.put_object(Bucket="templates", Key="inner.json", Body=json.dumps(inner).encode())
    properties = {"TemplateURL": "https://templates.s3.amazonaws.com/inner.json", "Parameters": parameters}
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": properties}
    return {
        "Resources": {"User": USER, "Inner": stack},
        "Outputs": {
            "Key": {"Value": {"Fn::Sub": "${Inner.Outputs.Arn}"}},
            "Inner": {"Value": {"Ref": "Inner"}},
        },
    }


def test_the_outputs_of_a_stack_in_a_stack_are_its_attributes(stacks: Stacks) -> None:
    made = stacks.deploy(nested(stacks, Who={"Fn::GetAtt": ["User", "Arn"]}))
    assert made.status == "CREATE_COMPLETE", made
    assert ":stack/s-Inner-" in made.outputs["Inner"]
    policy = stacks.account.root.client("kms").get_key_policy(KeyId=made.outputs["Key"], PolicyName="default")
    denied = json.loads(policy["Policy"])["Statement"][1]["Principal"]
    assert denied == {"AWS": "arn:aws:iam::123456789012:user/ana"}


def test_a_stack_in_a_stack_that_is_refused_fails_as_a_resource(stacks: Stacks) -> None:
    made = stacks.deploy(nested(stacks, Nobody="x"))
    assert made.status == "ROLLBACK_COMPLETE"
    assert "Parameters: [Nobody] do not exist in the template" in made.failures["Inner"]
    assert stacks.account.root.client("iam").list_users()["Users"] == []


def test_a_stack_in_a_stack_is_changed_where_it_is(stacks: Stacks) -> None:
    """Its key keeps its name and gets its new policy; where the update fails it gets the old one back."""
    template = nested(stacks, Who={"Fn::GetAtt": ["User", "Arn"]})
    key = stacks.deploy(template).outputs["Key"]

    def denied() -> Any:
        text = stacks.account.root.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        return json.loads(text)["Statement"][1]["Principal"]["AWS"]

    stack = template["Resources"]["Inner"]["Properties"]
    stack["Parameters"] = {"Who": "arn:aws:iam::123456789012:root"}
    template["Resources"]["Bad"] = {"Type": "AWS::IAM::Sesame", "DependsOn": "Inner"}
    assert stacks.update(template).status == "UPDATE_ROLLBACK_COMPLETE"
    assert denied() == "arn:aws:iam::123456789012:user/ana"
    del template["Resources"]["Bad"]
    made = stacks.update(template)
    assert (made.status, made.outputs["Key"]) == ("UPDATE_COMPLETE", key)
    assert denied() == "arn:aws:iam::123456789012:root"


def test_the_tags_of_a_stack_are_those_of_the_stacks_in_it(stacks: Stacks) -> None:
    """A policy that speaks of tags binds what they make, as it binds what the stack around them makes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-resource-tags.html
    """
    template = nested(stacks, Who={"Fn::GetAtt": ["User", "Arn"]})
    properties = template["Resources"]["Inner"]["Properties"]
    properties["Tags"] = [{"Key": "tier", "Value": {"Ref": "AWS::Region"}}]
    key = stacks.deploy(template, Tags=[{"Key": "team", "Value": "blue"}]).outputs["Key"]
    kms = stacks.account.root.client("kms")

    def tags() -> dict[str, str]:
        return {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}

    assert tags() == {"team": "blue", "tier": "us-east-1"}
    inner = stacks.client.describe_stack_resource(StackName="s", LogicalResourceId="Inner")
    arn = inner["StackResourceDetail"]["PhysicalResourceId"]
    assert {tag["Key"] for tag in stacks.client.describe_stacks(StackName=arn)["Stacks"][0]["Tags"]} == {
        "team",
        "tier",
    }
    del properties["Tags"]
    stacks.update(template, Tags=[{"Key": "team", "Value": "red"}])
    assert tags() == {"team": "red"}


def test_a_stack_in_a_stack_that_cannot_be_deleted_keeps_the_stack_around_it(stacks: Stacks) -> None:
    template = nested(stacks, Who="arn:aws:iam::123456789012:root")
    stacks.deploy(template)
    stays = {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
    who = stacks.account.user("eve", {**EVERYTHING, "Statement": [*EVERYTHING["Statement"], stays]})
    deleted = Stacks(stacks.account, who).delete()
    assert (deleted.status, set(deleted.failures)) == ("DELETE_FAILED", {"Inner", "s"})
    assert stacks.delete().status == "DELETE_COMPLETE"
