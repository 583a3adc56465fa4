"""What DynamoDB says of requests that are none, or that do not fit their table: code and text in whole."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked
from helpers.fake_account import FakeAccount, table_arn

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.validation_messages import PREFIX

KEY = {"id": {"S": "1"}}
VALUE = {"ExpressionAttributeValues": {":a": {"S": "x"}}}
V, NOT_FOUND = "ValidationException: ", "ResourceNotFoundException: Requested resource not found: "
KEY_CHANGED = f"{V}{PREFIX}Cannot update attribute id. This attribute is part of the key"
NO_INDEX = f"{V}The table does not have the specified index: no"
DUPLICATES = f"{V}Provided list of item keys contains duplicates"
WRITES = f"{V}A write request is one PutRequest or one DeleteRequest (said by pytest-kmslab)"
MIXED = "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"
NO_TABLE_ARN = f"{V}Invalid Request: Table ARN is invalid."


def constraint(shown: str, member: str, what: str) -> str:
    return f"{V}1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {what}"


def null(member: str) -> str:
    return constraint("null", member, "Member must not be null")


def empty(member: str, shown: str = "[]") -> str:
    return constraint(f"'{shown}'", member, "Member must have length greater than or equal to 1")


def statement(text: str) -> dict[str, Any]:
    return {"Statement": text}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    *(
        (operation, params, told)
        for operation in ("BatchGetItem", "BatchWriteItem")
        for params, told in (({}, null("requestItems")), ({"RequestItems": {}}, empty("requestItems", "{}")))
    ),
    *(
        (operation, params, told)
        for operation in ("TransactGetItems", "TransactWriteItems")
        for params, told in (({}, null("transactItems")), ({"TransactItems": []}, empty("transactItems")))
    ),
    *(
        (operation, params, told)
        for operation, member in (
            ("BatchExecuteStatement", "Statements"),
            ("ExecuteTransaction", "TransactStatements"),
        )
        for params, told in (
            ({}, null(member[0].lower() + member[1:])),
            ({member: []}, empty(member[0].lower() + member[1:])),
        )
    ),
    ("ExecuteStatement", {}, null("statement")),
    ("BatchExecuteStatement", {"Statements": [{}]}, null("statement")),
    *((name, {}, null("tableName")) for name in ("GetItem", "Query", "DescribeTable", "UpdateTimeToLive")),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": KEY}}]}, null("tableName")),
    ("SearchVectors", {"TableName": "orders"}, null("indexName")),
    ("DescribeBackup", {}, null("backupArn")),
    ("RestoreTableFromBackup", {"BackupArn": f"{table_arn()}/backup/01-ab"}, null("targetTableName")),
    ("DescribeBackup", {"BackupArn": "x"}, f"{V}Invalid Backup ARN"),
    ("DescribeExport", {"ExportArn": "x"}, f"{V}Invalid Export ARN"),
    ("ExportTableToPointInTime", {"TableArn": f"{table_arn()}/stream/x"}, NO_TABLE_ARN),
    ("ExportTableToPointInTime", {"TableArn": f"{table_arn()}/index/x"}, NO_TABLE_ARN),
    ("BatchWriteItem", {"RequestItems": {"orders": [{}]}}, WRITES),
    (
        "BatchWriteItem",
        {"RequestItems": {"orders": [{"PutRequest": {"Item": KEY}, "DeleteRequest": {"Key": KEY}}]}},
        WRITES,
    ),
    ("TransactWriteItems", {"TransactItems": [{"Get": {"TableName": "orders", "Key": KEY}}]}, f"{V}{MIXED}"),
    ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [KEY, KEY]}}}, DUPLICATES),
    (
        "BatchWriteItem",
        {"RequestItems": {"orders": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}},
        DUPLICATES,
    ),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "orders", "Item": KEY}},
                {"Delete": {"TableName": table_arn(), "Key": KEY}},
            ]
        },
        f"{V}Transaction request cannot include multiple operations on one item",
    ),
    (
        "Query",
        {"TableName": "orders"},
        f"{V}Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    ),
    (
        "Query",
        {"TableName": "orders", "IndexName": "no", "KeyConditionExpression": "a = :a", **VALUE},
        NO_INDEX,
    ),
    ("Scan", {"TableName": "orders", "IndexName": "no"}, NO_INDEX),
    (
        "Query",
        {"TableName": "orders", "KeyConditionExpression": "id > :a", **VALUE},
        f"{V}Query key condition not supported",
    ),
    (
        "Query",
        {
            "TableName": "orders",
            "KeyConditionExpression": "id = :a",
            "FilterExpression": "id = :a",
            **VALUE,
        },
        f"{V}Filter Expression can only contain non-primary key attributes: Primary key attribute: id",
    ),
    (
        "GetItem",
        {"TableName": "orders", "Key": {"x": {"S": "1"}}},
        f"{V}The provided key element does not match the schema",
    ),
    ("PutItem", {"TableName": "orders", "Item": {}}, f"{V}{PREFIX}Missing the key id in the item"),
    (
        "PutItem",
        {"TableName": "orders", "Item": {"id": {"N": "1"}}},
        f"{V}{PREFIX}Type mismatch for key id expected: S actual: N",
    ),
    (
        "UpdateItem",
        {"TableName": "orders", "Key": KEY, "UpdateExpression": "SET id = :a", **VALUE},
        KEY_CHANGED,
    ),
    (
        "UpdateItem",
        {"TableName": "orders", "Key": KEY, "AttributeUpdates": {"id": {"Value": {"S": "x"}}}},
        KEY_CHANGED,
    ),
    (
        "ExecuteStatement",
        statement("SELECT * FROM orders, x"),
        f"{V}Statement wasn't well formed, can't be processed: `,` follows the table, where only `WHERE` may "
        "(said by pytest-kmslab, which cannot tell what the statement `SELECT * FROM orders, x` asks for; "
        "please report it if AWS accepts it)",
    ),
    (
        "ExecuteTransaction",
        {
            "TransactStatements": [
                statement("SELECT * FROM orders WHERE id = '1'"),
                statement("SELECT * FROM orders t"),
            ]
        },
        f"{V}Validation failed in TransactStatements[1]: Aliasing is not supported",
    ),
    (
        "ExecuteTransaction",
        {
            "TransactStatements": [
                statement("SELECT * FROM orders WHERE id = '1'"),
                statement("DELETE FROM orders WHERE id = '2'"),
            ]
        },
        f"{V}A transaction is made of reads or of writes, and may check with EXISTS beside its writes (said "
        "by pytest-kmslab)",
    ),
    *(
        (operation, {"TableName": "no", **params}, f"{NOT_FOUND}Table: no not found")
        for operation, params in (
            ("UpdateTimeToLive", {}),
            ("DescribeTimeToLive", {}),
            ("DeleteTable", {}),
            ("UpdateTable", {"TableClass": "STANDARD"}),
        )
    ),
]


@pytest.mark.parametrize(("operation", "params", "told"), REFUSED)
def test_code_and_text(operation: str, params: dict[str, Any], told: str) -> None:
    view = FakeAccount()
    view.add_table("orders", view.add_key(), hash_key="id", key_types=("S",), index_keys={"by-day": "day"})
    with pytest.raises(ServiceError) as refused:
        asked(operation, params, view)
    assert (str(refused.value), refused.value.status) == (told, 400)


def test_a_transaction_that_is_cancelled_tells_why_of_each_part() -> None:
    view = FakeAccount()
    view.add_table("orders", hash_key="id", key_types=("S",))
    parts = [{"Get": {"TableName": "orders", "Key": key}} for key in (KEY, {"x": {"S": "1"}})]
    with pytest.raises(ServiceError) as refused:
        asked("TransactGetItems", {"TransactItems": parts}, view)
    assert str(refused.value) == (
        "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific "
        "reasons [None, ValidationError]"
    )
    assert refused.value.members["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": "The provided key element does not match the schema"},
    ]
