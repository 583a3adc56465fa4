"""CloudFormation's functions, resolved as CloudFormation resolves them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.templates.conditions import Conditions, check_rules
from pytest_kmslab.templates.functions import resolve
from pytest_kmslab.templates.problem import TemplateProblemError

ARN = "arn:aws:kms:us-east-1:123456789012:key/1"
NAMES = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "Names": ["ana", "bob"],
    "Count": 2,
    "Stage": "prod",
    "True": True,
}
MAPS = {"M": {"us-east-1": {"prod": "one", "list": ["a", "b"]}}}


class Template:
    """A template with these parameters, a key `Key`, and a resource `Unmade` of which nothing is known."""

    region = "us-east-1"

    def __init__(self, conditions: Any = None) -> None:
        self._conditions = Conditions(conditions or {"Yes": {"Fn::Equals": ["a", "a"]}}, self)

    def ref(self, name: str) -> Any:
        return NAMES.get(name)

    def attribute(self, name: str, attribute: str) -> Any:
        return {"Key.Arn": ARN, "Nested.Outputs.Name": "inner"}.get(f"{name}.{attribute}")

    def mapping(self, name: str) -> Any:
        return MAPS.get(name)

    def holds(self, condition: str) -> bool:
        return self._conditions[condition]

    def exported(self, name: str) -> Any:
        return {"shared": "exported"}[name]

    def stack_output(self, stack: str, output: str, region: str, role: str) -> Any:
        return f"{stack}/{output}/{region}/{role}"


RESOLVED: list[tuple[Any, Any]] = [
    ({"Ref": "Names"}, ["ana", "bob"]),
    ({"Fn::Select": [1, {"Ref": "Names"}]}, "bob"),
    ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
    ({"Fn::Select": [{"Ref": "Count"}, ["a", "b", "c"]]}, "c"),
    ({"Fn::Join": ["-", {"Ref": "Names"}]}, "ana-bob"),
    ({"Fn::Join": ["", ["a", {"Ref": "AWS::NoValue"}, {"Ref": "Count"}]]}, "a2"),
    ({"Fn::Join": ["", ["a", {"Ref": "Unmade"}]]}, None),
    ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Key", "Arn"]}]}]}, "key/1"),
    ({"Fn::GetStackOutput": {"OutputName": "O", "StackName": {"Ref": "Count"}}}, "2/O//"),
    ({"Fn::GetAtt": "Key.Arn"}, ARN),
    ({"Fn::GetAtt": ["Nested", "Outputs.Name"]}, "inner"),
    ({"Fn::Sub": "${Nested.Outputs.Name}-${Key.Arn}"}, f"inner-{ARN}"),
    ({"Fn::Sub": "${!aws:username}/${ AWS::Region }/$$/${True}"}, "${aws:username}/us-east-1/$$/true"),
    ({"Fn::Sub": ["${A}${B}", {"A": "${Stage}", "B": {"Ref": "Stage"}}]}, "${Stage}prod"),
    ({"Fn::Sub": '{"a": "${Stage}", "b": "${!c}"}'}, '{"a": "prod", "b": "${c}"}'),
    ({"Fn::Sub": "${Unmade.Arn}"}, None),
    ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, {"Ref": "Stage"}]}, "one"),
    ({"Fn::FindInMap": ["M", "us-east-1", "list"]}, ["a", "b"]),
    ({"Fn::FindInMap": ["M", "eu", "prod", {"DefaultValue": {"Ref": "Stage"}}]}, "prod"),
    ({"Fn::If": ["Yes", {"Ref": "Stage"}, {"Fn::Select": [9, ["a"]]}]}, "prod"),
    ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "exported"),
    ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, [f"us-east-1{zone}" for zone in "abcd"]),
    ({"Fn::Base64": {"Fn::Sub": "${AWS::Region}"}}, "dXMtZWFzdC0x"),
    ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.1.0/24"),
    ({"Fn::Length": {"Ref": "Names"}}, 2),
    ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, '{"a":"prod"}'),
    ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}, {"b": [1]}),
    (
        {"Condition": {"StringEquals": {"aws:PrincipalArn": "x"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": "x"}}},
    ),
    ({"Fn::Transform": {"Name": "Macro"}}, {"Fn::Transform": {"Name": "Macro"}}),
]


@pytest.mark.parametrize(("value", "resolved"), RESOLVED)
def test_a_function_is_what_it_stands_for(value: Any, resolved: Any) -> None:
    assert resolve(value, Template()) == resolved


REFUSED: list[tuple[Any, str]] = [
    ({"Fn::Select": [2, ["a", "b"]]}, "cannot select nonexistent value at index 2"),
    ({"Fn::Select": [-1, ["a", "b"]]}, "cannot select nonexistent value at index -1"),
    ({"Fn::Select": ["x", ["a"]]}, "cannot select nonexistent value"),
    ({"Fn::Select": [float("inf"), ["a"]]}, "cannot select nonexistent value"),
    ({"Fn::Cidr": ["10.0.0.0/16", float("inf")]}, "cannot make blocks"),
    ({"Fn::FindInMap": ["M", "eu", "prod"]}, "Unable to get mapping for M::eu::prod"),
    ({"Fn::FindInMap": ["M", "eu"]}, "requires 3 or 4 parameters"),
    ({"Fn::GetAtt": ["Key"]}, "requires two non-empty parameters"),
    ({"Fn::Join": ["-", "a"]}, "every Fn::Join object requires two parameters"),
    ({"Fn::Sub": ["a"]}, "Fn::Sub object requires 2 parameters"),
    ({"Fn::If": ["No", "a", "b"]}, "unresolved condition dependency No"),
    ({"Fn::Cidr": ["nonsense", 2, 8]}, "Fn::Cidr cannot make blocks of nonsense"),
    ({"Fn::Cidr": ["10.0.0.0/28", 2, 8]}, "Fn::Cidr cannot make blocks of 10.0.0.0/28"),
    ({"Fn::Cidr": ["10.0.0.0/16", "x", 8]}, "Fn::Cidr cannot make blocks of 10.0.0.0/16"),
    ({"Fn::Length": "text"}, "Fn::Length object requires a list"),
    ({"Fn::Split": ["", "a,b"]}, "Fn::Split object requires a delimiter"),
    ({"Fn::FindInMap": ["M", "us-east-1", "other", "text"]}, "Unable to get mapping"),
]


@pytest.mark.parametrize(("value", "text"), REFUSED)
def test_a_function_that_stands_for_nothing_is_refused(value: Any, text: str) -> None:
    with pytest.raises(TemplateProblemError, match=text):
        resolve(value, Template())


EQUAL = {"Fn::Equals": ["a", "a"]}
OTHER = {"Fn::Equals": ["a", "b"]}
CONDITIONS: list[tuple[Any, bool]] = [
    ({"Fn::Equals": [{"Ref": "Count"}, "2"]}, True),
    ({"Fn::Equals": ["5", 5]}, True),
    ({"Fn::Equals": [{"Ref": "True"}, "true"]}, True),
    ({"Fn::Equals": ["True", True]}, False),
    ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Names"}]}, "ana"]}, True),
    ({"Fn::Equals": [{"Fn::FindInMap": ["M", "us-east-1", "prod"]}, "one"]}, True),
    ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, ""]}, False),
    ({"Condition": "Yes"}, True),
    ({"Fn::Not": [{"Condition": "Yes"}]}, False),
    ({"Fn::And": [EQUAL, {"Fn::Not": [OTHER]}]}, True),
    ({"Fn::And": [EQUAL, {"Fn::Or": [OTHER, OTHER]}]}, False),
    ({"Fn::Or": [OTHER, {"Fn::And": [{"Condition": "Yes"}, EQUAL]}]}, True),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_values_of_conditions_are_compared_as_texts(condition: Any, holds: bool) -> None:
    assert Template({"Yes": EQUAL, "It": condition}).holds("It") is holds


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({"It": {"Condition": "It"}}, r"Circular dependency between conditions: \[It\]"),
        ({"It": {"Fn::Equals": ["a"]}}, "list of 2 string parameters"),
        ({"It": {"Fn::Sum": [1]}}, "can only be boolean operations"),
        ({"It": {"Fn::Equals": [{"Fn::Transform": {}}, "a"]}}, "Fn::Transform cannot be used in a condition"),
    ],
)
def test_a_condition_that_is_none_is_refused(conditions: Any, text: str) -> None:
    with pytest.raises(TemplateProblemError, match=text):
        Template(conditions).holds("It")


def rule(assertion: Any, **more: Any) -> dict[str, Any]:
    return {"R": {"Assertions": [{"Assert": assertion, "AssertDescription": "it must"}], **more}}


BROKEN_RULES = [
    rule({"Fn::Contains": [["dev"], {"Ref": "Stage"}]}),
    rule({"Fn::EachMemberIn": [{"Ref": "Names"}, ["ana"]]}),
    rule({"Fn::EachMemberEquals": [["a", "b"], "a"]}),
    rule(OTHER, RuleCondition=EQUAL),
]
MALFORMED_RULES = [
    rule({"Fn::Contains": [["dev"]]}),
    rule({"Fn::Contains": ["production", "prod"]}),
    rule({"Fn::EachMemberIn": [["pro"], "production"]}),
]
KEPT_RULES = [
    rule({"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "Stage"}]}]}),
    rule({"Fn::EachMemberIn": [["ana"], {"Ref": "Names"}]}),
    rule(OTHER, RuleCondition=OTHER),
    rule({"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.a"]}, {"Fn::RefAll": "x"}]}),
]


@pytest.mark.parametrize("rules", BROKEN_RULES)
def test_an_assertion_that_does_not_hold_is_told(rules: Any) -> None:
    with pytest.raises(TemplateProblemError, match="rule R failed: it must"):
        check_rules(rules, Template())


@pytest.mark.parametrize("rules", KEPT_RULES)
def test_an_assertion_that_holds_or_asks_for_the_account_is_none(rules: Any) -> None:
    check_rules(rules, Template())


@pytest.mark.parametrize("rules", MALFORMED_RULES)
def test_an_assertion_about_no_list_is_refused(rules: Any) -> None:
    with pytest.raises(TemplateProblemError, match="object requires a list"):
        check_rules(rules, Template())
