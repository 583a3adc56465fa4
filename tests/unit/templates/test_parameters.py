"""Parameters of templates: their types, and what a value breaks."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.templates.parameters import TYPES, broken_constraint, is_in_store, is_list, items_of

STRING: dict[str, Any] = {"Type": "String"}
NUMBER: dict[str, Any] = {"Type": "Number"}

BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({**STRING, "AllowedValues": ["a", True, 5]}, "b", "AllowedValues"),
    ({**STRING, "AllowedPattern": "[a-z]+"}, "ab1", "AllowedPattern"),
    ({**STRING, "MinLength": 3}, "ab", "MinLength"),
    ({**STRING, "MaxLength": "2"}, "abc", "MaxLength"),
    (NUMBER, "x", "Number"),
    (NUMBER, "", "Number"),
    (NUMBER, "nan", "Number"),
    ({**NUMBER, "MinValue": 3}, "2.5", "MinValue"),
    ({**NUMBER, "MaxValue": "3"}, "4", "MaxValue"),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a, c", "AllowedValues"),
    ({"Type": "List<Number>"}, "1,x", "Number"),
]


@pytest.mark.parametrize(("parameter", "text", "constraint"), BROKEN)
def test_a_value_just_outside(parameter: dict[str, Any], text: str, constraint: str) -> None:
    broken = broken_constraint(parameter, text)
    assert broken is not None
    assert broken.constraint == constraint


KEPT: list[tuple[dict[str, Any], str]] = [
    ({**STRING, "AllowedValues": ["a", True, 5]}, "true"),
    ({**STRING, "AllowedValues": ["a", True, 5]}, "5"),
    ({**STRING, "AllowedPattern": "[a-z]+"}, "ab"),
    ({**STRING, "AllowedPattern": r"\p{Alpha}+"}, "1"),
    ({**STRING, "MinLength": 3, "MaxLength": 3}, "abc"),
    ({**NUMBER, "MinValue": 3, "MaxValue": 3}, "3.0"),
    (NUMBER, "-1e3"),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a, b"),
    ({"Type": "AWS::SSM::Parameter::Value<String>", "AllowedValues": ["a"]}, "/name"),
    ({"Type": "CommaDelimitedList"}, ""),
]


@pytest.mark.parametrize(("parameter", "text"), KEPT)
def test_a_value_just_inside(parameter: dict[str, Any], text: str) -> None:
    assert broken_constraint(parameter, text) is None


def test_types_are_lists_or_in_the_store_by_their_names() -> None:
    lists = {name for name in TYPES if is_list(name)}
    assert {
        "CommaDelimitedList",
        "List<AWS::EC2::Subnet::Id>",
        "AWS::SSM::Parameter::Value<List<String>>",
    } <= lists
    assert not {"String", "AWS::SSM::Parameter::Value<String>", "AWS::SSM::Parameter::Name"} & lists
    assert not is_in_store("AWS::SSM::Parameter::Name")
    assert is_in_store("AWS::SSM::Parameter::Value<String>")
    assert "Sting" not in TYPES
    assert (items_of(""), items_of(" a ,b")) == ([], ["a", "b"])
