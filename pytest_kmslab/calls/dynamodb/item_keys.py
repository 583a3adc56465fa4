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
from pytest_kmslab.calls.dynamodb.attribute_values import as_stored
from pytest_kmslab.calls.dynamodb.expressions import updated_attributes
from pytest_kmslab.calls.dynamodb.grammar.checks import nested_attributes
from pytest_kmslab.calls.dynamodb.grammar.operand_types import sortable
from pytest_kmslab.calls.dynamodb.names import invalid
from pytest_kmslab.calls.dynamodb.partiql.key_condition import equality, inserted_literal
from pytest_kmslab.calls.dynamodb.partiql.operation_rules import is_pinned
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import Token
from pytest_kmslab.calls.validation_messages import PREFIX, refused

NOT_THE_KEY = "The provided key element does not match the schema"
"""Recorded from AWS: LocalStack's test_batch_write_not_matching_schema."""

NOT_PINNED = "Where clause does not contain a mandatory equality on all key attributes"

NOT_ON_AN_INDEX = "This operation is not supported on an index"
OTHER_NUMBER = "Number of parameters in request and statement don't match."
"""Both are texts of AWS's DynamoDB local, whose PartiQL is DynamoDB's."""

EMPTY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
    "empty {kind} value. Key: {name}"
)
"""Measured on AWS, for every operation: paritysuite/dynamodb-conformance, error-messages."""
_SIZES = (
    (2048, "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    (1024, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
)
"""Of partition key and sort key; a blank is missing on AWS too (dynalite)."""
EXPRESSIONS_OF_PARTS = frozenset(("ProjectionExpression", "FilterExpression", "UpdateExpression"))
_EMPTY_KINDS = {"S": "string", "B": "binary"}


class KeyMismatchError(ServiceError):
    """DynamoDB's ValidationException for a key that is not the table's; it cancels a transaction instead.

    Measured on AWS: paritysuite/dynamodb-conformance, error-messages of both transactions.
    """

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


def cancelled(mismatches: Sequence[ServiceError | None]) -> ServiceError:
    """What a transaction answers whose parts do not fit their tables, None for those that do."""
    reasons = [
        {"Code": "None"} if error is None else {"Code": "ValidationError", "Message": error.message}
        for error in mismatches
    ]
    codes = ", ".join(reason["Code"] for reason in reasons)
    text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    members = {"CancellationReasons": reasons}
    return ServiceError("TransactionCanceledException", text, members=members)


def check_item(part: Params, table: Table | None) -> None:
    """Raise what DynamoDB answers to one item's operation (or its part of a batch or transaction) that does
    not name the item by its whole key, or that changes the key."""
    if table is None or not table.key_attributes:
        return
    if "Key" in part:
        check_key(part["Key"], table)
    # moto takes an item without its key for one that nobody was asked about.
    if "Item" in part:
        _check_not_empty(part["Item"], table)
        _check_whole_item(part["Item"], table)
    if part.get("UpdateExpression"):
        names = part.get("ExpressionAttributeNames") or {}
        changed = updated_attributes(part["UpdateExpression"])
        _check_changed((names.get(name, name) for name in changed), table)
    check_scalars(part, table)
    if part.get("AttributeUpdates"):
        _check_changed(part["AttributeUpdates"], table)


def check_written(part: Params, table: Table | None) -> None:
    """The same for a part of BatchWriteItem."""
    if table is None or not table.key_attributes:
        return
    _check_not_empty(part.get("Item") or {}, table)
    if "Key" in part:
        check_key(part["Key"], table)
    # It words a missing key as a key that does not match.
    elif not set(table.key_attributes) <= set(part.get("Item") or ()):
        raise invalid(NOT_THE_KEY)


def check_batch(parts: Iterable[Params], table: Table | None) -> None:
    """Raise what DynamoDB answers to a batch that names an item of a table twice, whatever for."""
    if table is None or not table.key_attributes:
        return
    seen: list[list[Any]] = []
    for part in parts:
        attributes = part.get("Key") or part.get("Item") or {}
        key = [_told_apart(attributes.get(name)) for name in table.key_attributes]
        if key in seen:
            raise invalid("Provided list of item keys contains duplicates")
        seen.append(key)


def check_targets(parts: Iterable[tuple[Params, Table | None]]) -> None:
    """Raise what DynamoDB answers to a transaction that names an item twice, whatever for.

    Measured on AWS: paritysuite/dynamodb-conformance, transactGet and transactWriteItems.
    """
    targets: list[tuple[str, list[Any]]] = []
    for part, table in parts:
        if table is None or not table.key_attributes:
            continue
        named = part.get("Key") or part.get("Item") or {}
        target = (table.arn, [_told_apart(named.get(name)) for name in table.key_attributes])
        if target in targets:
            raise invalid("Transaction request cannot include multiple operations on one item")
        targets.append(target)


def _told_apart(value: Any) -> Any:
    """A value of a key, a number in the one form that DynamoDB has for it."""
    return {"N": as_stored(str(value["N"]))} if isinstance(value, Mapping) and "N" in value else value


def check_key(key: Mapping[str, Any], table: Table) -> None:
    """Raise ValidationException for a key that is not made of the table's key attributes, all and only,
    or that has an empty value."""
    _check_not_empty(key, table)
    names = table.key_attributes
    if len(key) != len(names) or any(name not in key for name in names):
        raise KeyMismatchError(NOT_THE_KEY)
    for name, kind in zip(names, table.key_types, strict=False):
        if not isinstance(key[name], Mapping) or kind not in key[name]:
            raise KeyMismatchError(NOT_THE_KEY)
    check_size(key, table)


def check_size(attributes: Mapping[str, Any], table: Table) -> None:
    """Raise ValidationException for a key of more bytes than DynamoDB takes."""
    for name, (most, text) in zip(table.key_attributes, _SIZES, strict=False):
        ((kind, content),) = attributes[name].items()
        # A character has at most four bytes, and base64 is longer than what it stands for.
        if kind != "N" and len(content) > most // 4 and len(sortable(kind, content)) > most:
            raise refused(text)


def check_scalars(part: Params, table: Table | None) -> None:
    """Raise what DynamoDB answers to an expression that names a part of a key, of the table or an index.

    As dynalite's tests of GetItem, Query, Scan and UpdateItem have it, which were run against AWS.
    """
    if table is None or EXPRESSIONS_OF_PARTS.isdisjoint(part):
        return
    names = part.get("ExpressionAttributeNames") or {}
    nested = {
        names.get(name, name)
        for member in EXPRESSIONS_OF_PARTS
        for name in (nested_attributes(member, part[member]) if part.get(member) else ())
    }
    index_keys = [name for _, schema in table.index_schemas for name, _ in schema]
    for what, keys in (("Key", table.key_attributes), ("IndexKey", index_keys)):
        for name in [key for key in keys if key in nested]:
            text = "list random access '[]' and map lookup '.' are not allowed"
            raise invalid(f"Key attributes must be scalars; {text}: {what}: {name}")


def check_statement(statement: Statement, values: Sequence[Any], table: Table | None) -> None:
    """Raise what DynamoDB answers to a PartiQL statement that writes without naming one whole key, or
    that changes a key."""
    # SELECT may read many items.
    if statement.parameters != len(values):
        raise invalid(OTHER_NUMBER)
    if table is None or not table.key_attributes or statement.action == "PartiQLSelect":
        return
    if statement.index:
        raise invalid(NOT_ON_AN_INDEX)
    if statement.action == "PartiQLInsert":
        _check_inserted(statement, values, table)
        return
    if not is_pinned(statement, table):
        raise invalid(NOT_PINNED)
    equalities = {name: equality(statement.where, name) for name in table.key_attributes}
    _check_not_empty(_written_out(equalities, values), table)
    _check_changed((change.attribute for change in statement.changes), table)


def _check_changed(attributes: Iterable[str], table: Table) -> None:
    for name in attributes:
        if name in table.key_attributes:
            raise refused(f"Cannot update attribute {name}. This attribute is part of the key")


def _check_whole_item(item: Mapping[str, Any], table: Table) -> None:
    for name in table.key_attributes:
        if name not in item:
            raise _missing(name)
    for name, kind in zip(table.key_attributes, table.key_types, strict=False):
        if not isinstance(item[name], Mapping) or kind not in item[name]:
            actual = next(iter(item[name]), "")
            raise KeyMismatchError(f"{PREFIX}Type mismatch for key {name} expected: {kind} actual: {actual}")
    check_size(item, table)


def _check_inserted(statement: Statement, values: Sequence[Any], table: Table) -> None:
    if len(statement.inserted) == 1:
        value = values[0] if values and isinstance(values[0], Mapping) else {}
        _check_not_empty(value.get("M") or {}, table)
        _check_whole_item(value.get("M") or {}, table)
        return
    literals = {name: inserted_literal(statement.inserted, name) for name in table.key_attributes}
    _check_not_empty(_written_out(literals, values), table)
    for name, token in literals.items():
        if token is None:
            raise _missing(name)


def _written_out(tokens: Mapping[str, Token | None], values: Sequence[Any]) -> dict[str, Any]:
    """The attributes that a statement gives a text or a parameter."""
    return {
        name: {"S": token.value} if token.kind == "text" else values[int(token.value)]
        for name, token in tokens.items()
        if token is not None and token.kind in ("text", "parameter")
    }


def _check_not_empty(attributes: Mapping[str, Any], table: Table) -> None:
    # An empty value names no item, and to `ForAllValues` it is none at all: it would be let in.
    for name in table.key_attributes:
        value = attributes.get(name)
        for kind, text in _EMPTY_KINDS.items():
            if isinstance(value, Mapping) and value.get(kind) in ("", b""):
                raise invalid(EMPTY.format(kind=text, name=name))


def _missing(name: str) -> ServiceError:
    return KeyMismatchError(f"{PREFIX}Missing the key {name} in the item")
