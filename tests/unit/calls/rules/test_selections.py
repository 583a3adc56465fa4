"""What a Query or Scan may ask to get, as moto's tests have it that are verified on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import user

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.wire.constraints import check_constraints

SPECIFIC = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
INDEXED = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
SEGMENT = "The Segment parameter is"
ONE = "1 validation error detected: "


def check(operation: str, **params: Any) -> None:
    named = {"TableName": "orders", "IndexName": "index", **params}
    sent = {name: value for name, value in named.items() if value is not None}
    check_constraints(ApiCall("dynamodb", operation, sent, "us-east-1", user()))


def cannot(member: str, what: str) -> str:
    return f"Cannot specify the {member} when choosing to get {what}"


@pytest.mark.parametrize(("operation", "prefix"), [("Query", ONE), ("Scan", "")])
@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Select": "SPECIFIC_ATTRIBUTES"}, SPECIFIC),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES", "IndexName": None}, INDEXED),
        *(
            ({"Select": select, **naming}, cannot(next(iter(naming)), what))
            for select, what in (
                ("ALL_ATTRIBUTES", "ALL_ATTRIBUTES"),
                ("ALL_PROJECTED_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
                ("COUNT", "only the Count"),
            )
            for naming in ({"ProjectionExpression": "a"}, {"AttributesToGet": ["a"]})
        ),
    ],
)
def test_a_selection_is_refused(operation: str, prefix: str, params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check(operation, **params)
    assert (refused.value.code, refused.value.message) == ("ValidationException", prefix + text)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"Segment": 3, "TotalSegments": 3},
            f"{SEGMENT} zero-based and must be less than parameter TotalSegments: Segment: 3 is not less "
            "than TotalSegments: 3",
        ),
        (
            {"TotalSegments": 4},
            f"{SEGMENT} required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment "
            "parameter is present",
        ),
    ],
)
def test_a_part_of_a_scan_is_refused(params: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check("Scan", **params)
    assert (refused.value.code, refused.value.message) == ("ValidationException", text)


@pytest.mark.parametrize("operation", ["Query", "Scan"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"Select": "COUNT"},
        {"Select": "ALL_ATTRIBUTES"},
        {"Select": "ALL_PROJECTED_ATTRIBUTES"},
        {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": "a"},
        {"Select": "SPECIFIC_ATTRIBUTES", "AttributesToGet": ["a"]},
        {"ProjectionExpression": "a"},
    ],
)
def test_a_selection_is_taken(operation: str, params: dict[str, Any]) -> None:
    check(operation, **params)


@pytest.mark.parametrize("segments", [{"Segment": 0, "TotalSegments": 1}, {"Segment": 2, "TotalSegments": 3}])
def test_a_part_of_a_scan_is_taken(segments: dict[str, int]) -> None:
    check("Scan", **segments)
