"""The call that stands for a case's request of DynamoDB: one row an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.stage.scene import Caller, Invocation, Scene

INDEX = "by_author"
NEW_TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def _table(method: str, more: Callable[[Scene], Mapping[str, Any]] = lambda _: {}) -> Caller:
    return lambda scene: ("dynamodb", method, {"TableName": scene.table, **more(scene)})


def _item(scene: Scene) -> dict[str, Any]:
    names = scene.values("dynamodb:Attributes") or ("id",)
    return {name: {"S": scene.ids[0]} for name in dict.fromkeys(("id", *names))}


def _item_key(scene: Scene) -> dict[str, Any]:
    return {"Key": {"id": {"S": scene.ids[0]}}}


def _projection(scene: Scene) -> dict[str, str]:
    if scene.value("dynamodb:Select") != "SPECIFIC_ATTRIBUTES":
        return {}
    return {"ProjectionExpression": ", ".join(scene.values("dynamodb:Attributes"))}


def _query(scene: Scene) -> Mapping[str, Any]:
    in_index = "/index/" in scene.case.request.resource
    return {
        "KeyConditionExpression": f"{'author' if in_index else 'id'} = :v",
        "ExpressionAttributeValues": {":v": {"S": scene.ids[0]}},
        **({"IndexName": INDEX} if in_index else {}),
        **_projection(scene),
    }


def _put_item(scene: Scene) -> Invocation:
    put = {"TableName": scene.table, "Item": _item(scene)}
    if scene.values("dynamodb:EnclosingOperation"):
        return "dynamodb", "transact_write_items", {"TransactItems": [{"Put": put}]}
    return "dynamodb", "put_item", {**put, **scene.given(ReturnValues="dynamodb:ReturnValues")}


def _condition_check(scene: Scene) -> Invocation:
    check = {"TableName": scene.table, **_item_key(scene), "ConditionExpression": "attribute_not_exists(id)"}
    return "dynamodb", "transact_write_items", {"TransactItems": [{"ConditionCheck": check}]}


def _batch_get(scene: Scene) -> Invocation:
    keys = [{"id": {"S": value}} for value in scene.ids]
    return "dynamodb", "batch_get_item", {"RequestItems": {scene.table: {"Keys": keys}}}


def _batch_write(scene: Scene) -> Invocation:
    put = {"PutRequest": {"Item": _item(scene)}}
    return "dynamodb", "batch_write_item", {"RequestItems": {scene.table: [put]}}


def _partiql(statement: str) -> Caller:
    def call(scene: Scene) -> Invocation:
        text = statement.format(table=scene.table_in_statement)
        if scene.value("dynamodb:FullTableScan") == "true":
            text = text.partition(" WHERE")[0]
        return "dynamodb", "execute_statement", {"Statement": text}

    return call


def _create_table(scene: Scene) -> Invocation:
    return "dynamodb", "create_table", {"TableName": scene.table_name, **NEW_TABLE}


def _create_encrypted_table(scene: Scene) -> Invocation:
    under = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": scene.case.request.resource}
    return "dynamodb", "create_table", {"TableName": scene.table_name, **NEW_TABLE, "SSESpecification": under}


_VALUE = {"ExpressionAttributeValues": {":a": {"S": "x"}}}

DYNAMODB_CALLS: Mapping[str, Caller] = {
    "dynamodb:GetItem": _table("get_item", lambda scene: {**_item_key(scene), **_projection(scene)}),
    "dynamodb:PutItem": _put_item,
    "dynamodb:UpdateItem": _table(
        "update_item", lambda scene: {**_item_key(scene), "UpdateExpression": "SET author = :a", **_VALUE}
    ),
    "dynamodb:DeleteItem": _table("delete_item", _item_key),
    "dynamodb:Query": _table("query", _query),
    "dynamodb:Scan": _table("scan"),
    "dynamodb:BatchGetItem": _batch_get,
    "dynamodb:BatchWriteItem": _batch_write,
    "dynamodb:ConditionCheckItem": _condition_check,
    "dynamodb:PartiQLSelect": _partiql("SELECT * FROM \"{table}\" WHERE id = '1'"),
    "dynamodb:PartiQLInsert": _partiql("INSERT INTO \"{table}\" VALUE {{'id': '2'}}"),
    "dynamodb:PartiQLUpdate": _partiql("UPDATE \"{table}\" SET author = 'x' WHERE id = '1'"),
    "dynamodb:CreateTable": _create_table,
    "dynamodb:UpdateTable": _table("update_table", lambda _: {"DeletionProtectionEnabled": False}),
    "dynamodb:DeleteTable": _table("delete_table"),
    "dynamodb:DescribeTable": _table("describe_table"),
    "dynamodb:ListTables": lambda _: ("dynamodb", "list_tables", {}),
    "dynamodb:GetRecords": lambda scene: (
        "dynamodbstreams",
        "get_records",
        {"ShardIterator": scene.shard_iterator},
    ),
}
"""A call for each action on DynamoDB that a case asks for."""

THROUGH_DYNAMODB: Mapping[str, Caller] = {
    "kms:Decrypt": lambda scene: (
        "dynamodb",
        "get_item",
        {"TableName": scene.table_name, **_item_key(scene)},
    ),
    "kms:DescribeKey": _create_encrypted_table,
    "kms:CreateGrant": _create_encrypted_table,
}
"""A call of DynamoDB that makes DynamoDB ask KMS for the action, as the caller."""
