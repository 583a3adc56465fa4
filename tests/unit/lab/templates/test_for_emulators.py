"""What an emulator lacks is taken out of a template, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.errors import TemplateError
from pytest_kmslab.lab.templates.for_emulators import for_emulator, refuse_loops, without_bootstrap_check
from pytest_kmslab.lab.templates.template import read_template

PSEUDO = {"AWS::AccountId": "000000000000", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com"}
CDK = Path(__file__).parents[4] / "examples" / "templates" / "cdk.out" / "OrdersStack.template.json"
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Runtime": "python3.12", "Code": {"S3Bucket": "deployments", "S3Key": "a.zip"}},
}


def made_of(template: Any, *buckets: str) -> Any:
    return for_emulator(read_template(template), PSEUDO, buckets.__contains__).content


def test_pseudo_parameters_are_written_out_wherever_they_stand() -> None:
    key = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "A": {"Ref": "AWS::URLSuffix"},
            "B": {"Fn::Sub": "dynamodb.*.${AWS::URLSuffix} ${Stage} ${AWS::StackName}"},
            "C": [{"Fn::Sub": ["${x}.${AWS::Region}", {"x": {"Ref": "AWS::AccountId"}}]}],
            "D": {"Ref": "AWS::StackName"},
        },
    }
    template = {"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Key": key}}
    properties = made_of(template)["Resources"]["Key"]["Properties"]
    assert properties == {
        "A": "amazonaws.com",
        "B": {"Fn::Sub": "dynamodb.*.amazonaws.com ${Stage} ${AWS::StackName}"},
        "C": [{"Fn::Sub": ["${x}.us-east-1", {"x": "000000000000"}]}],
        "D": {"Ref": "AWS::StackName"},
    }


def test_a_loop_is_written_out_by_cloudformation_alone() -> None:
    loop = {"Fn::ForEach::Keys": ["Name", ["A"], {"Key${Name}": {"Type": "AWS::KMS::Key"}}]}
    template = read_template({"Transform": "AWS::LanguageExtensions", "Resources": loop})
    with pytest.raises(TemplateError, match="`Fn::ForEach::Keys` is a loop, which CloudFormation alone"):
        refuse_loops(template)


def test_code_of_a_bucket_that_is_not_there_is_left_out() -> None:
    code = made_of({"Resources": {"F": FUNCTION}})["Resources"]["F"]["Properties"]["Code"]
    assert set(code) == {"ZipFile"}
    template = {"Resources": {"F": FUNCTION}}
    assert made_of(template, "deployments") == template


def test_a_template_of_cdk_needs_no_bootstrap_stack() -> None:
    content = made_of(CDK)
    assert not {"Parameters", "Rules"} & set(content)
    assert set(content["Resources"]["Handler886CB40B"]["Properties"]["Code"]) == {"ZipFile"}
    assert "${AWS::AccountId}" not in json.dumps(content)


@pytest.mark.parametrize("other", [{"Ref": "BootstrapVersion"}, "x"])
def test_the_version_stays_where_it_is_used(other: Any) -> None:
    content = {**json.loads(CDK.read_text()), "Outputs": {"Version": {"Value": other}}}
    assert ("Parameters" in without_bootstrap_check(content)) is (other != "x")


def test_what_needs_nothing_is_sent_as_it_was_written() -> None:
    text = "Resources:\n  Key:\n    Type: AWS::KMS::Key  # ours\n"
    assert for_emulator(read_template(text), PSEUDO, lambda _: False).text == text
