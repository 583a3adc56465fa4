"""Expressions and placeholders that DynamoDB refuses before it looks at a key, in its order."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import TABLE, Account

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.placeholders import check_placeholders, check_write

NAMES, VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
ONE: dict[str, Any] = {":v": {"S": "1"}}
EMPTY = "The expression can not be empty;"
NEEDED = "can only be specified when using expressions"


@pytest.mark.parametrize(
    ("action", "params", "told"),
    [
        ("GetItem", {NAMES: {"#a": "b"}}, f"{NAMES} {NEEDED}"),
        ("GetItem", {NAMES: {}}, f"{NAMES} {NEEDED}"),
        ("PutItem", {VALUES: ONE}, f"{VALUES} {NEEDED}: ConditionExpression is null"),
        ("DeleteItem", {VALUES: {}}, f"{VALUES} {NEEDED}: ConditionExpression is null"),
        (
            "UpdateItem",
            {VALUES: ONE},
            f"{VALUES} {NEEDED}: UpdateExpression and ConditionExpression are null",
        ),
        ("Query", {VALUES: ONE}, f"{VALUES} {NEEDED}: FilterExpression and KeyConditionExpression are null"),
        ("Scan", {VALUES: ONE}, f"{VALUES} {NEEDED}: FilterExpression is null"),
        ("Scan", {"FilterExpression": "a = :v", VALUES: ONE, NAMES: {}}, f"{NAMES} must not be empty"),
        ("UpdateItem", {"UpdateExpression": "SET a = {'S': 1}", VALUES: {}}, f"{VALUES} must not be empty"),
        *(
            (
                "Scan",
                {"FilterExpression": "a = :v", member: {key: "x"}},
                f'{member} contains invalid key: Syntax error; key: "{key}"',
            )
            for member, key in [(NAMES, "#a-b"), (NAMES, "a"), (NAMES, "#"), (VALUES, ":x:m"), (VALUES, "x")]
        ),
        (
            "Query",
            {"KeyConditionExpression": "pk = sth", "FilterExpression": ""},
            f"Invalid FilterExpression: {EMPTY}",
        ),
        (
            "UpdateItem",
            {"UpdateExpression": ""},
            "Invalid UpdateExpression: The expression can not be empty;",
        ),
        (
            "UpdateItem",
            {"UpdateExpression": "REPLACE #a", NAMES: {"#b": "b"}},
            'Invalid UpdateExpression: Syntax error; token: "REPLACE", near: "REPLACE #a"',
        ),
        (
            "Scan",
            {"FilterExpression": "#a = :v", VALUES: ONE},
            "Invalid FilterExpression: An expression attribute name used in the document path is not "
            "defined; attribute name: #a",
        ),
        (
            "ConditionCheckItem",
            {"ConditionExpression": "a = :w", VALUES: ONE},
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :w",
        ),
        (
            "Query",
            {"KeyConditionExpression": "(#a = x)", NAMES: {"#a": "pk", "#b": "b", "#c": "c"}},
            f"Value provided in {NAMES} unused in expressions: keys: {{#b, #c}}",
        ),
        (
            "BatchGetItem",
            {"ProjectionExpression": "#a[0].b", NAMES: {"#a": "pk", "#ab": "b"}},
            f"Value provided in {NAMES} unused in expressions: keys: {{#ab}}",
        ),
        (
            "PutItem",
            {"ConditionExpression": "a = :v", VALUES: {**ONE, ":w": {"S": "2"}}},
            f"Value provided in {VALUES} unused in expressions: keys: {{:w}}",
        ),
    ],
)
def test_what_is_refused(action: str, params: dict[str, Any], told: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_placeholders(action, params)

    assert (refusal.value.code, refusal.value.message) == ("ValidationException", told)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({VALUES: ONE}, f"{VALUES} {NEEDED}"),
        ({NAMES: {"#a": "b"}}, f"{NAMES} {NEEDED}"),
        ({"ConditionExpression": ""}, f"Invalid ConditionExpression: {EMPTY}"),
    ],
)
def test_writes_of_one_item_count_their_errors(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_write(params, "PutItem")
    assert refusal.value.message == f"1 validation error detected: {told}"


def test_what_is_used_is_taken() -> None:
    given = {NAMES: {"#a": "a"}, VALUES: ONE}
    check_placeholders(
        "UpdateItem", {"UpdateExpression": "SET #a = :v", "ConditionExpression": "b = :v", **given}
    )
    check_placeholders(
        "Query", {"KeyConditionExpression": "#a=:v", "ProjectionExpression": "#a[1].c", **given}
    )


CHECK = {"ConditionExpression": "attribute_exists(#a)", NAMES: {"#a": "a", "#b": "b"}}
UNUSED = f"Value provided in {NAMES} unused in expressions: keys: {{#b}}"


@pytest.mark.parametrize(
    "part",
    [
        {"ConditionCheck": {"Key": {"other": {"S": "1"}}, **CHECK}},
        {"Delete": {"Key": {"id": {"S": "1"}, "other": {"S": "1"}}, **CHECK}},
        {"Update": {"Key": {"other": {"S": "1"}}, "UpdateExpression": "SET #a = #a", **CHECK}},
    ],
)
def test_a_transaction_is_refused_for_it_before_its_keys_and_tables(account: Account, part: Any) -> None:
    """Verified on AWS: moto's test_transact_write_item_unused_attribute_name_in_condition_check and kin."""
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)
    ((kind, given),) = part.items()
    elsewhere = {"Put": {"TableName": "nowhere", "Item": {"id": {"S": "1"}}}}

    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[elsewhere, {kind: {"TableName": "orders", **given}}])

    told = refused.value.response["Error"]
    assert (told["Code"], told["Message"]) == ("ValidationException", UNUSED)


def test_a_key_that_does_not_fit_is_told_after(account: Account) -> None:
    """Verified on AWS: moto's test_empty_expressionattributenames."""
    dynamodb = account.root.client("dynamodb")
    dynamodb.create_table(**TABLE)

    with pytest.raises(ClientError, match=NEEDED):
        dynamodb.get_item(TableName="orders", Key={"other": {"S": "1"}}, ExpressionAttributeNames={"#a": "b"})
