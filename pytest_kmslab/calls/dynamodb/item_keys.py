"""What DynamoDB refuses of the key of an item, before it looks for the item.

A decision by `dynamodb:LeadingKeys` holds for the item that the key names: a write that names no whole key,
or that changes one, would reach an item that nobody was asked about.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.dynamodb.expressions import updated_attributes
from pytest_kmslab.calls.dynamodb.names import invalid
from pytest_kmslab.calls.dynamodb.partiql.key_condition import equality, inserted_literal
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.dynamodb.sse.specification import refused

NOT_THE_KEY = "The provided key element does not match the schema"
"""Recorded from AWS: LocalStack's test_batch_write_not_matching_schema."""

NOT_PINNED = "Where clause does not contain a mandatory equality on all key attributes"

NOT_PINNED_IN_BATCH = (
    "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
)


def check_item(part: Params, table: Table | None) -> None:
    """Raise what DynamoDB answers to one item's operation (or its part of a batch or transaction) that does
    not name the item by its whole key, or that changes the key."""
    if table is None or not table.key_attributes:
        return
    if "Key" in part:
        check_key(part["Key"], table)
    if "Item" in part:
        _check_whole_item(part["Item"], table)
    names = part.get("ExpressionAttributeNames") or {}
    changed = [names.get(name, name) for name in updated_attributes(part.get("UpdateExpression") or "")]
    _check_changed((*changed, *(part.get("AttributeUpdates") or ())), table)


def check_written(part: Params, table: Table | None) -> None:
    """The same for a part of BatchWriteItem, which words a missing key as a key that does not match."""
    if table is None or not table.key_attributes:
        return
    if "Key" in part:
        check_key(part["Key"], table)
    elif not set(table.key_attributes) <= set(part.get("Item") or ()):
        raise invalid(NOT_THE_KEY)


def check_batch(parts: Iterable[Params], table: Table | None) -> None:
    """Raise what DynamoDB answers to a batch that names an item of a table twice, whatever for."""
    if table is None or not table.key_attributes:
        return
    seen: list[list[Any]] = []
    for part in parts:
        named = part.get("Key") or part.get("Item") or {}
        key = [named.get(name) for name in table.key_attributes]
        if key in seen:
            raise invalid("Provided list of item keys contains duplicates")
        seen.append(key)


def check_key(key: Mapping[str, Any], table: Table) -> None:
    """Raise ValidationException for a key that is not made of the table's key attributes, all and only."""
    if set(key) != set(table.key_attributes):
        raise invalid(NOT_THE_KEY)


def check_statement(statement: Statement, values: Sequence[Any], table: Table | None) -> None:
    """Raise what DynamoDB answers to a PartiQL statement that writes without naming one whole key, or that
    changes a key. SELECT may read many items."""
    if table is None or not table.key_attributes or statement.action == "PartiQLSelect":
        return
    if statement.action == "PartiQLInsert":
        _check_inserted(statement, values, table)
        return
    check_pinned(statement, table)
    _check_changed((change.attribute for change in statement.changes), table)


def check_batch_statement(statement: Statement, table: Table) -> None:
    """Raise what DynamoDB answers to a SELECT in a batch that does not name one whole key."""
    if statement.action == "PartiQLSelect" and not is_pinned(statement, table):
        raise invalid(NOT_PINNED_IN_BATCH)


def check_pinned(statement: Statement, table: Table) -> None:
    """Raise ValidationException where the condition does not hold every key attribute to one value."""
    if not is_pinned(statement, table):
        raise invalid(NOT_PINNED)


def is_pinned(statement: Statement, table: Table) -> bool:
    """Whether the condition of a statement holds every key attribute to one value."""
    return all(equality(statement.where, name) is not None for name in table.key_attributes)


def _check_changed(attributes: Iterable[str], table: Table) -> None:
    for name in attributes:
        if name in table.key_attributes:
            raise refused(f"Cannot update attribute {name}. This attribute is part of the key")


def _check_whole_item(item: Mapping[str, Any], table: Table) -> None:
    for name in table.key_attributes:
        if name not in item:
            raise _missing(name)


def _check_inserted(statement: Statement, values: Sequence[Any], table: Table) -> None:
    if len(statement.inserted) == 1:
        value = values[0] if values and isinstance(values[0], Mapping) else {}
        _check_whole_item(value.get("M") or {}, table)
        return
    for name in table.key_attributes:
        if inserted_literal(statement.inserted, name) is None:
            raise _missing(name)


def _missing(name: str) -> ServiceError:
    return refused(f"Missing the key {name} in the item")
