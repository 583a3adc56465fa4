"""The eleven operations that read or write items, each as one call on the item with id 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

KEY = {"id": {"S": "1"}}
ITEM = {**KEY, "note": {"S": "seen by key users only"}}

ItemCall = Callable[[Any, str], Any]
"""Calls a DynamoDB client for a table, given by name."""

ITEM_CALLS: Mapping[str, ItemCall] = {
    "GetItem": lambda dynamodb, table: dynamodb.get_item(TableName=table, Key=KEY),
    "Query": lambda dynamodb, table: dynamodb.query(
        TableName=table,
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": KEY["id"]},
    ),
    "Scan": lambda dynamodb, table: dynamodb.scan(TableName=table),
    "PutItem": lambda dynamodb, table: dynamodb.put_item(TableName=table, Item=ITEM),
    "UpdateItem": lambda dynamodb, table: dynamodb.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET note = :note",
        ExpressionAttributeValues={":note": {"S": "changed"}},
    ),
    "DeleteItem": lambda dynamodb, table: dynamodb.delete_item(TableName=table, Key=KEY),
    "BatchGetItem": lambda dynamodb, table: dynamodb.batch_get_item(RequestItems={table: {"Keys": [KEY]}}),
    "BatchWriteItem": lambda dynamodb, table: dynamodb.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": ITEM}}]}
    ),
    "TransactGetItems": lambda dynamodb, table: dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": KEY}}]
    ),
    "TransactWriteItems": lambda dynamodb, table: dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": ITEM}}]
    ),
    "ExecuteStatement": lambda dynamodb, table: dynamodb.execute_statement(
        Statement=f"""SELECT * FROM "{table}" WHERE id = '1'"""
    ),
}
