"""Change sets: each changes its own stack, once.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import allow

from .conftest import Stacks


def user(name: str) -> dict[str, Any]:
    return {"Resources": {"One": {"Type": "AWS::IAM::User", "Properties": {"UserName": name}}}}


def change(stacks: Stacks, stack: str, template: Any, kind: str = "UPDATE", name: str = "deploy") -> str:
    made: str = stacks.client.create_change_set(
        StackName=stack, ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(template)
    )["Id"]
    return made


def users(stacks: Stacks) -> set[str]:
    return {one["UserName"] for one in stacks.account.root.client("iam").list_users()["Users"]}


def test_one_name_is_that_of_another_change_set_of_each_stack(stacks: Stacks) -> None:
    """As with CDK, which calls every change set `cdk-deploy-change-set`."""
    change(stacks, "one", user("ana"), "CREATE")
    change(stacks, "two", user("bob"), "CREATE")
    stacks.client.execute_change_set(StackName="one", ChangeSetName="deploy")
    assert users(stacks) == {"ana"}


@pytest.mark.parametrize("by", ["name", "arn"])
def test_a_change_set_is_executed_once(stacks: Stacks, by: str) -> None:
    """What it says may be long taken back."""
    arn = change(stacks, "s", user("ana"), "CREATE")
    late = change(stacks, "s", user("bob"), "CREATE", "late")
    names = [arn, late] if by == "arn" else ["deploy", "late"]
    stacks.client.execute_change_set(StackName="s", ChangeSetName=names[0])
    for name in names:
        with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
            stacks.client.execute_change_set(StackName="s", ChangeSetName=name)
    assert users(stacks) == {"ana"}
    assert [one["StackName"] for one in stacks.client.describe_stacks()["Stacks"]] == ["s"]


def test_an_update_makes_the_others_obsolete(stacks: Stacks) -> None:
    stacks.deploy(user("ana"))
    change(stacks, "s", user("bob"))
    stacks.update(user("eve"))
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        stacks.client.execute_change_set(StackName="s", ChangeSetName="deploy")
    assert users(stacks) == {"eve"}


def test_a_stack_is_not_made_again(stacks: Stacks) -> None:
    stacks.deploy(user("ana"))
    with pytest.raises(
        ClientError, match=r"Stack \[s\] already exists and cannot be created again with the ch"
    ):
        change(stacks, "s", user("bob"), "CREATE")


def test_nothing_is_made_in_place_of_what_is_to_be_imported(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="moto imports no resources"):
        change(stacks, "s", user("ana"), "IMPORT")


def test_whoever_makes_a_change_set_passes_its_role(stacks: Stacks) -> None:
    """Who executes it need not: the role is the stack's from then on.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam = stacks.account.root.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="maker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="maker", PolicyName="p", PolicyDocument=json.dumps(allow("iam:*")))
    given = {"StackName": "s", "ChangeSetName": "deploy", "ChangeSetType": "CREATE", "RoleARN": role}
    eve = Stacks(stacks.account, stacks.account.user("eve")).client
    with pytest.raises(ClientError, match="is not authorized to perform: iam:PassRole"):
        eve.create_change_set(**given, TemplateBody=json.dumps(user("ana")))
    stacks.client.create_change_set(**given, TemplateBody=json.dumps(user("ana")))
    eve.execute_change_set(StackName="s", ChangeSetName="deploy")
    assert "ana" in users(stacks)
