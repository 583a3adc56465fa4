"""ExecuteStatement for an endpoint whose DynamoDB is older than PartiQL.

LocalStack runs DynamoDB Local; where no Docker image brings a new one along, the one that can be had
as a package is of 2020. The items are read and written by the endpoint itself, one statement after
another: it is no transaction, and meant for tables of a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.apicall import ServiceError
from pytest_kmslab.calls.dynamodb.partiql_tokens import spaced


def execute_statement(dynamodb: Any, table: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Do a PartiQL statement on one table; raises ServiceError for one that cannot be read."""
    from moto.dynamodb.exceptions import DynamodbException
    from moto.dynamodb.parsing import partiql

    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    held = [item for page in pages for item in page["Items"]]
    statement, parameters = spaced(str(params["Statement"])), list(params.get("Parameters") or ())
    try:
        items, changed = partiql.query(statement, {table: held}, parameters)
    except DynamodbException as error:
        raise ServiceError("ValidationException", str(error.message)) from None
    schema = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    for before, after in changed.get(table, ()):
        _apply(dynamodb, table, [key["AttributeName"] for key in schema], before, after)
    return {"Items": items}


def _plain(value: Any) -> Any:
    """The parser's own mappings as dictionaries, which are what clients take."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _apply(dynamodb: Any, table: str, keys: list[str], before: Any, after: Any) -> None:
    if after is not None:
        dynamodb.put_item(TableName=table, Item=_plain(after))
    elif before is not None:
        dynamodb.delete_item(TableName=table, Key={name: before[name] for name in keys})
