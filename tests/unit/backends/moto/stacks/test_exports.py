"""What stacks tell one another: exports, and outputs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, EVERYTHING

from .conftest import Stacks

FAILS = {"Type": "AWS::IAM::Sesame"}


def user(name: Any, **more: Any) -> dict[str, Any]:
    return {"Resources": {"User": {"Type": "AWS::IAM::User", "Properties": {"UserName": name}}, **more}}


def exporting(value: Any, name: str = "name", **more: Any) -> dict[str, Any]:
    return {**user("ana", **more), "Outputs": {"Name": {"Value": value, "Export": {"Name": name}}}}


def importing(name: str = "name") -> dict[str, Any]:
    return user({"Fn::ImportValue": {"Fn::Sub": name}})


def test_an_export_that_is_used_is_neither_changed_nor_deleted(stacks: Stacks) -> None:
    stacks.deploy(exporting("bob"), "one")
    stacks.deploy(importing(), "two")
    assert stacks.update(exporting("eve"), "one").status == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.update(user("ana"), "one").status == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.update(exporting("bob", New={"Type": "AWS::IAM::Group"}), "one").status == "UPDATE_COMPLETE"
    assert stacks.delete("one").status == "UPDATE_COMPLETE"
    events = stacks.client.describe_stack_events(StackName="one")["StackEvents"]
    told = [event["ResourceStatusReason"] for event in events if "export" in str(event).lower()]
    assert set(told) == {
        f"Export name cannot be {done} as it is in use by two" for done in ("updated", "deleted")
    }
    stacks.delete("two")
    assert stacks.delete("one").status == "DELETE_COMPLETE"


def test_an_update_exports_what_is_new(stacks: Stacks) -> None:
    stacks.deploy(exporting("bob"), "one")
    stacks.update(exporting("eve", "other"), "one")
    assert "No export named name found" in stacks.deploy(importing(), "two").failures["User"]
    assert stacks.deploy(importing("other"), "four").status == "CREATE_COMPLETE"
    assert stacks.account.root.client("iam").get_user(UserName="eve")
    stacks.deploy(user("zoe"), "three")
    assert stacks.update(exporting("x", "other"), "three").status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_stack_that_failed_exports_nothing(stacks: Stacks) -> None:
    assert stacks.deploy(exporting("bob", Bad=FAILS), "one").status == "ROLLBACK_COMPLETE"
    assert "No export named name found" in stacks.deploy(importing(), "two").failures["User"]
    assert stacks.deploy(exporting("bob"), "three").status == "CREATE_COMPLETE"


def test_a_protected_stack_is_not_deleted(stacks: Stacks) -> None:
    stacks.deploy(user("ana"), EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        stacks.delete()
    stacks.client.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    assert stacks.delete().status == "DELETE_COMPLETE"


def reading(**more: Any) -> dict[str, Any]:
    """A template whose user is named by the output of another stack, as CDK's weak references have it."""
    return user({"Fn::GetStackOutput": {"StackName": "one", "OutputName": "Name", **more}})


def test_an_output_of_another_stack(stacks: Stacks) -> None:
    stacks.deploy(exporting("bob"), "one")
    assert stacks.deploy(reading(Region={"Ref": "AWS::Region"}), "two").status == "CREATE_COMPLETE"
    assert stacks.account.root.client("iam").get_user(UserName="bob")
    wrong = (reading(Region="eu-west-1"), reading(OutputName="Other"), reading(Name="x"))
    for name, template in zip(("three", "four", "five"), wrong, strict=True):
        assert "Template error: " in stacks.deploy(template, name).failures["User"]


@pytest.mark.parametrize("trusted", [True, False])
def test_an_output_is_read_as_a_role_that_the_stack_may_assume(stacks: Stacks, trusted: bool) -> None:
    stacks.deploy(exporting("bob"), "one")
    eve = stacks.account.user("eve", EVERYTHING)
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"} if trusted else {"Service": "lambda.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    role = stacks.account.root.client("iam").create_role(
        RoleName="reader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    made = Stacks(stacks.account, eve).deploy(reading(RoleArn=role), "two")
    assert made.status == ("CREATE_COMPLETE" if trusted else "ROLLBACK_COMPLETE")
    assert trusted or "is not authorized to perform: sts:AssumeRole" in made.failures["User"]
