"""What an emulator dropped of a template is seen; its tables get it where the template tells it whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.templates import needs_cloudformation

from pytest_kmslab.lab.kinds.stacks.as_made import differences
from pytest_kmslab.lab.kinds.stacks.members import Member, members_of
from pytest_kmslab.lab.kinds.stacks.mending import mend_tables
from pytest_kmslab.lab.lab import Lab

pytestmark = needs_cloudformation

DENY = {"Effect": "Deny", "Action": "dynamodb:Scan", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [DENY]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
PLAIN_TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
TAGS = [{"Key": "team", "Value": "red"}]


def sse(key: Any) -> dict[str, Any]:
    return {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def resources() -> dict[str, Any]:
    """One of each type that decides, with nothing that could be dropped."""
    return {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {**PLAIN_TABLE}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Group": {"Type": "AWS::IAM::Group", "Properties": {}},
        "User": {"Type": "AWS::IAM::User", "Properties": {}},
        "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": DOCUMENT}},
    }


Made = tuple[Callable[[str], Any], list[Member]]


@pytest.fixture
def made(lab: Lab) -> Made:
    stack = lab.deploy({"Resources": resources()})
    client = lab.as_(lab.admin).client
    return client, members_of(client("cloudformation"), stack.arn)


SAID: list[tuple[str, dict[str, Any], str]] = [
    ("Key", {"MultiRegion": True}, "MultiRegion"),
    ("Key", {"KeySpec": "RSA_2048"}, "KeySpec"),
    ("Key", {"Enabled": False}, "Enabled"),
    ("Key", {"Tags": TAGS}, "Tags"),
    ("Table", {"SSESpecification": sse({"Ref": "Key"})}, "SSESpecification"),
    ("Table", {"ResourcePolicy": {"PolicyDocument": DOCUMENT}}, "ResourcePolicy"),
    ("Table", {"Tags": TAGS}, "Tags"),
    ("Role", {"Tags": TAGS}, "Tags"),
    ("Role", {"PermissionsBoundary": {"Ref": "Managed"}}, "PermissionsBoundary"),
    ("User", {"Groups": [{"Ref": "Group"}]}, "Groups"),
    ("User", {"Policies": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}]}, "Policies"),
    ("Managed", {"Roles": [{"Ref": "Role"}]}, "Roles"),
    ("Managed", {"PolicyDocument": TRUST}, "PolicyDocument"),
]


@pytest.mark.parametrize(("name", "properties", "lost"), SAID)
def test_what_was_dropped_is_named(made: Made, name: str, properties: dict[str, Any], lost: str) -> None:
    said = resources()
    assert list(differences(made[0], said, made[1])) == []
    said[name]["Properties"] |= properties
    assert list(differences(made[0], said, made[1])) == [
        f"`{name}` ({said[name]['Type']}) is without its `{lost}`"
    ]


def member(name: str, kind: str, physical_id: str) -> Member:
    return Member(name, kind, physical_id)


DROPPED = [
    ("AWS::IAM::RolePolicy", {"RoleName": {"Ref": "Role"}, "PolicyDocument": DOCUMENT}, "PolicyDocument"),
    ("AWS::IAM::Policy", {"Users": [{"Ref": "User"}], "PolicyDocument": DOCUMENT}, "Users"),
    ("AWS::IAM::UserToGroupAddition", {"GroupName": {"Ref": "Group"}, "Users": [{"Ref": "User"}]}, "Users"),
    ("AWS::KMS::Alias", {"TargetKeyId": {"Ref": "Key"}}, "TargetKeyId"),
]


@pytest.mark.parametrize(("kind", "properties", "lost"), DROPPED)
def test_a_resource_that_says_it_is_there_and_is_not_is_named(
    made: Made, kind: str, properties: dict[str, Any], lost: str
) -> None:
    said = {**resources(), "It": {"Type": kind, "Properties": properties}}
    told = list(differences(made[0], said, [*made[1], member("It", kind, "alias/none")]))
    assert told == [f"`It` ({kind}) is without its `{lost}`"]


def test_a_type_that_cannot_be_looked_at_and_one_that_is_not_there_are_named(made: Made) -> None:
    said = {**resources(), "It": {"Type": "AWS::IAM::Sesame"}, "Gone": {"Type": "AWS::KMS::Key"}}
    told = list(differences(made[0], said, [*made[1], member("It", "AWS::IAM::Sesame", "it")]))
    assert told == [
        "`It` is of type AWS::IAM::Sesame, of which nothing can be looked at",
        "`Gone` (AWS::KMS::Key) is not there",
    ]
    said["Gone"]["Condition"] = "Never"
    assert len(list(differences(made[0], said, made[1]))) == 1


KEYS: list[Any] = [
    {"Fn::GetAtt": ["Key", "Arn"]},
    {"Ref": "Key"},
    {"Fn::If": ["Yes", {"Ref": "Key"}, "none"]},
    {"Fn::Sub": "${Key}"},
]


@pytest.mark.parametrize("key", KEYS)
def test_a_table_gets_its_key_and_its_policy(lab: Lab, made: Made, key: Any) -> None:
    client, members = made
    said = resources()
    policy = {"PolicyDocument": {**DOCUMENT, "Statement": [{**DENY, "Principal": "*"}]}}
    said["Table"]["Properties"] |= {"SSESpecification": sse(key), "ResourcePolicy": policy}
    conditions = {"Yes": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    content = {
        "Resources": said,
        "Conditions": conditions,
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
    }
    mend_tables(client, content, {"Stage": "prod"}, members)
    assert list(differences(client, said, members)) == []
    table = next(one.physical_id for one in members if one.logical_id == "Table")
    with pytest.raises(ClientError, match="explicit deny"):
        client("dynamodb").scan(TableName=table)


def test_what_the_template_does_not_tell_whole_is_left_as_it_is(made: Made) -> None:
    client, members = made
    said = resources()
    said["Table"]["Properties"]["SSESpecification"] = sse({"Fn::ImportValue": "of-another-stack"})
    mend_tables(client, {"Resources": said}, {}, members)
    told = "`Table` (AWS::DynamoDB::Table) is without its `SSESpecification`"
    assert list(differences(client, said, members)) == [told]
