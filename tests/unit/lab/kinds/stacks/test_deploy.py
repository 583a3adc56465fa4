"""Stacks of templates: what is read of one, what is made, and what is left of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.templates import KEY, NOBODY, RETAINED_KEY, USER, needs_cloudformation

from pytest_kmslab import denied
from pytest_kmslab.errors import BackendError, ResourceError, TemplateError
from pytest_kmslab.lab.lab import Lab

TEMPLATES = Path(__file__).parents[3] / "backends" / "moto" / "stacks" / "templates"

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
    ("template.yaml", {}, r"`template`: give the `pathlib.Path` of a template, .*, not `template.yaml`"),
    (3, {}, r"`template`: give the `pathlib.Path` of a template, .*, not `3`"),
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
    (
        {"Resources": {"Key": KEY}},
        {"capabilities": ["CAPABILITY_NAMED_IMA"]},
        "did you mean `CAPABILITY_NAMED_IAM`",
    ),
    ({"Resources": {"Key": KEY}}, {"name": "my stack"}, "`name` `my stack` is no name of a stack"),
    ({"Resources": {"Key": KEY}}, {"name": "a" * 105}, "at most 104"),
    ({"Resources": {"Key": {**KEY, "DeletionPolicy": "Keep"}}}, {}, "Unrecognized DeletionPolicy Keep"),
    ({"Resources": {"Key": KEY}, "Output": {}}, {}, r"Invalid template property or properties \[Output\]"),
    (
        "Parameters:\n  P:\n    Type: Sting\nResources: {Key: {Type: AWS::KMS::Key}}\n",
        {},
        "line 2: .* type: Sting",
    ),
    (
        {"Parameters": {"P": {"Type": "Number", "Default": 1, "MinValue": 3}}, "Resources": {"Key": KEY}},
        {},
        r"`parameters\['P'\]` `1` is less than its `MinValue` 3",
    ),
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
def test_a_stack_is_kept_by_its_tags(lab: Lab) -> None:
    stack = lab.deploy(IN_YAML, parameters={"Names": ["ana", "bob"]})
    with lab.nested() as inner:
        kept = inner.deploy({"Resources": {"Key": RETAINED_KEY}})
        assert not [line for line in inner.keep(60) if "could not" in line]
    assert kept.status() == "UPDATE_COMPLETE"
    assert stack.status() == "CREATE_COMPLETE"


@needs_cloudformation
def test_capabilities_of_none_are_all(lab: Lab) -> None:
    assert lab.deploy({"Resources": {"User": USER}}, capabilities=None).resources["User"].name


@needs_cloudformation
def test_a_secret_parameter_is_known_as_a_secret(lab: Lab) -> None:
    """No report, no log and no traceback shows it: see `session.secrets`."""
    from pytest_kmslab.session.secrets import MASK, Secrets

    secrets = Secrets()
    body = {
        "TemplateBody": json.dumps({"Parameters": {"Password": {**SECRET, "Default": "correct horse"}}}),
        "Parameters.member.1.ParameterKey": "Password",
        "Parameters.member.1.ParameterValue": "battery staple",
    }
    secrets.before_stack({"body": body})
    assert secrets.masked("correct horse, battery staple") == f"{MASK}, {MASK}"
    secrets.before_stack({"body": {**body, "TemplateBody": "NoEcho: ["}})
