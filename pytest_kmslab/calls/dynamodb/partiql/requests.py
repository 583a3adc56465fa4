"""A PartiQL statement as the operation on items that does the same.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.dynamodb.partiql.expressions import ExpressionWriter
from pytest_kmslab.calls.dynamodb.partiql.key_condition import bare, compared, conjuncts, split
from pytest_kmslab.calls.dynamodb.partiql.refusals import StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens
from pytest_kmslab.calls.dynamodb.partiql.values import attribute_value, between_commas, literal


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """An operation on items (`PutItem`, `UpdateItem`, `DeleteItem`, `Query`, `Scan`) and its parameters."""

    operation: str
    params: Mapping[str, Any]


def item_request(statement: Statement, values: Sequence[Any], table: Table) -> ItemRequest:
    """What does the same as the statement, whose `values` are its parameters.

    A write must hold the whole key to values. Raises StatementError for a statement that has no such
    operation.
    """
    if statement.action == "PartiQLInsert":
        # It inserts no item whose key another has.
        writer = ExpressionWriter(values)
        unless = f"attribute_not_exists({writer.name(table.hash_key)})"
        item = inserted_item(statement, values)
        return _request("PutItem", writer, table, Item=item, ConditionExpression=unless)
    if statement.action == "PartiQLSelect":
        return _select(statement, values, table)
    return _change(statement, values, table)


def exists_check(statement: Statement, values: Sequence[Any], table: Table) -> ItemRequest:
    """The condition check of a transaction that does the same as `EXISTS(SELECT …)`."""
    writer = ExpressionWriter(values)
    key, rest = _key_and_rest(statement.where, values, table)
    conditions = [f"attribute_exists({writer.name(table.hash_key)})", *map(writer.condition, rest)]
    joined = " AND ".join(f"({text})" for text in conditions)
    return _request("ConditionCheck", writer, table, Key=key, ConditionExpression=joined)


def inserted_item(statement: Statement, values: Sequence[Any]) -> Mapping[str, Any]:
    """The item that an INSERT inserts."""
    item = attribute_value(statement.inserted, values)
    if set(item) != {"M"}:
        raise StatementError("`VALUE` takes one item: a map")
    members: Mapping[str, Any] = item["M"]
    return members


def _change(statement: Statement, values: Sequence[Any], table: Table) -> ItemRequest:
    writer = ExpressionWriter(values)
    key, rest = _key_and_rest(statement.where, values, table)
    # UPDATE changes no item that is not there; DELETE of one succeeds.
    conditions = [writer.condition(part) for part in rest]
    params: dict[str, Any] = {"Key": key, "ReturnValues": statement.returned}
    if statement.action == "PartiQLUpdate":
        conditions.append(f"attribute_exists({writer.name(table.hash_key)})")
        params["UpdateExpression"] = writer.update(statement.changes)
    if conditions:
        params["ConditionExpression"] = " AND ".join(f"({text})" for text in conditions)
    operation = "UpdateItem" if statement.action == "PartiQLUpdate" else "DeleteItem"
    return _request(operation, writer, table, **params)


def _select(statement: Statement, values: Sequence[Any], table: Table) -> ItemRequest:
    """By Query where the partition key is held to one value, else by Scan.

    The partition key has its condition again in neither: a filter by it would be refused.
    """
    writer = ExpressionWriter(values)
    index = {"IndexName": statement.index} if statement.index else {}
    hash_key = table.index_keys.get(statement.index, "") if statement.index else table.hash_key
    if not statement.where:
        return _request("Scan", writer, table, **index)
    # Of several attributes a Query would need all, and as many conditions.
    several = statement.index in dict(table.further_keys)
    values_of_key = None if several else _held(statement.where, values, hash_key)
    if values_of_key is None or len(split(bare(statement.where), "AND")) != 1:
        return _request("Scan", writer, table, FilterExpression=writer.condition(statement.where), **index)
    condition = f"{writer.name(hash_key)} = {writer.value(values_of_key)}"
    return _request("Query", writer, table, KeyConditionExpression=condition, **index)


def _held(tokens: Tokens, values: Sequence[Any], name: str) -> Mapping[str, Any] | None:
    compared_value = compared(bare(tokens), name) if name else None
    if not compared_value or any(token.keyword == "IN" for token in tokens):
        return None
    return literal(compared_value, values)


def _key_and_rest(where: Tokens, values: Sequence[Any], table: Table) -> tuple[dict[str, Any], list[Tokens]]:
    key: dict[str, Any] = {}
    rest: list[Tokens] = []
    for part in conjuncts(where):
        for name in table.key_attributes:
            value = _held(part, values, name)
            if value is not None and name not in key:
                key[name] = value
                break
        else:
            rest.append(part)
    return key, rest


def _request(operation: str, writer: ExpressionWriter, table: Table, **params: Any) -> ItemRequest:
    return ItemRequest(operation, {"TableName": table.name, **params, **writer.placeholders()})


def selected_names(statement: Statement) -> tuple[tuple[str, Tokens], ...]:
    """What a SELECT answers: each name and its path; empty for `*`."""
    if statement.everything:
        return ()
    return tuple((_last_name(path), path) for path in between_commas(statement.selected))


def _last_name(path: Tokens) -> str:
    # What is selected was read as paths: each has a name, and none is a function.
    last = max(at for at, token in enumerate(path) if token.kind in ("word", "quoted"))
    return "".join(token.value for token in path[last:])
