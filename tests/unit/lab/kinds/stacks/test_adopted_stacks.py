"""Stacks that the code under test made are adopted, whatever became of them, and what is not theirs stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.templates import NOBODY, RETAINED_KEY, USER, needs_cloudformation

from pytest_kmslab.lab.lab import Lab


@needs_cloudformation
def test_a_stack_of_somebody_elses_code_is_adopted_with_what_it_retains(lab: Lab) -> None:
    import boto3

    body = json.dumps({"Resources": {"Key": RETAINED_KEY, "User": USER}})
    made = boto3.client("cloudformation", "us-east-1").create_stack(StackName="app", TemplateBody=body)
    with lab.nested() as inner:
        stack = inner.adopt(made["StackId"])
        key, user = stack.resources["Key"], stack.resources["User"]
        assert inner.as_(user).client("sts").get_caller_identity()["Arn"] == user.arn
        assert stack.arn in inner.inventory()
    assert (stack.status(), key.state()) == ("DELETE_COMPLETE", "PendingDeletion")


def _table(name: str, **more: Any) -> dict[str, Any]:
    key = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    properties = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **key}
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties, **more}


@needs_cloudformation
@pytest.mark.parametrize("status", ["CREATE_FAILED", "IMPORT_COMPLETE", "UPDATE_FAILED"])
def test_what_a_stack_speaks_of_and_has_not_made_stays(lab: Lab, status: str) -> None:
    import boto3
    from moto.cloudformation.models import Event, cloudformation_backends

    dynamodb, cloudformation = (
        boto3.client(service, "us-east-1") for service in ("dynamodb", "cloudformation")
    )
    own = {"Own": _table("own", DeletionPolicy="Retain")}
    body = {"Resources": {**own, "Theirs": _table("theirs", DeletionPolicy="Retain")}}
    if status != "IMPORT_COMPLETE":
        dynamodb.create_table(**_table("theirs")["Properties"])
        body["Resources"].pop("Theirs")
    made = cloudformation.create_stack(StackName="app", TemplateBody=json.dumps(body))["StackId"]
    stack = cloudformation_backends[lab.account]["us-east-1"].get_stack("app")
    stack.events.append(Event(made, "app", "Theirs", "theirs", "AWS::DynamoDB::Table", status, "", None))
    with lab.nested() as inner:
        inner.adopt(made)
    assert dynamodb.list_tables()["TableNames"] == ["theirs"]


@needs_cloudformation
def test_what_a_stack_began_to_make_goes_though_it_failed_later(lab: Lab) -> None:
    import boto3
    from moto.cloudformation.models import Event, cloudformation_backends

    dynamodb, cloudformation = (
        boto3.client(service, "us-east-1") for service in ("dynamodb", "cloudformation")
    )
    body = json.dumps({"Resources": {"Own": _table("own", DeletionPolicy="Retain")}})
    made = cloudformation.create_stack(StackName="app", TemplateBody=body)["StackId"]
    stack = cloudformation_backends[lab.account]["us-east-1"].get_stack("app")
    about = made, "app", "Own", "own", "AWS::DynamoDB::Table"
    stack.events.append(Event(*about, "CREATE_IN_PROGRESS", "Resource creation Initiated", None))
    stack.events.append(Event(*about, "CREATE_FAILED", "Resource creation cancelled", None))
    with lab.nested() as inner:
        inner.adopt(made)
    assert dynamodb.list_tables()["TableNames"] == []


@needs_cloudformation
@pytest.mark.parametrize(
    "status",
    ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"],
)
def test_a_stack_that_failed_is_adopted_and_removed(lab: Lab, status: str) -> None:
    import boto3
    from moto.cloudformation.models import cloudformation_backends

    cloudformation = boto3.client("cloudformation", "us-east-1")
    made = cloudformation.create_stack(
        StackName="app", TemplateBody=json.dumps({"Resources": {"Key": RETAINED_KEY}})
    )["StackId"]
    cloudformation_backends[lab.account]["us-east-1"].get_stack("app").status = status
    with lab.nested() as inner:
        stack = inner.adopt(made)
        key = stack.resources["Key"]
        assert stack.status().startswith(("UPDATE_", status))
        inner.adopt(made)
    assert (stack.status(), key.state()) == ("DELETE_COMPLETE", "PendingDeletion")


@needs_cloudformation
def test_a_stack_that_was_rolled_back_is_adopted_and_removed(lab: Lab) -> None:
    import boto3

    cloudformation = boto3.client("cloudformation", "us-east-1")
    bad = {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [NOBODY]}},
    }
    made = cloudformation.create_stack(StackName="app", TemplateBody=json.dumps({"Resources": {"Bad": bad}}))
    with lab.nested() as inner:
        stack = inner.adopt(made["StackId"])
        assert stack.status() == "ROLLBACK_COMPLETE"
        with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
            cloudformation.update_stack(StackName="app", UsePreviousTemplate=True)
    assert stack.status() == "DELETE_COMPLETE"


@needs_cloudformation
def test_a_stack_of_a_change_set_is_adopted(lab: Lab) -> None:
    """So `aws cloudformation deploy` and `cdk deploy` make theirs."""
    import boto3

    cloudformation = boto3.client("cloudformation", "us-east-1")
    body = json.dumps({"Resources": {"Key": RETAINED_KEY}})
    change = cloudformation.create_change_set(
        StackName="app", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body
    )
    with lab.nested() as inner:
        assert inner.adopt(change["StackId"]).status() == "REVIEW_IN_PROGRESS"
        cloudformation.execute_change_set(StackName="app", ChangeSetName="first")
        stack = inner.adopt(change["StackId"])
        key = stack.resources["Key"]
    assert (stack.status(), key.state()) == ("DELETE_COMPLETE", "PendingDeletion")
