"""Stack sets: by whose roles their stacks are made, and what becomes of these when the set changes."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING, Account, allow
from helpers.asserts import code

from .conftest import Stacks, one

ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION = "AWSCloudFormationStackSetExecutionRole"
SERVICE = {"Service": "cloudformation.amazonaws.com"}
ADMINISTRATOR = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{ADMINISTRATION}"}
KEY = one("AWS::KMS::Key", {"Description": "k"})
WHERE = {"StackSetName": "all", "Accounts": [ACCOUNT], "Regions": ["us-east-1"]}


def role(account: Account, name: str, principal: Any, *actions: str, **more: Any) -> None:
    iam = account.root.client("iam")
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    if actions:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allow(*actions)))


def stack_set(account: Account, template: Any = KEY, who: boto3.Session | None = None, **more: Any) -> Any:
    client = (who or account.root).client("cloudformation")
    client.create_stack_set(StackSetName="all", TemplateBody=json.dumps(template), **more)
    return client


def has_key(account: Account) -> bool:
    return bool(account.root.client("kms").list_keys()["Keys"])


@pytest.fixture
def administered(account: Account) -> Account:
    role(account, ADMINISTRATION, SERVICE, "sts:AssumeRole")
    return account


def test_stacks_are_made_by_the_execution_role_of_their_account(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "kms:CreateKey")
    client = stack_set(administered)
    client.create_stack_instances(**WHERE)
    kms = administered.root.client("kms")
    key = kms.list_keys()["Keys"][0]["KeyId"]
    client.delete_stack_instances(**WHERE, RetainStacks=False)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"  # it may not delete it
    assert "kms:ScheduleKeyDeletion" in Stacks(administered).look("StackSet:all").failures["One"]


ROLES: dict[str, list[tuple[Any, ...]]] = {
    "no execution role": [(ADMINISTRATION, SERVICE, "sts:AssumeRole")],
    "no administration role": [(EXECUTION, {"AWS": ACCOUNT}, "kms:*")],
    "administration that CloudFormation may not assume": [
        (ADMINISTRATION, {"AWS": ACCOUNT}, "sts:AssumeRole"),
        (EXECUTION, ADMINISTRATOR, "kms:*"),
    ],
    "administration that may assume nothing": [
        (ADMINISTRATION, SERVICE),
        (EXECUTION, {"AWS": ACCOUNT}, "kms:*"),
    ],
    "execution that trusts another": [
        (ADMINISTRATION, SERVICE, "sts:AssumeRole"),
        (EXECUTION, SERVICE, "kms:*"),
    ],
}


@pytest.mark.parametrize("roles", ROLES.values(), ids=ROLES)
def test_both_roles_have_to_let_the_one_before_in(account: Account, roles: Any) -> None:
    for name, principal, *actions in roles:
        role(account, name, principal, *actions)
    client = stack_set(account)
    with pytest.raises(ClientError, match=f"should have '{EXECUTION}' role with trust .* '{ADMINISTRATION}'"):
        client.create_stack_instances(**WHERE)
    assert not has_key(account)


@pytest.mark.parametrize("may", [True, False])
def test_the_condition_on_who_asks_counts(account: Account, may: bool) -> None:
    arn = f"arn:aws:cloudformation:*:{ACCOUNT if may else '444455556666'}:stackset/*"
    condition = {"StringLike": {"aws:SourceArn": arn}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    role(account, ADMINISTRATION, SERVICE, "sts:AssumeRole", Condition=condition)
    role(account, EXECUTION, ADMINISTRATOR, "kms:*")
    assert (code(stack_set(account).create_stack_instances, **WHERE) == "allowed") is may
    assert has_key(account) is may


def test_an_execution_role_of_ones_own_is_the_one_that_acts(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "kms:*")
    role(administered, "weak", ADMINISTRATOR)
    client = stack_set(administered, ExecutionRoleName="weak")
    assert code(client.create_stack_instances, **WHERE) == "ValidationError"
    assert not has_key(administered)


@pytest.mark.parametrize("operation", ["create_stack_set", "update_stack_set"])
def test_an_administration_role_of_ones_own_has_to_be_passed(administered: Account, operation: str) -> None:
    named = {"TemplateBody": json.dumps(KEY), "AdministrationRoleARN": ADMINISTRATOR["AWS"]}
    stack_set(administered)
    names = {"StackSetName": "all" if operation.startswith("update") else "more"}
    ana = administered.user("ana", allow("cloudformation:*")).client("cloudformation")
    bob = administered.user("bob", EVERYTHING).client("cloudformation")
    assert code(getattr(ana, operation), **names, **named) == "AccessDenied"
    assert code(getattr(bob, operation), **names, **named) == "allowed"


def user(*actions: str) -> dict[str, Any]:
    policy = {"PolicyName": "p", "PolicyDocument": allow(*actions)}
    made = one("AWS::IAM::User", {"UserName": {"Ref": "Name"}, "Policies": [policy]})
    return {**made, "Parameters": {"Name": {"Type": "String"}, "Other": {"Type": "String", "Default": "o"}}}


def test_a_set_that_changes_changes_its_stacks(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "iam:*")
    name = [{"ParameterKey": "Name", "ParameterValue": "eve"}]
    client = stack_set(
        administered, user("kms:ListKeys"), Parameters=name, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    client.create_stack_instances(
        **WHERE, ParameterOverrides=[{"ParameterKey": "Other", "ParameterValue": "x"}]
    )
    iam = administered.root.client("iam")

    def may() -> Any:
        return iam.get_user_policy(UserName="eve", PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"]

    assert may() == ["kms:ListKeys"]
    client.update_stack_set(StackSetName="all", TemplateBody=json.dumps(user("kms:ListAliases")))
    assert may() == ["kms:ListAliases"]
    client.update_stack_set(**WHERE, TemplateBody=json.dumps(user("kms:CreateKey")))
    assert may() == ["kms:CreateKey"]
    iam.put_role_policy(RoleName=EXECUTION, PolicyName="p", PolicyDocument=json.dumps(allow("iam:Get*")))
    refused = code(client.update_stack_set, StackSetName="all", TemplateBody=json.dumps(user("kms:*")))
    assert refused == "ValidationError"
    assert may() == ["kms:CreateKey"]


def test_the_parameters_of_one_stack_are_changed_where_it_is(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "iam:*")
    name = [{"ParameterKey": "Name", "ParameterValue": "eve"}]
    client = stack_set(administered, user("kms:*"), Parameters=name, Capabilities=["CAPABILITY_NAMED_IAM"])
    client.create_stack_instances(**WHERE)
    users = administered.root.client("iam")

    def names() -> list[str]:
        return [str(one["UserName"]) for one in users.list_users()["Users"]]

    assert names() == ["eve"]
    other = [{"ParameterKey": "Name", "ParameterValue": "mallory"}]
    client.update_stack_instances(**WHERE, ParameterOverrides=other)
    assert names() == ["mallory"]
    client.update_stack_instances(
        **WHERE, ParameterOverrides=[{"ParameterKey": "Name", "UsePreviousValue": True}]
    )
    client.update_stack_set(StackSetName="all", UsePreviousTemplate=True, Parameters=name)
    assert names() == ["mallory"]


def test_tags_of_the_set_are_tags_of_what_is_made(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "iam:*")
    name = [{"ParameterKey": "Name", "ParameterValue": "eve"}]
    tags = [{"Key": "team", "Value": "blue"}]
    client = stack_set(administered, user("kms:*"), Parameters=name, Tags=tags)
    client.create_stack_instances(**WHERE)
    tagged = administered.root.client("iam")
    assert tagged.list_user_tags(UserName="eve")["Tags"] == tags
    red = [{"Key": "team", "Value": "red"}]
    client.update_stack_set(StackSetName="all", UsePreviousTemplate=True, Parameters=name, Tags=red)
    assert tagged.list_user_tags(UserName="eve")["Tags"] == red


def test_a_stack_that_is_retained_stays(administered: Account) -> None:
    role(administered, EXECUTION, ADMINISTRATOR, "kms:*")
    client = stack_set(administered)
    client.create_stack_instances(**WHERE)
    client.delete_stack_instances(**WHERE, RetainStacks=True)
    kms = administered.root.client("kms")
    (key,) = kms.list_keys()["Keys"]
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
