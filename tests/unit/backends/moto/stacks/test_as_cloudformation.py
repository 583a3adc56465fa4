"""A template says in moto's stacks what it says to CloudFormation; what that refuses leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT

from pytest_kmslab.backends.moto.stacks.left_out import NotMadeWarning

from .conftest import Stacks

KEY: dict[str, Any] = {"Type": "AWS::KMS::Key", "Properties": {}}
USER: dict[str, Any] = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ana"}}
YES = {"Fn::Equals": ["a", "a"]}
NO = {"Fn::Equals": ["a", "b"]}


def of(**sections: Any) -> dict[str, Any]:
    return {"Resources": {"Key": KEY}, **sections}


def parameter(**more: Any) -> dict[str, Any]:
    return of(Parameters={"P": {"Type": "String", **more}})


def named(name: str, **attributes: Any) -> dict[str, Any]:
    """A template of a user, whose name is as given."""
    return {"Resources": {"User": {"Type": "AWS::IAM::User", "Properties": {"UserName": name}, **attributes}}}


GIVEN = "hunter22"
NOT_IN_MAP = of(
    Outputs={"O": {"Value": {"Fn::FindInMap": ["M", "x", "y"]}}}, Mappings={"M": {"a": {"b": "c"}}}
)
LIST = {"Type": "CommaDelimitedList", "Default": "a,b"}
ROUND = {
    "A": {"Type": "AWS::IAM::User", "Properties": {"UserName": {"Fn::Sub": "${B}-a"}}},
    "B": {"Type": "AWS::IAM::User", "Properties": {"UserName": {"Fn::Sub": "${A}-b"}}},
}

REFUSED: list[tuple[str, Any, str]] = [
    ("a section", of(Foo={}), r"Invalid template property or properties \[Foo\]"),
    ("an attribute", {"Resources": {"Key": {**KEY, "Foo": 1}}}, "Invalid template resource property 'Foo'"),
    ("a logical id", {"Resources": {"Key-1": KEY}}, "Resource name Key-1 is non alphanumeric"),
    ("no resources", {"Resources": {}}, "At least one Resources member must be defined"),
    ("no type", {"Resources": {"Key": {}}}, "must contain a Type member"),
    ("null", named(None), r"\[/Resources/User/Properties/UserName\] 'null' values are not allowed"),  # type: ignore[arg-type]
    (
        "snapshot",
        {"Resources": {"Key": {**KEY, "DeletionPolicy": "Snapshot"}}},
        "does not support deletion policy",
    ),
    ("a policy", {"Resources": {"Key": {**KEY, "UpdateReplacePolicy": "Keep"}}}, "UpdateReplacePolicy Keep"),
    ("a reference", named({"Ref": "None"}), r"dependencies \[None\] in the Resources block"),  # type: ignore[arg-type]
    (
        "an output",
        of(Outputs={"O": {"Value": {"Ref": "None"}}}),
        r"^An error .*: Unresolved resource dependencies \[None\] in the Outputs block",
    ),
    ("a policy variable", named({"Fn::Sub": "${aws:username}"}), r"dependencies \[aws:username\]"),  # type: ignore[arg-type]
    ("a dependency", {"Resources": {"Key": {**KEY, "DependsOn": "None"}}}, r"dependencies \[None\]"),
    ("a condition", {"Resources": {"Key": {**KEY, "Condition": "None"}}}, "condition dependency None"),
    ("a mapping", named({"Fn::FindInMap": ["M", "a", "b"]}), "Mapping named 'M' is not present"),  # type: ignore[arg-type]
    ("no such key of a mapping", NOT_IN_MAP, "Unable to get mapping for M::x::y"),
    ("a circle", {"Resources": ROUND}, "Circular dependency between resources"),
    (
        "a list as an output",
        of(Parameters={"P": LIST}, Outputs={"O": {"Value": {"Ref": "P"}}}),
        "evaluate to a String",
    ),
    ("an output without value", of(Outputs={"O": {}}), "must contain a Value object"),
    ("a macro", of(Transform="Macro"), "No transform named Macro found"),
    (
        "an included part",
        of(Transform={"Name": "AWS::Include"}),
        "does not expand the transform AWS::Include",
    ),
    ("a loop", {"Resources": {"Fn::ForEach::Keys": ["K", ["A"], {"${K}": KEY}]}}, "is a loop"),
    (
        "a rule",
        of(Rules={"R": {"Assertions": [{"Assert": NO, "AssertDescription": "must be b"}]}}),
        "must be b",
    ),
    ("a type of a parameter", parameter(Type="Sting"), "Unrecognized parameter type: Sting"),
    ("a parameter without value", parameter(), r"Parameters: \[P\] must have values"),
    ("a default", parameter(Default="b", AllowedValues=["a"]), "Parameter 'P' must be one of AllowedValues"),
    ("text", "Resources: [", "YAML not well-formed"),
    ("a list of parameters", of(Parameters=["P"]), "Parameters must be an object"),
    ("a text for a resource", {"Resources": {"K": KEY, "L": "x"}}, "/Resources/L. Every Resources object"),
    ("a text for a parameter", of(Parameters={"P": "x"}), "Any Parameters member must be an object"),
    ("a flat mapping", of(Mappings={"M": {"a": "b"}}), "Every Mappings attribute must be a String or a List"),
    ("nothing", {}, "At least one Resources member must be defined"),
    ("a nameless transform", of(Mappings={"M": {"Fn::Transform": {}}}), "Every Mappings attribute must be"),
    ("a rule of texts", of(Rules={"R": {"Assertions": ["x"]}}), "rule R must be a list of objects"),
    ("an export of a text", of(Outputs={"O": {"Value": "x", "Export": "e"}}), "Output O is malformed"),
    ("a listed output", of(Outputs={"O": {"Value": "x", "Condition": ["C"]}}), "Output O is malformed"),
    (
        "a list as the name of an export",
        of(Outputs={"O": {"Value": "x", "Export": {"Name": {"Fn::GetAZs": ""}}}}),
        "evaluate to a String",
    ),
    ("to come after what", {"Resources": {"K": {**KEY, "DependsOn": {"Ref": "K"}}}}, "string or list of str"),
    ("to come after no text", {"Resources": {"K": {**KEY, "DependsOn": [7]}}}, "Every DependsOn value must"),
    ("a listed condition", {"Resources": {"K": {**KEY, "Condition": ["C"]}}}, "/Condition. must be a string"),
    ("listed properties", {"Resources": {"K": {**KEY, "Properties": []}}}, "/Properties. must be an object"),
    ("a list for a type", parameter(Type=["String"]), "Unrecognized parameter type"),
    (
        "a policy of no function",
        {"Resources": {"K": {**KEY, "DeletionPolicy": {"Fn::If": []}}}},
        "every Fn::If object requires 3",
    ),
    ("an alias", "Resources: {A: &a {Type: X}, B: *a}", "Template error: YAML aliases are not allowed in"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    (
        "a merge",
        "Resources: {K: {<<: {Type: AWS::KMS::Key}, Type: AWS::KMS::Key}}",
        "template resource property '<<'",
    ),
    ("a text within itself", "Resources: &a {A: *a}", "YAML aliases are not allowed"),
    ("lists within lists", '{"Resources": ' + "[" * 10_000, "YAML not well-formed.*nested too deeply"),
    ("what is no number", "Resources: {A: !!float x}", "YAML not well-formed.*could not convert"),
    ("a number's attribute", named({"Fn::GetAtt": 5}), "every Fn::GetAtt object requires"),  # type: ignore[arg-type]
    ("no template", "Key", "unsupported structure"),
    ("half a character", '{"Resources": {"\\ud800": {"Type": "AWS::KMS::Key"}}}', "unsupported structure"),
]


@pytest.mark.parametrize(("case", "template", "text"), REFUSED, ids=[case for case, _, _ in REFUSED])
def test_what_cloudformation_refuses_is_refused_and_leaves_nothing(
    stacks: Stacks, case: str, template: Any, text: str
) -> None:
    with pytest.raises(ClientError, match=text) as refused:
        stacks.deploy(template, Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"])
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert stacks.client.describe_stacks()["Stacks"] == []
    root = stacks.account.root
    assert not root.client("kms").list_keys()["Keys"]
    assert not root.client("iam").list_users()["Users"]


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"AllowedValues": ["a"]}, "must be one of AllowedValues"),
    ({"AllowedPattern": "[0-9]+"}, r"must match pattern \[0-9\]"),
    (
        {"AllowedPattern": "[0-9]+", "ConstraintDescription": "must be digits"},
        "failed to satisfy constraint: must be digits",
    ),
    ({"MinLength": 20}, "must contain at least 20 characters"),
    ({"MaxLength": 2}, "must contain at most 2 characters"),
    ({"Type": "Number"}, "must be a number"),
]


@pytest.mark.parametrize(("constraint", "text"), BROKEN)
def test_a_parameter_that_breaks_its_declaration_is_refused(
    stacks: Stacks, constraint: dict[str, Any], text: str
) -> None:
    given = [{"ParameterKey": "P", "ParameterValue": GIVEN}]
    with pytest.raises(ClientError, match=text):
        stacks.deploy(parameter(**constraint), Parameters=given)
    assert stacks.client.describe_stacks()["Stacks"] == []


def test_a_parameter_that_the_template_has_not_is_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match=r"Parameters: \[P\] do not exist in the template"):
        stacks.deploy(of(), Parameters=[{"ParameterKey": "P", "ParameterValue": GIVEN}])


@pytest.mark.parametrize("name", ["1a", "a_b", "a b", "a" * 129])
def test_a_name_that_no_stack_can_have_is_refused(stacks: Stacks, name: str) -> None:
    with pytest.raises(ClientError, match="at 'stackName' failed to satisfy constraint"):
        stacks.deploy(of(), name)


def test_an_update_that_is_refused_changes_nothing(stacks: Stacks) -> None:
    given = [{"ParameterKey": "P", "ParameterValue": "a"}]
    stacks.deploy(parameter(AllowedValues=["a", "b"]), Parameters=given)
    for template, text in (
        (of(Foo={}), "Foo"),
        (parameter(AllowedValues=["b"]), "must be one of AllowedValues"),
    ):
        with pytest.raises(ClientError, match=text):
            stacks.update(template, Parameters=given if "Parameters" in template else [])
    assert stacks.look("s").status == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="Foo"):
        stacks.client.create_change_set(
            StackName="s", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=json.dumps(of(Foo={}))
        )
    given[0]["ParameterValue"] = "b"
    assert stacks.update(parameter(AllowedValues=["a", "b"]), Parameters=given).status == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("how", "status"), [("update", "CREATE_COMPLETE"), ("change set", "REVIEW_IN_PROGRESS")]
)
def test_two_exports_of_one_name_are_refused_and_leave_nothing(stacks: Stacks, how: str, status: str) -> None:
    exports = {name: {"Value": name, "Export": {"Name": "twice"}} for name in ("A", "B")}
    template = {"Resources": {"Key": KEY, "User": USER}, "Outputs": exports}
    client, iam = stacks.client, stacks.account.root.client("iam")
    if how == "update":
        stacks.deploy(of())
    else:
        named = {"StackName": "s", "ChangeSetName": "c"}
        client.create_change_set(**named, ChangeSetType="CREATE", TemplateBody=json.dumps(template))
    with pytest.raises(ClientError, match="Export with name twice is there twice"):
        stacks.update(template) if how == "update" else client.execute_change_set(**named)
    assert (stacks.look("s").status, iam.list_users()["Users"]) == (status, [])


@pytest.mark.parametrize("how", ["given", "default"])
def test_a_secret_parameter_is_shown_to_nobody(stacks: Stacks, how: str) -> None:
    secret = {"NoEcho": "true", **({"Default": GIVEN} if how == "default" else {})}
    given = {"Parameters": [{"ParameterKey": "P", "ParameterValue": GIVEN}]} if how == "given" else {}
    body = json.dumps(parameter(**secret))
    stacks.client.create_stack(StackName="s", TemplateBody=body, **given)
    stack = stacks.client.describe_stacks(StackName="s")["Stacks"][0]
    assert stack["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "****"}]
    stacks.client.create_change_set(
        StackName="t", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body, **given
    )
    change_set = stacks.client.describe_change_set(StackName="t", ChangeSetName="c")
    assert GIVEN not in str(change_set.get("Parameters"))


def test_the_default_of_a_list_and_a_number_decide_as_on_aws(stacks: Stacks) -> None:
    """A condition compares texts: with moto's own reading neither would hold."""
    template = of(
        Parameters={"P": LIST, "N": {"Type": "Number", "Default": 5}},
        Conditions={
            "First": {"Fn::Equals": [{"Fn::Select": [0, {"Ref": "P"}]}, "a"]},
            "Five": {"Fn::Equals": [{"Ref": "N"}, "5"]},
        },
        Outputs={name: {"Value": {"Fn::If": [name, "yes", "no"]}} for name in ("First", "Five")},
    )
    assert stacks.deploy(template).outputs == {"First": "yes", "Five": "yes"}


def test_blanks_around_a_variable_do_not_count(stacks: Stacks) -> None:
    properties = {"Description": {"Fn::Sub": "${ User } in ${ AWS::Region }: ${ User.Arn }"}}
    # In this order, so that what is named has to be made first.
    resources = {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}, "User": USER}
    stacks.deploy({"Resources": resources, "Outputs": {"Id": {"Value": {"Ref": "Key"}}}})
    key = stacks.account.root.client("kms").describe_key(KeyId=stacks.look("s").outputs["Id"])
    assert key["KeyMetadata"]["Description"] == f"ana in us-east-1: arn:aws:iam::{ACCOUNT}:user/ana"


def test_what_a_condition_leaves_out_is_in_nothing_that_is_made(stacks: Stacks) -> None:
    left_out = {**USER, "Condition": "No"}
    template = of(Conditions={"No": NO, "Yes": YES})
    template["Resources"]["User"] = left_out
    template["Outputs"] = {"O": {"Value": {"Fn::If": ["Yes", "none", {"Ref": "User"}]}}}
    assert stacks.deploy(template).outputs == {"O": "none"}
    template["Outputs"] = {"O": {"Value": {"Ref": "User"}}}
    with pytest.raises(ClientError, match=r": Unresolved resource dependencies \[User\] in the Outputs "):
        stacks.deploy(template, "t")
    template["Outputs"]["O"]["Condition"] = "No"
    assert stacks.deploy(template, "u").outputs == {}


def test_yaml_with_dates_lists_and_attributes_of_stacks(stacks: Stacks) -> None:
    text = """
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      Description: !Join ["-", [!Ref AWS::Region, !Select [0, !Split [",", "a,b"]]]]
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          Effect: Allow
          Principal: {AWS: !Sub ["arn:aws:iam::${Id}:root", {Id: !Ref AWS::AccountId}]}
          Action: kms:*
          Resource: "*"
Outputs:
  Arn: {Value: !GetAtt Key.Arn}
  Region: {Value: !Select [3, !Split [":", !GetAtt [Key, Arn]]]}
"""
    made = stacks.deploy(text)
    assert made.outputs["Region"] == "us-east-1"
    described = stacks.account.root.client("kms").describe_key(KeyId=made.outputs["Arn"])["KeyMetadata"]
    assert described["Description"] == "us-east-1-a"


def test_values_come_from_the_parameter_store_and_secrets_manager(stacks: Stacks) -> None:
    root = stacks.account.root
    root.client("ssm").put_parameter(Name="/name", Value="ana", Type="String")
    root.client("ssm").put_parameter(Name="/names", Value="bob, eve", Type="StringList")
    root.client("secretsmanager").create_secret(Name="s", SecretString='{"name": "kim"}')
    template = named("{{resolve:ssm:/name}}")
    template["Parameters"] = {"L": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/names"}}
    others = {
        "Eve": {"Fn::Select": [1, {"Ref": "L"}]},
        "Kim": "{{resolve:secretsmanager:s:SecretString:name}}",
    }
    for logical_id, name in others.items():
        template["Resources"][logical_id] = {"Type": "AWS::IAM::User", "Properties": {"UserName": name}}
    assert stacks.deploy(template).status == "CREATE_COMPLETE"
    assert {one["UserName"] for one in root.client("iam").list_users()["Users"]} == {"ana", "eve", "kim"}
    failed = stacks.deploy(named("{{resolve:ssm:/none}}"), "t")
    assert "Could not resolve" in failed.failures["User"]


def test_a_resource_of_another_type_takes_the_place_of_the_old_one(stacks: Stacks) -> None:
    stacks.deploy({"Resources": {"One": USER}})
    stacks.update({"Resources": {"One": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "ana"}}}})
    iam = stacks.account.root.client("iam")
    assert (iam.list_users()["Users"], len(iam.list_groups()["Groups"])) == ([], 1)


def test_what_moto_does_not_make_is_told_in_one_sentence(stacks: Stacks) -> None:
    template = of(
        Outputs={"Acl": {"Value": {"Fn::GetAtt": ["Acl", "Arn"]}}, "Key": {"Value": {"Ref": "Key"}}}
    )
    template["Resources"]["Acl"] = {"Type": "AWS::WAFv2::WebACL"}
    template["Resources"]["Wait"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template["Resources"]["CDKMetadata"] = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}}
    # Its function would answer from a container, to nobody: the stack would be made for ever.
    template["Resources"]["Empty"] = {"Type": "Custom::Emptier", "Properties": {"ServiceToken": "x"}}
    without = r"goes without `Acl` \(AWS::WAFv2::WebACL\), `Empty` \(Custom::Emptier\), output `Acl`: moto"
    with pytest.warns(NotMadeWarning, match=without) as told:
        made = stacks.deploy(template)
    assert (made.status, len(told), list(made.outputs)) == ("CREATE_COMPLETE", 1, ["Key"])
    named_by_it = named({"Fn::Sub": "${Acl.Arn}"})  # type: ignore[arg-type]
    named_by_it["Resources"]["Acl"] = {"Type": "AWS::WAFv2::WebACL"}
    assert "`Acl.Arn` is nothing that moto has made" in stacks.deploy(named_by_it, "t").failures["User"]
