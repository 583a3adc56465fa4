from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount

from pytest_kmslab.calls.dynamodb.context import value_text


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", hash_key="id", index_keys={"by-day": "day"})
    return view


BY_ID = {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}}
BY_DAY = {"day": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "monday"}]}}


def context(operation: str, params: dict[str, Any], view: FakeAccount) -> dict[str, tuple[str, ...]]:
    (authorization,) = asked(operation, {"TableName": "orders"} | params, view)
    return {
        name: values for name, values in authorization.request.context.items() if name.startswith("dynamodb:")
    }


@pytest.mark.parametrize(
    ("operation", "params", "attributes"),
    [
        ("GetItem", {"Key": {"id": {"S": "1"}}, "ProjectionExpression": "price, id"}, ("id", "price")),
        ("GetItem", {"Key": {"id": {"S": "1"}}, "AttributesToGet": ["price"]}, ("id", "price")),
        (
            "PutItem",
            {"Item": {"id": {"S": "1"}, "price": {"N": "1"}}, "Expected": {"old": {"Exists": False}}},
            ("id", "price", "old"),
        ),
        (
            "UpdateItem",
            {"Key": {"id": {"S": "1"}}, "AttributeUpdates": {"price": {"Action": "DELETE"}}},
            ("id", "price"),
        ),
        (
            "DeleteItem",
            {"Key": {"id": {"S": "1"}}, "ConditionExpression": "price > cost"},
            ("id", "price", "cost"),
        ),
        ("Query", {"KeyConditions": BY_ID, "QueryFilter": {"price": {}}}, ("id", "price")),
        (
            "Query",
            {"KeyConditions": BY_ID, "FilterExpression": "#p > cost"}
            | {"ExpressionAttributeNames": {"#p": "price"}},
            ("id", "price", "cost"),
        ),
        ("Scan", {"ScanFilter": {"price": {}}}, ("price",)),
        ("Scan", {"FilterExpression": "stock > sold"}, ("stock", "sold")),
    ],
)
def test_attributes_are_those_that_the_request_names(
    operation: str, params: dict[str, Any], attributes: tuple[str, ...], view: FakeAccount
) -> None:
    assert context(operation, params, view)["dynamodb:Attributes"] == attributes


VALUES = {":id": {"S": "1"}, ":day": {"S": "monday"}}


@pytest.mark.parametrize(
    ("operation", "params", "values"),
    [
        ("GetItem", {"Key": {"id": {"S": "1"}}}, ("1",)),
        ("PutItem", {"Item": {"id": {"N": "12"}, "day": {"S": "monday"}}}, ("12",)),
        (
            "Query",
            {"KeyConditionExpression": "id = :id AND weekday = :day", "ExpressionAttributeValues": VALUES},
            ("1",),
        ),
        (
            "Query",
            {
                "KeyConditionExpression": "#k=:id and weekday <= :day",
                "ExpressionAttributeNames": {"#k": "id"},
                "ExpressionAttributeValues": VALUES,
            },
            ("1",),
        ),
        (
            "Query",
            {"IndexName": "by-day", "KeyConditionExpression": "id = :id AND weekday = :day"}
            | {"ExpressionAttributeValues": VALUES},
            ("monday",),
        ),
        (
            "Query",
            {"KeyConditions": BY_ID},
            ("1",),
        ),
    ],
)
def test_leading_keys_are_the_values_of_the_partition_key(
    operation: str, params: dict[str, Any], values: tuple[str, ...], view: FakeAccount
) -> None:
    if operation == "Query":
        view.add_table("orders", hash_key="id", range_key="weekday", index_keys={"by-day": "weekday"})
    found = context(operation, params, view)

    assert found["dynamodb:LeadingKeys"] == values
    assert found["dynamodb:FirstPartitionKeyValues"] == values


def test_every_key_value_counts_where_the_key_of_an_index_is_not_known(view: FakeAccount) -> None:
    params = {
        "IndexName": "other",
        "KeyConditionExpression": "a = :id AND b = :day",
        "ExpressionAttributeValues": VALUES,
    }

    view.add_table("orders", hash_key="id", index_keys={"other": ""})
    assert context("Query", params, view)["dynamodb:LeadingKeys"] == ("1", "monday")


def test_a_scan_has_no_leading_keys(view: FakeAccount) -> None:
    params = {"FilterExpression": "id IN (:id, :day)", "ExpressionAttributeValues": VALUES}

    assert "dynamodb:LeadingKeys" not in context("Scan", params, view)


@pytest.mark.parametrize(
    ("value", "text"),
    [({"S": "a"}, "a"), ({"N": "1.50"}, "1.50"), ({"B": "AAE="}, "AAE="), ({"B": b"\0\1"}, "AAE=")],
)
def test_a_value_is_compared_as_text(value: dict[str, Any], text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("operation", "params", "selected"),
    [
        ("GetItem", {"Key": {"id": {"S": "1"}}}, "ALL_ATTRIBUTES"),
        ("GetItem", {"Key": {"id": {"S": "1"}}, "ProjectionExpression": "a"}, "SPECIFIC_ATTRIBUTES"),
        ("Query", {"KeyConditions": BY_ID}, "ALL_ATTRIBUTES"),
        ("Query", {"IndexName": "by-day", "KeyConditions": BY_DAY}, "ALL_PROJECTED_ATTRIBUTES"),
        (
            "Query",
            {"IndexName": "by-day", "KeyConditions": BY_DAY, "AttributesToGet": ["a"]},
            "SPECIFIC_ATTRIBUTES",
        ),
        ("Scan", {"Select": "COUNT"}, "COUNT"),
    ],
)
def test_a_read_always_has_a_select(
    operation: str, params: dict[str, Any], selected: str, view: FakeAccount
) -> None:
    assert context(operation, params, view)["dynamodb:Select"] == (selected,)


def test_a_write_has_return_values_and_no_select(view: FakeAccount) -> None:
    plain = context("PutItem", {"Item": {"id": {"S": "1"}}}, view)
    asking = context("PutItem", {"Item": {"id": {"S": "1"}}, "ReturnValues": "ALL_OLD"}, view)

    assert plain["dynamodb:ReturnValues"] == ("NONE",)
    assert asking["dynamodb:ReturnValues"] == ("ALL_OLD",)
    assert "dynamodb:Select" not in plain


@pytest.mark.parametrize(
    ("returned", "on_failure", "given_back"),
    [
        ("NONE", "ALL_OLD", "ALL_OLD"),
        ("UPDATED_NEW", "ALL_OLD", "ALL_OLD"),
        ("ALL_NEW", "ALL_OLD", "ALL_NEW"),
        ("UPDATED_NEW", "NONE", "UPDATED_NEW"),
    ],
)
def test_the_item_in_the_error_of_a_failed_condition_is_given_back_too(
    returned: str, on_failure: str, given_back: str, view: FakeAccount
) -> None:
    params = {
        "Key": {"id": {"S": "1"}},
        "ReturnValues": returned,
        "ReturnValuesOnConditionCheckFailure": on_failure,
    }
    assert context("UpdateItem", params, view)["dynamodb:ReturnValues"] == (given_back,)


@pytest.mark.parametrize(
    ("params", "capacity"), [({}, "NONE"), ({"ReturnConsumedCapacity": "TOTAL"}, "TOTAL")]
)
def test_consumed_capacity_is_none_unless_asked_for(
    params: dict[str, Any], capacity: str, view: FakeAccount
) -> None:
    assert context("Scan", params, view)["dynamodb:ReturnConsumedCapacity"] == (capacity,)
