"""A template that speaks of what it does not have is refused before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_kmslab.errors import TemplateError
from pytest_kmslab.lab.templates.template import read_template

GROUP = "AWS::IAM::Group"


def group(name: Any, **attributes: Any) -> dict[str, Any]:
    return {"Type": GROUP, "Properties": {"GroupName": name}, **attributes}


def template(*, name: Any = "g", sections: Mapping[str, Any] | None = None, **attributes: Any) -> Any:
    """A template of one group `G`, of another `Other`, a parameter `P`, a condition `C` and a mapping `M`."""
    return {
        "Parameters": {"P": {"Type": "String"}},
        "Mappings": {"M": {"a": {"b": "c"}}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}},
        "Resources": {"G": group(name, **attributes), "Other": {"Type": GROUP}},
        **(sections or {}),
    }


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ({"Ref": "None"}, "a resource or parameter `None`"),
        ({"Fn::GetAtt": ["None", "Arn"]}, "a resource `None`"),
        ({"Fn::GetAtt": "None.Arn"}, "a resource `None`"),
        ({"Fn::GetAtt": ["P", "Arn"]}, "a resource `P`"),
        ({"Fn::Sub": "a-${None}"}, "a resource or parameter `None`"),
        ({"Fn::Sub": "a-${None.Arn}"}, "a resource `None`"),
        ({"Fn::Sub": ["${Mine}-${None}", {"Mine": "x"}]}, "a resource or parameter `None`"),
        ({"Fn::Sub": ["${Mine}", {"Mine": {"Ref": "None"}}]}, "a resource or parameter `None`"),
        ({"Fn::If": ["None", "a", "b"]}, "a condition `None`"),
        ({"Fn::If": ["C", {"Ref": "None"}, "b"]}, "a resource or parameter `None`"),
        ({"Fn::FindInMap": ["None", "a", "b"]}, "a mapping `None`"),
        ({"Fn::Join": ["-", ["a", {"Ref": "None"}]]}, "a resource or parameter `None`"),
    ],
)
def test_what_a_function_names_must_be_there(name: Any, missing: str) -> None:
    with pytest.raises(TemplateError, match=f"`template`: `G` speaks of {missing}, which the template has"):
        read_template(template(name=name))


@pytest.mark.parametrize(
    "name",
    [
        {"Ref": "P"},
        {"Ref": "Other"},
        {"Ref": "AWS::NoValue"},
        {"Fn::GetAtt": ["Other", "Arn"]},
        {"Fn::GetAtt": "Other.Arn"},
        {"Fn::Sub": "${P}-${AWS::Region}-${Other}-${Other.Arn}-${!Literal}-$P-${ P }"},
        {"Fn::Sub": ["${Mine}", {"Mine": "x"}]},
        {"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]},
        {"Fn::FindInMap": ["M", "a", "b"]},
        {"Fn::FindInMap": [{"Ref": "P"}, "a", "b"]},
        {"Fn::ImportValue": "None"},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": "None"}}},
        {"Condition": "None"},
    ],
)
def test_what_is_there_may_be_named(name: Any) -> None:
    read_template(template(name=name))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources:\n  A: &a {Type: X}\n  B: *a\n", "`template`, line 3: YAML aliases are not allowed"),
        ("Resources: &a {A: *a}", "YAML aliases are not allowed"),
        ("[" * 10_000, "nested too deeply"),
        ('{"Resources": ' + "[" * 100_000, "nested too deeply"),
        ("Resources: {A: !!float x}", "could not convert string to float"),
    ],
)
def test_what_no_template_can_be_is_told(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        read_template(text)


def test_an_anchor_alone_is_taken() -> None:
    assert read_template("Resources:\n  G: &g {Type: AWS::IAM::Group}\n").resources


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({"Condition": "None"}, "a condition `None`"),
        ({"DependsOn": "None"}, "a resource `None`"),
        ({"DependsOn": ["Other", "None"]}, "a resource `None`"),
        ({"DependsOn": "P"}, "a resource `P`"),
    ],
)
def test_what_an_attribute_names_must_be_there(attributes: Any, missing: str) -> None:
    with pytest.raises(TemplateError, match=f"`G` speaks of {missing}"):
        read_template(template(**attributes))
    read_template(template(Condition="C", DependsOn=["Other"]))


@pytest.mark.parametrize(
    "sections",
    [
        {"Outputs": {"Out": {"Value": {"Ref": "None"}}}},
        {"Outputs": {"Out": {"Value": "x", "Condition": "None"}}},
        {"Conditions": {"Out": {"Fn::Not": [{"Condition": "None"}]}}},
        {"Conditions": {"Out": {"Fn::Equals": [{"Ref": "None"}, "x"]}}},
    ],
)
def test_outputs_and_conditions_name_what_is_there_too(sections: Any) -> None:
    with pytest.raises(TemplateError, match=r"`Out` speaks of .* `None`"):
        read_template(template(sections=sections))


def test_the_line_is_told() -> None:
    lines = (
        "Resources:",
        "  Other:",
        f"    Type: {GROUP}",
        "  G:",
        f"    Type: {GROUP}",
        "    DependsOn: Othr",
    )
    with pytest.raises(TemplateError, match="`template`, line 4: `G` speaks of a resource `Othr`"):
        read_template("\n".join(lines))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (group("a", DependsOn="B"), group("b", DependsOn="A")),
        (group({"Ref": "B"}), group({"Fn::Sub": "${A}"})),
        (group({"Ref": "A"}), group("b")),
    ],
)
def test_what_needs_one_another_cannot_be_made(one: Any, two: Any) -> None:
    with pytest.raises(TemplateError, match=r"`A`.* can be made only after one another"):
        read_template({"Resources": {"A": one, "B": two}})


def test_what_a_transform_makes_may_be_named() -> None:
    read_template(template(name={"Ref": "None"}, sections={"Transform": "AWS::Serverless-2016-10-31"}))
