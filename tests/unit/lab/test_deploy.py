"""Stacks of templates: what is read of one, what is made, and what is left of it."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import denied
from pytest_kmslab.errors import BackendError, ResourceError, TemplateError
from pytest_kmslab.lab.lab import Lab

TEMPLATES = Path(__file__).parents[1] / "backends" / "moto" / "stacks" / "templates"

needs_cloudformation = pytest.mark.skipif(
    not (find_spec("cfnlint") and find_spec("openapi_spec_validator")),
    reason="moto's CloudFormation needs what the extra `cloudformation` brings",
)

KEY: dict[str, Any] = {"Type": "AWS::KMS::Key", "Properties": {"Description": "of a template"}}
ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                    "Action": "sts:AssumeRole",
                }
            ],
        },
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"],
    },
}
USER: dict[str, Any] = {"Type": "AWS::IAM::User"}
RETAINED_KEY = {**KEY, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
IN_YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Names:
    Type: CommaDelimitedList
  Stage:
    Type: String
    AllowedValues: [test, prod]
    Default: test
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      Description: !Sub "for ${Stage}"
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - Sid: Root
            Effect: Allow
            Principal:
              AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
            Action: kms:*
            Resource: "*"
Outputs:
  Second:
    Value: !Select [1, !Ref Names]
  KeyArn:
    Value: !GetAtt Key.Arn
"""


def stacks_of(lab: Lab) -> list[str]:
    return [arn for arn in lab.inventory() if ":stack/" in arn]


@needs_cloudformation
def test_a_templates_key_table_and_role_are_the_labs_own(lab: Lab) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
        },
    }
    stack = lab.deploy({"Resources": {"Key": KEY, "Table": table, "Role": ROLE, "User": USER}})
    key, made, role = (stack.resources[name] for name in ("Key", "Table", "Role"))
    assert made.encryption()["KMSMasterKeyArn"] == key.arn
    for who in (role, stack.resources["User"]):
        with denied("dynamodb:GetItem" if who is not role else "kms:Decrypt", on=None, by=who):
            lab.as_(who).client("dynamodb").get_item(TableName=made.name, Key={"id": {"S": "1"}})


@needs_cloudformation
def test_yaml_with_short_functions_and_a_list(lab: Lab) -> None:
    stack = lab.deploy(IN_YAML, parameters={"Names": ["ana", "bob"], "Stage": "prod"})
    assert stack.outputs["Second"] == "bob"
    key = stack.resources["Key"]
    assert stack.outputs["KeyArn"] == key.arn
    assert key.describe()["Description"] == "for prod"
    assert key.policy()["Version"] == "2012-10-17"


@needs_cloudformation
@pytest.mark.parametrize("name", ["cdk_orders.json", "sam_expanded.json", "hand_written.yaml"])
def test_a_template_of_a_file_leaves_nothing(lab: Lab, name: str) -> None:
    before = lab.inventory()
    with lab.nested() as inner:
        stack = inner.deploy(TEMPLATES / name)
        assert all(stack.resources[logical_id] is not None for logical_id in stack.resources)
        assert len(lab.inventory()) > len(before)
    assert lab.inventory() == before


@needs_cloudformation
def test_what_is_retained_stays_until_the_lab_ends(lab: Lab) -> None:
    with lab.nested() as inner:
        stack = inner.deploy({"Resources": {"Key": RETAINED_KEY, "Other": KEY}})
        key, other = stack.resources["Key"], stack.resources["Other"]
        stack.delete()
        assert (stack.status(), key.state(), other.state()) == (
            "DELETE_COMPLETE",
            "Enabled",
            "PendingDeletion",
        )
        stack.delete()
    assert key.state() == "PendingDeletion"
    assert stacks_of(lab) == []


@needs_cloudformation
@pytest.mark.parametrize(("stage", "state"), [("prod", "Enabled"), ("dev", "PendingDeletion")])
def test_a_function_may_say_what_is_retained(lab: Lab, stage: str, state: str) -> None:
    policy = {"Fn::If": ["IsProd", "Retain", "Delete"]}
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Key": {**KEY, "DeletionPolicy": policy, "UpdateReplacePolicy": policy}},
    }
    with lab.nested() as inner:
        stack = inner.deploy(template, parameters={"Stage": stage})
        key = stack.resources["Key"]
        stack.delete()
        assert key.state() == state
    assert key.state() == "PendingDeletion"


NOBODY = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody"},
    "Action": "kms:*",
    "Resource": "*",
}


@needs_cloudformation
def test_a_stack_that_fails_says_what_and_why_and_is_removed(lab: Lab) -> None:
    policy = {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [NOBODY]}},
    }
    before = lab.inventory()
    with pytest.raises(ResourceError, match=r"`Bad` \(AWS::KMS::Key\): .*[pP]rincipal"):
        lab.deploy({"Resources": {"Key": KEY, "Bad": {**policy, "DependsOn": "Key"}}})
    assert lab.inventory() == before


@needs_cloudformation
def test_a_user_of_a_stack_who_was_given_more_since_goes_too(lab: Lab) -> None:
    stack = lab.deploy({"Resources": {"User": USER}})
    user = stack.resources["User"]
    assert lab.as_(user).client("sts").get_caller_identity()["Arn"] == user.arn
    assert stack.resources["User"] is user
    stack.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        lab.as_(lab.admin).client("iam").get_user(UserName=user.name)


@needs_cloudformation
def test_what_the_lab_has_no_class_of_is_told_by_type_and_name(lab: Lab) -> None:
    alias = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/app", "TargetKeyId": {"Ref": "Key"}},
    }
    stack = lab.deploy({"Resources": {"Key": KEY, "Alias": alias}})
    assert (stack.resources["Alias"].type, stack.resources["Alias"].name) == ("AWS::KMS::Alias", "alias/app")
    assert stack.resources["Key"].alias == "alias/app"
    with pytest.raises(KeyError, match="has no `Tabel`, but Key, Alias"):
        stack.resources["Tabel"]


@needs_cloudformation
def test_without_what_motos_cloudformation_needs_the_extra_is_named(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cfnlint", None)
    with pytest.raises(BackendError, match=r"pytest-kmslab\[cloudformation\]"):
        lab.deploy({"Resources": {"Key": KEY}})


SECRET = {"Type": "String", "NoEcho": True, "MinLength": 12}

LOOP = {"Fn::ForEach::Keys": ["Name", ["A"], {"Key${Name}": KEY}]}
OF_SAM = {"Resources": {"Key": KEY}, "Transform": "AWS::Serverless-2016-10-31"}
MISSPELT = "Resources:\n  Key:\n    Tpye: AWS::KMS::Key\n"
BAD: list[tuple[Any, dict[str, Any], str]] = [
    ("template.yaml", {}, r"`template` is no template but a `str`; give the file .* `pathlib.Path`"),
    (3, {}, r"`template` is no template but a `int`"),
    ({}, {}, r"`template`: has no `Resources`"),
    ("Resources: {}\n", {}, r"`template`, line 1: has no `Resources`"),
    ('{"Resources": {\n "Key": }', {}, r"`template`, line 2: Expecting value"),
    ("Resources:\n  Key: [\n", {}, r"`template`, line 3: "),
    (MISSPELT, {}, r"`template`, line 2: resource `Key` has no `Type`"),
    (IN_YAML, {}, r"`template`, line 3: `parameters` has no `Names`"),
    (IN_YAML, {"parameters": {"Names": "a", "Stagee": "b"}}, r"`parameters\['Stagee'\]` .* mean `Stage`\?"),
    (IN_YAML, {"parameters": {"Names": "a", "Stage": "dev"}}, r"line 5: .*\['Stage'\]` `dev` is none of"),
    (IN_YAML, {"parameters": {"Names": {"a": 1}}}, r"`parameters\['Names'\]` must be a text"),
    (
        {"Parameters": {"Password": SECRET}, "Resources": {"Key": KEY}},
        {"parameters": {"Password": "hunter2"}},
        r"`parameters\['Password'\]` is shorter than its `MinLength`",
    ),
    (
        {"Resources": {"Role": ROLE}},
        {"capabilities": ()},
        r"`Role` is of IAM, for which `capabilities` needs `CAPABILITY_IAM`",
    ),
    (
        {"Resources": {"User": {**USER, "Properties": {"UserName": "ana"}}}},
        {"capabilities": "CAPABILITY_IAM"},
        r"needs `CAPABILITY_NAMED_IAM`",
    ),
    ({"Resources": {"Key": KEY}}, {"capabilities": "IAM"}, r"`capabilities` has `IAM`, which is none of"),
    ({"Resources": LOOP, "Transform": "AWS::LanguageExtensions"}, {}, "`Fn::ForEach::Keys` is a loop"),
    ({"Resources": {"Key": {**KEY, "DependsOn": "None"}}}, {}, "`Key` speaks of a resource `None`"),
    (OF_SAM, {"capabilities": ()}, "Transform"),
]


@pytest.mark.parametrize(("template", "more", "message"), BAD)
def test_bad_input_is_an_error_before_anything_is_made(
    lab: Lab, template: Any, more: dict[str, Any], message: str
) -> None:
    before = lab.inventory()
    with pytest.raises(TemplateError, match=message) as error:
        lab.deploy(template, **more)
    assert "hunter2" not in str(error.value)
    assert lab.inventory() == before


def test_a_file_that_is_missing_or_broken_is_named(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"`template`, file `.*no\.json`: cannot be read"):
        lab.deploy(tmp_path / "no.json")
    (tmp_path / "broken.json").write_text(json.dumps({"Resources": {"Key": {}}}, indent=1))
    with pytest.raises(TemplateError, match=r"`template`, file `.*broken\.json`, line 3: resource `Key`"):
        lab.deploy(tmp_path / "broken.json")


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
def test_a_stack_is_kept_by_its_tags(lab: Lab) -> None:
    stack = lab.deploy(IN_YAML, parameters={"Names": ["ana", "bob"]})
    with lab.nested() as inner:
        kept = inner.deploy({"Resources": {"Key": RETAINED_KEY}})
        assert not [line for line in inner.keep(60) if "could not" in line]
    assert kept.status() == "UPDATE_COMPLETE"
    assert stack.status() == "CREATE_COMPLETE"


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
