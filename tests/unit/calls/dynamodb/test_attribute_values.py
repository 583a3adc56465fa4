"""Numbers, sets and nulls: what DynamoDB refuses, and how it writes the rest."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account, allow

from pytest_kmslab.calls.dynamodb.attribute_values import (
    NO_NUMBER,
    OVERFLOW,
    TOO_LONG,
    UNDERFLOW,
    as_stored,
    refusal_of_value,
)
from pytest_kmslab.calls.validation_messages import PREFIX

NUMBERED: dict[str, Any] = {
    **TABLE,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
}
ONE_ITEM: dict[str, Any] = {"id": {"N": "1"}, "l": {"L": [{"M": {"x": {"N": "010.50"}}}]}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"N": "1" * 39}, TOO_LONG),
    ({"N": "-1E+126"}, OVERFLOW),
    ({"N": "1e-131"}, UNDERFLOW),
    ({"N": ""}, NO_NUMBER),
    ({"N": "b"}, f"{NO_NUMBER}: b"),
    ({"NS": ["1", "0x1"]}, f"{NO_NUMBER}: 0x1"),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"NS": []}, f"{PREFIX}An number set  may not be empty"),
    ({"SS": []}, f"{PREFIX}An string set  may not be empty"),
    ({"BS": []}, f"{PREFIX}Binary sets should not be empty"),
    ({"SS": ["a", "a"]}, f"{PREFIX}Input collection [a, a] contains duplicates."),
    ({"BS": [b"b", b"b"]}, f"{PREFIX}Input collection [Yg==, Yg==]of type BS contains duplicates."),
    ({"NULL": False}, f"{PREFIX}Null attribute value types must have the value of true"),
]


@pytest.mark.parametrize(("value", "told"), REFUSED)
def test_what_is_refused(value: dict[str, Any], told: str) -> None:
    ((kind, content),) = value.items()

    assert refusal_of_value(kind, content) == told


@pytest.mark.parametrize(
    "value",
    [
        *({"N": text} for text in ("9.9e125", "-1E-130", "0", "-0", "+1", ".5", "5.", "1" * 38)),
        {"NS": ["1", "2"]},
        {"SS": ["a", ""]},
        {"NULL": True},
        {"S": ""},
    ],
)
def test_what_is_taken(value: dict[str, Any]) -> None:
    ((kind, content),) = value.items()

    assert refusal_of_value(kind, content) == ""


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("1.0", "1"),
        ("00042", "42"),
        ("1.5E2", "150"),
        ("-0", "0"),
        ("+3.1400", "3.14"),
        ("1e-3", "0.001"),
        ("b", "b"),
    ],
)
def test_a_number_is_stored_in_one_form(sent: str, stored: str) -> None:
    assert as_stored(sent) == stored


@pytest.fixture
def dynamodb(account: Account) -> Any:
    root = account.root.client("dynamodb")
    root.create_table(**NUMBERED)
    root.put_item(TableName="orders", Item=ONE_ITEM)
    return root


def error(act: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        act(TableName="orders", **params)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value.response["Error"]["Message"])


@pytest.mark.parametrize(("value", "told"), REFUSED)
def test_it_is_refused_wherever_it_stands(dynamodb: Any, value: Any, told: str) -> None:
    item = {"id": {"N": "2"}, "a": {"L": [{"M": {"x": value}}]}}
    one = f"1 validation error detected: {told}"
    assert error(dynamodb.put_item, Item=item) == one
    given = {"ExpressionAttributeValues": {":v": value}}
    update = {"UpdateExpression": "SET a = :v", **given}
    assert (
        error(dynamodb.update_item, Key={"id": {"N": "1"}}, **update)
        == f"1 validation error detected: {told}"
    )
    within = f"ExpressionAttributeValues contains invalid value: {told} for key :v"
    assert error(dynamodb.scan, FilterExpression="a = :v", **given) == within
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": item}}]})
    assert dynamodb.scan(TableName="orders", Select="COUNT")["Count"] == 1


def test_a_number_is_answered_as_it_is_stored(dynamodb: Any) -> None:
    item = dynamodb.get_item(TableName="orders", Key={"id": {"N": "1.00"}})["Item"]

    assert item == {"id": {"N": "1"}, "l": {"L": [{"M": {"x": {"N": "10.5"}}}]}}


@pytest.mark.parametrize("sent", ["1", "1.0", "+1", "01", "10e-1"])
def test_a_deny_of_a_number_is_not_evaded_by_writing_it_otherwise(
    account: Account, dynamodb: Any, sent: str
) -> None:
    policy = allow("dynamodb:*")
    one = {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["1"]}}
    policy["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": one})
    user, key = account.user("ana", policy).client("dynamodb"), {"id": {"N": sent}}

    for act in (
        lambda: user.get_item(TableName="orders", Key=key),
        lambda: user.delete_item(TableName="orders", Key=key),
        lambda: user.batch_get_item(RequestItems={"orders": {"Keys": [key]}}),
        lambda: user.query(
            TableName="orders",
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": key["id"]},
        ),
        lambda: user.transact_get_items(TransactItems=[{"Get": {"TableName": "orders", "Key": key}}]),
        lambda: user.execute_statement(Statement=f"DELETE FROM orders WHERE id = {sent.lstrip('+')}"),
        lambda: user.execute_statement(Statement="SELECT * FROM orders WHERE id = ?", Parameters=[key["id"]]),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            act()
    user.get_item(TableName="orders", Key={"id": {"N": "2.0"}})


def test_a_hundred_actions_are_a_transaction(dynamodb: Any) -> None:
    gets = [{"Get": {"TableName": "orders", "Key": {"id": {"N": str(n)}}}} for n in range(1, 101)]

    assert len(dynamodb.transact_get_items(TransactItems=gets)["Responses"]) == 100


def test_a_place_in_a_list_uses_the_name_before_it(dynamodb: Any) -> None:
    names = {"#l": "l", "#x": "x"}
    read = {"ProjectionExpression": "#l[0].#x", "ExpressionAttributeNames": names}

    found = dynamodb.get_item(TableName="orders", Key={"id": {"N": "1"}}, **read)["Item"]

    assert found == {"l": {"L": [{"M": {"x": {"N": "10.5"}}}]}}


def test_an_item_is_named_once_however_its_number_is_written(dynamodb: Any) -> None:
    keys = [{"id": {"N": "1"}}, {"id": {"N": "1.0"}}]
    gets = [{"Get": {"TableName": "orders", "Key": key}} for key in keys]
    puts = [{"Put": {"TableName": "orders", "Item": key}} for key in keys]
    with pytest.raises(ClientError, match="cannot include multiple operations on one item"):
        dynamodb.transact_get_items(TransactItems=gets)
    with pytest.raises(ClientError, match="cannot include multiple operations on one item"):
        dynamodb.transact_write_items(TransactItems=puts)
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
        dynamodb.batch_get_item(RequestItems={"orders": {"Keys": keys}})
    dynamodb.transact_get_items(
        TransactItems=[gets[0], {"Get": {"TableName": "orders", "Key": {"id": {"N": "2"}}}}]
    )
