"""What DynamoDB refuses of the parameters that expressions have replaced, and what it takes.

The texts are DynamoDB's: see pytest_kmslab/calls/dynamodb/old_parameters.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.old_parameters import check_old_parameters
from pytest_kmslab.calls.validation_messages import PREFIX

S, N, SS = {"S": "x"}, {"N": "1"}, {"SS": ["x"]}
BOTH = "Can not use both expression and non-expression parameters in the same request: "


def old(operator: str, *values: Any) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


def number(operator: str) -> str:
    return f"Invalid number of argument(s) for the {operator} ComparisonOperator"


def kind(operator: str, kind: str) -> str:
    return f"ComparisonOperator {operator} is not valid for {kind} AttributeValue type"


CONDITIONS = [
    *((old(operator), number(operator)) for operator in ("EQ", "LT", "BEGINS_WITH", "IN", "BETWEEN")),
    *((old(operator, S, S), number(operator)) for operator in ("EQ", "NE", "CONTAINS", "NOT_CONTAINS")),
    *((old(operator, S), number(operator)) for operator in ("NULL", "NOT_NULL", "BETWEEN")),
    (old("BETWEEN", S, S, S), number("BETWEEN")),
    *((old(operator, SS), kind(operator, "SS")) for operator in ("LE", "LT", "GE", "GT", "CONTAINS", "IN")),
    (old("BETWEEN", S, {"BOOL": True}), kind("BETWEEN", "BOOL")),
    (old("NOT_CONTAINS", {"L": []}), kind("NOT_CONTAINS", "L")),
    (old("BEGINS_WITH", N), kind("BEGINS_WITH", "N")),
    *(
        (old(operator, S, N), "AttributeValues inside AttributeValueList must be of same type")
        for operator in ("IN", "BETWEEN")
    ),
]
TAKEN_CONDITIONS = [
    *(old(operator, S) for operator in ("EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "BEGINS_WITH", "IN")),
    *(old(operator, SS) for operator in ("EQ", "NE")),
    *(old(operator) for operator in ("NULL", "NOT_NULL")),
    old("BEGINS_WITH", {"B": b"x"}),
    old("BETWEEN", N, N),
    old("IN", S, S, S),
]


def refusal(params: dict[str, Any]) -> str:
    """What DynamoDB says, empty where it takes the parameters."""
    try:
        check_old_parameters(params)
    except ServiceError as error:
        return str(error).removeprefix("ValidationException: ").removeprefix(PREFIX)
    return ""


@pytest.mark.parametrize(("condition", "told"), CONDITIONS)
@pytest.mark.parametrize("member", ["KeyConditions", "QueryFilter", "ScanFilter", "Expected"])
def test_a_condition_that_is_none(member: str, condition: dict[str, Any], told: str) -> None:
    assert refusal({member: {"a": condition}}) == told


@pytest.mark.parametrize("condition", TAKEN_CONDITIONS)
def test_a_condition(condition: dict[str, Any]) -> None:
    for member in ("KeyConditions", "QueryFilter", "ScanFilter", "Expected"):
        assert refusal({member: {"a": condition}}) == ""


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        ({"Exists": False, "Value": S}, "Value cannot be used when Exists is false for Attribute: a"),
        (
            {"ComparisonOperator": "EQ"},
            "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        (
            {**old("EQ", S), "Exists": True},
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            {"AttributeValueList": [S]},
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        ({"ComparisonOperator": "LT", "Value": SS}, kind("LT", "SS")),
        ({"ComparisonOperator": "NULL", "Value": S}, number("NULL")),
        ({"Value": S}, ""),
        ({"Exists": True, "Value": S}, ""),
        ({"Exists": False}, ""),
        ({"ComparisonOperator": "NE", "Value": SS}, ""),
        ({"ComparisonOperator": "NULL"}, ""),
        ({"ComparisonOperator": "NOT_NULL"}, ""),
    ],
)
def test_what_is_expected(expected: dict[str, Any], told: str) -> None:
    assert refusal({"Expected": {"a": expected}}) == told


NOTHING = "Only DELETE action is allowed when no attribute value is specified"


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({}, NOTHING),
        ({"Action": "PUT"}, NOTHING),
        ({"Action": "ADD"}, NOTHING),
        ({"Action": "ADD", "Value": S}, "ADD action is not supported for the type S"),
        ({"Action": "ADD", "Value": {"M": {}}}, "ADD action is not supported for the type M"),
        ({"Action": "DELETE", "Value": S}, "DELETE action with value is not supported for the type S"),
        (
            {"Action": "DELETE", "Value": {"L": []}},
            "DELETE action with value is not supported for the type L",
        ),
        ({"Action": "DELETE"}, ""),
        ({"Value": S}, ""),
        ({"Action": "PUT", "Value": {"M": {}}}, ""),
        *(({"Action": "ADD", "Value": {kind: []}}, "") for kind in ("N", "SS", "NS", "BS", "L")),
        *(({"Action": "DELETE", "Value": {kind: []}}, "") for kind in ("SS", "NS", "BS")),
    ],
)
def test_an_update(update: dict[str, Any], told: str) -> None:
    assert refusal({"AttributeUpdates": {"a": update}}) == told


@pytest.mark.parametrize(
    ("params", "told"),
    [
        *(
            ({member: {}, "ConditionExpression": "a = b"}, (member, "ConditionExpression"))
            for member in ("AttributeUpdates", "Expected", "QueryFilter", "ScanFilter")
        ),
        *(
            ({"AttributesToGet": ["a"], expression: "a"}, ("AttributesToGet", expression))
            for expression in ("ProjectionExpression", "FilterExpression", "UpdateExpression")
        ),
        (
            {
                "Expected": {},
                "ConditionalOperator": "OR",
                "UpdateExpression": "SET a = b",
                "ConditionExpression": "c",
            },
            ("Expected, ConditionalOperator", "UpdateExpression, ConditionExpression"),
        ),
        (
            {"KeyConditions": {}, "KeyConditionExpression": "a = b"},
            ("KeyConditions", "KeyConditionExpression"),
        ),
        ({"QueryFilter": {}, "KeyConditionExpression": "a"}, ("QueryFilter", "KeyConditionExpression")),
        ({"KeyConditions": {"a": old("EQ", S)}, "ProjectionExpression": "a", "FilterExpression": "b"}, None),
        ({"AttributesToGet": ["a"], "ProjectionExpression": ""}, None),
        ({"Expected": {}, "QueryFilter": {}}, None),
    ],
)
def test_old_and_new(params: dict[str, Any], told: tuple[str, str] | None) -> None:
    shown = told and f"{BOTH}Non-expression parameters: {{{told[0]}}} Expression parameters: {{{told[1]}}}"
    assert refusal(params) == (shown or "")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"AttributesToGet": ["a", "b", "a"]}, "Duplicate value in attribute name: a"),
        ({"AttributesToGet": ["a", "b"]}, ""),
        (
            {"Expected": {"a": {"Value": S, "AttributeValueList": [S], "ComparisonOperator": "EQ"}}},
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        ({"KeyConditions": dict.fromkeys("abc", old("EQ", S))}, "Conditions can be of length 1 or 2 only"),
        ({"KeyConditions": {}}, "Conditions can be of length 1 or 2 only"),
        ({"KeyConditions": dict.fromkeys("abc", old("EQ", S)), "IndexName": "several"}, ""),
        *(
            (
                {member: {"a": old("BETWEEN", *bounds)}},
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper "
                "bound",
            )
            for member in ("KeyConditions", "QueryFilter", "ScanFilter", "Expected")
            for bounds in ([{"S": "b"}, {"S": "a"}], [{"N": "10"}, {"N": "9"}], [{"B": b"b"}, {"B": b"a"}])
        ),
        ({"ScanFilter": {"a": old("BETWEEN", {"N": "9"}, {"N": "10"})}}, ""),
    ],
)
def test_what_does_not_go_together(params: dict[str, Any], told: str) -> None:
    assert refusal(params) == told
