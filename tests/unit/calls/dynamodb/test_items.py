from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import actions, asked, context_of, pairs
from helpers.fake_account import ACCOUNT, FakeAccount, key_arn, table_arn

from pytest_kmslab.calls.api_call import ServiceError

KEY = {"id": {"S": "1"}}
BY_ID = {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "1"}]}}
ORDERS, STOCK = table_arn("orders"), table_arn("stock")
DECRYPT = ("kms:Decrypt", key_arn())


@pytest.fixture
def view() -> FakeAccount:
    """Two tables under one customer managed key, and one with default encryption."""
    view = FakeAccount()
    key = view.add_key()
    view.add_table("orders", key, hash_key="id", index_keys={"by-day": "day"})
    view.add_table("stock", key, hash_key="id")
    view.add_table("plain", hash_key="id")
    return view


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetItem", {"Key": KEY}),
        ("PutItem", {"Item": KEY}),
        ("UpdateItem", {"Key": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("Query", {"KeyConditions": BY_ID}),
        ("Scan", {}),
    ],
)
def test_items_of_an_encrypted_table_need_its_key_after_the_table(
    operation: str, params: dict[str, Any], view: FakeAccount
) -> None:
    required_authorizations = asked(operation, {"TableName": "orders"} | params, view)

    assert pairs(required_authorizations) == [(f"dynamodb:{operation}", ORDERS), DECRYPT]


@pytest.mark.parametrize("table", ["plain", "missing"])
def test_other_tables_need_no_key(table: str, view: FakeAccount) -> None:
    assert actions(asked("GetItem", {"TableName": table, "Key": KEY}, view)) == ["dynamodb:GetItem"]


def test_a_batch_asks_once_a_table_and_names_every_key(view: FakeAccount) -> None:
    keys = [{"id": {"S": "1"}}, {"id": {"S": "2"}}]
    wanted = {"orders": {"Keys": keys, "ProjectionExpression": "price"}, "stock": {"Keys": keys[:1]}}

    required_authorizations = asked("BatchGetItem", {"RequestItems": wanted}, view)

    assert pairs(required_authorizations) == [
        ("dynamodb:BatchGetItem", ORDERS),
        ("dynamodb:BatchGetItem", STOCK),
        DECRYPT,
        DECRYPT,
    ]
    context = required_authorizations[0].request.context
    assert context["dynamodb:LeadingKeys"] == ("1", "2")
    assert context["dynamodb:Attributes"] == ("price", "id")
    assert context["dynamodb:Select"] == ("SPECIFIC_ATTRIBUTES",)


def test_a_batch_of_writes_names_what_is_put_and_what_is_deleted(view: FakeAccount) -> None:
    writes = [
        {"PutRequest": {"Item": {"id": {"S": "1"}, "price": {"N": "2"}}}},
        {"DeleteRequest": {"Key": {"id": {"S": "2"}}}},
    ]

    required_authorizations = asked(
        "BatchWriteItem", {"RequestItems": {"orders": writes, "plain": writes[:1]}}, view
    )

    assert pairs(required_authorizations) == [
        ("dynamodb:BatchWriteItem", ORDERS),
        ("dynamodb:BatchWriteItem", table_arn("plain")),
        DECRYPT,
    ]
    assert required_authorizations[0].request.context["dynamodb:LeadingKeys"] == ("1", "2")
    assert required_authorizations[0].request.context["dynamodb:Attributes"] == ("id", "price")


def test_a_transaction_asks_for_each_item_as_if_it_came_alone(view: FakeAccount) -> None:
    items = [
        {"Put": {"TableName": "orders", "Item": KEY}},
        {"Update": {"TableName": "orders", "Key": {"id": {"S": "another"}}}},
        {"Delete": {"TableName": "stock", "Key": KEY}},
        {"ConditionCheck": {"TableName": "plain", "Key": KEY}},
    ]

    required_authorizations = asked("TransactWriteItems", {"TransactItems": items}, view)

    assert pairs(required_authorizations) == [
        ("dynamodb:PutItem", ORDERS),
        ("dynamodb:UpdateItem", ORDERS),
        ("dynamodb:DeleteItem", STOCK),
        ("dynamodb:ConditionCheckItem", table_arn("plain")),
        DECRYPT,
        DECRYPT,
    ]
    enclosing = [
        authorization.request.context.get("dynamodb:EnclosingOperation")
        for authorization in required_authorizations
    ]
    assert enclosing == [("TransactWriteItems",)] * 4 + [None] * 2


def test_a_transaction_of_reads_asks_for_get_item(view: FakeAccount) -> None:
    required_authorizations = asked(
        "TransactGetItems", {"TransactItems": [{"Get": {"TableName": "orders", "Key": KEY}}]}, view
    )

    assert pairs(required_authorizations) == [("dynamodb:GetItem", ORDERS), DECRYPT]
    assert required_authorizations[0].request.context["dynamodb:EnclosingOperation"] == ("TransactGetItems",)


def test_a_single_operation_is_enclosed_by_none(view: FakeAccount) -> None:
    required_authorizations = asked("PutItem", {"TableName": "orders", "Item": KEY}, view)

    assert "dynamodb:EnclosingOperation" not in required_authorizations[0].request.context


def test_the_key_is_asked_for_in_the_name_of_the_caller_through_dynamodb(view: FakeAccount) -> None:
    required_authorizations = asked("GetItem", {"TableName": "orders", "Key": KEY}, view)

    context = context_of(required_authorizations, "kms:Decrypt")
    assert required_authorizations[1].via == "dynamodb"
    assert required_authorizations[1].from_ciphertext
    assert required_authorizations[1].request.principal == required_authorizations[0].request.principal
    assert {name: context[name] for name in context if name.startswith("kms:Encryption")} == {
        "kms:EncryptionContext:aws:dynamodb:tableName": ("orders",),
        "kms:EncryptionContext:aws:dynamodb:subscriberId": (ACCOUNT,),
        "kms:EncryptionContextKeys": ("aws:dynamodb:tableName", "aws:dynamodb:subscriberId"),
        "kms:EncryptionAlgorithm": ("SYMMETRIC_DEFAULT",),
    }
    assert context["kms:ViaService"] == ("dynamodb.us-east-1.amazonaws.com",)
    assert context["kms:CallerAccount"] == (ACCOUNT,)
    assert context["aws:ViaAWSService"] == ("true",)


def test_another_accounts_table_is_encrypted_in_that_accounts_name(view: FakeAccount) -> None:
    there = "999988887777"
    key = view.add_key(account=there)
    view.add_table("theirs", key, account=there)

    arn = table_arn("theirs", account=there)
    required_authorizations = asked("GetItem", {"TableName": arn, "Key": KEY}, view)

    context = context_of(required_authorizations, "kms:Decrypt")
    assert context["kms:EncryptionContext:aws:dynamodb:subscriberId"] == (there,)
    assert context["kms:ViaService"] == ("dynamodb.us-east-1.amazonaws.com",)
    assert context["kms:CallerAccount"] == (ACCOUNT,)
    assert required_authorizations[1].request.resource_account == there


TAGGED = {"team": "blue"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetItem", {"TableName": "orders", "Key": {"id": {"S": "1"}}}),
        ("Query", {"TableName": "orders", "KeyConditions": BY_ID}),
        ("Scan", {"TableName": "orders", "IndexName": "ix"}),
        ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [{"id": {"S": "1"}}]}}}),
        ("BatchWriteItem", {"RequestItems": {"orders": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]}}),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "orders", "Key": {"id": {"S": "1"}}}}]},
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "orders", "Item": {"id": {"S": "1"}}}}]},
        ),
        ("ExecuteStatement", {"Statement": "SELECT * FROM orders"}),
        ("SearchVectors", {"TableName": "orders", "IndexName": "ix"}),
    ],
)
def test_every_way_to_an_item_carries_the_tags_of_its_table(operation: str, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html"""
    view = FakeAccount()
    view.add_table("orders", tags=TAGGED)
    (authorization,) = asked(operation, params, view)
    assert authorization.request.context["aws:ResourceTag/team"] == ("blue",)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"Put": {"TableName": "orders", "Item": KEY}, "Delete": {"TableName": "orders", "Key": KEY}},
            "TransactItems can only contain one of Check, Put, Update or Delete",
        ),
        ({}, "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"),
    ],
)
def test_a_part_of_a_transaction_is_one_write(entry: dict[str, Any], message: str, view: FakeAccount) -> None:
    with pytest.raises(ServiceError) as refusal:
        asked("TransactWriteItems", {"TransactItems": [entry]}, view)
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)
