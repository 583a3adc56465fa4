"""Reading and writing items: one question a table or index, then the table's key.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.calls.api_call import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import (
    ATTRIBUTES,
    ENCLOSING_OPERATION,
    LEADING_KEYS,
    RETURN_CONSUMED_CAPACITY,
    Context,
    authorization,
    hash_key_of,
    item_context,
    leading_context,
    leading_keys,
    named_attributes,
    unique,
)
from pytest_kmslab.calls.dynamodb.item_keys import (
    KeyMismatchError,
    cancelled,
    check_batch,
    check_item,
    check_scalars,
    check_targets,
    check_written,
)
from pytest_kmslab.calls.dynamodb.key_conditions import check_schema, schema_of, without_partition_key
from pytest_kmslab.calls.dynamodb.names import (
    arn_of_table,
    empty,
    index_arn,
    invalid,
    required,
    required_text,
    table_arn,
)
from pytest_kmslab.calls.dynamodb.placeholders import check_placeholders, check_write
from pytest_kmslab.calls.dynamodb.returned_items import (
    answered_attributes,
    check_filter,
    check_index,
    check_projected,
)
from pytest_kmslab.calls.dynamodb.sse.key_use import use_keys, use_of_key
from pytest_kmslab.calls.dynamodb.start_keys import check_bounds, check_start_key

_TRANSACTION_PARTS: Mapping[str, Mapping[str, str]] = {
    "TransactGetItems": {"Get": "GetItem"},
    "TransactWriteItems": {
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
    },
}

_MOST_ITEMS = {"BatchGetItem": 100, "BatchWriteItem": 25}
_SEVERAL_WRITES = "TransactItems can only contain one of Check, Put, Update or Delete"
_NO_WRITE = "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"
"""Both are texts of AWS's DynamoDB local; the first is in moto's tests too. The model lets no entry of a
transaction of reads have more or less than its Get."""


def item(call: ApiCall, view: AccountView) -> Authorizations:
    """GetItem, PutItem, UpdateItem, DeleteItem: on the table."""
    if call.operation != "GetItem":
        check_write(call.params, call.operation)
    arn = arn_of_table(call.params.get("TableName"), call.partition, call.region, call.account)
    table = view.table(arn, call.region, call.account)
    yield authorization(call, call.operation, arn, item_context(call.operation, call.params, table), table)
    # Only who may do it is told what is wrong with the key.
    check_item(call.params, table)
    use = use_of_key(call, view, table)
    if use is not None:
        yield use


def search(call: ApiCall, view: AccountView) -> Authorizations:
    """Query, Scan: on the index where one is named, and then not on the table.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html
    """
    arn = arn_of_table(call.params.get("TableName"), call.partition, call.region, call.account)
    index = call.params.get("IndexName") or ""
    table = view.table(arn, call.region, call.account)
    context = item_context(call.operation, call.params, table, index)
    # On the index alone:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html
    yield authorization(call, call.operation, index_arn(arn, index) if index else arn, context, table)
    check_index(table, index)
    check_projected(table, index, answered_attributes(call.params))
    hash_key = hash_key_of(table, index)
    check_start_key(call, table, index)
    if call.operation == "Query" and hash_key and LEADING_KEYS[0] not in context:
        # moto takes a Query that has only a filter, and reads every item.
        raise without_partition_key(call.params, hash_key)
    if call.operation == "Query" and table is not None:
        schema = schema_of(table, index)
        if schema:
            check_schema(call.params, schema)
            check_bounds(call.params, table, index)
        check_filter(call.params, schema)
    check_scalars(call.params, table)
    yield from use_keys(call, view, (table,))


def search_vectors(call: ApiCall, view: AccountView) -> Authorizations:
    """SearchVectors: on the vector index; the keys of fine-grained access do not apply to it."""
    arn = arn_of_table(call.params.get("TableName"), call.partition, call.region, call.account)
    table = view.table(arn, call.region, call.account)
    yield authorization(
        call, call.operation, index_arn(arn, required_text(call.params, "IndexName")), None, table
    )
    yield from use_keys(call, view, (table,))


def batch_get(call: ApiCall, view: AccountView) -> Authorizations:
    """BatchGetItem: one question a table, naming every key that is read of it."""
    tables: list[Table | None] = []
    _check_number(call, [key for _, wanted in _request_items(call) for key in wanted.get("Keys") or ()])
    for name, wanted in _request_items(call):
        arn = table_arn(call, name)
        table = view.table(arn, call.region, call.account)
        tables.append(table)
        context = item_context(call.operation, {**wanted, **_capacity(call)}, table)
        keys = wanted.get("Keys") or ()
        yield authorization(call, call.operation, arn, _with_parts(context, keys, "Key", table), table)
        for key in keys:
            check_item({"Key": key}, table)
        check_scalars(wanted, table)
        check_batch(({"Key": key} for key in keys), table)
    yield from use_keys(call, view, tables)


def batch_write(call: ApiCall, view: AccountView) -> Authorizations:
    """BatchWriteItem: one question a table, naming every key and attribute that is written."""
    tables: list[Table | None] = []
    _check_number(call, [write for _, writes in _request_items(call) for write in writes])
    for name, writes in _request_items(call):
        arn = table_arn(call, name)
        table = view.table(arn, call.region, call.account)
        tables.append(table)
        context: Context = {RETURN_CONSUMED_CAPACITY: call.params.get("ReturnConsumedCapacity") or "NONE"}
        if any(len(write) != 1 for write in writes):
            raise invalid("A write request is one PutRequest or one DeleteRequest (said by pytest-kmslab)")
        parts = [part for write in writes for part in write.values()]
        yield authorization(call, call.operation, arn, _with_parts(context, parts, "", table), table)
        for part in parts:
            check_written(part, table)
        check_batch(parts, table)
    yield from use_keys(call, view, tables)


def _check_number(call: ApiCall, items: Sequence[Any]) -> None:
    """Raise for more items than a batch takes of all tables: of one the model says it."""
    # Texts are dynalite's, whose tests were run against AWS.
    if len(items) > _MOST_ITEMS[call.operation]:
        raise invalid(f"Too many items requested for the {call.operation} call")


def _request_items(call: ApiCall) -> Iterator[tuple[str, Any]]:
    items = required(call.params, "RequestItems")
    if not items:
        raise empty("requestItems", "{}")
    yield from items.items()


def _capacity(call: ApiCall) -> dict[str, Any]:
    value = call.params.get("ReturnConsumedCapacity")
    return {"ReturnConsumedCapacity": value} if value else {}


def _with_parts(context: Context, parts: Any, member: str, table: Table | None) -> Context:
    """Add the leading keys and attributes of a batch's parts; `member` wraps a part that is bare."""
    read = [{member: part} if member else part for part in parts]
    leading = unique(value for part in read for value in leading_keys(part, table))
    names = unique((*_listed(context), *(name for part in read for name in named_attributes(part))))
    context.update(leading_context(leading))
    if names:
        context[ATTRIBUTES] = names
    return context


def _listed(context: Context) -> tuple[str, ...]:
    names = context.get(ATTRIBUTES, ())
    return tuple(str(name) for name in names) if not isinstance(names, (str, int, float)) else ()


def transaction(call: ApiCall, view: AccountView) -> Authorizations:
    """TransactGetItems, TransactWriteItems: one question an item, named as if it came alone.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    tables: list[Table | None] = []
    mismatches: list[ServiceError | None] = []
    parts = list(_transaction_parts(call))
    for action, part in parts:
        # Before any of them is decided: paritysuite/dynamodb-conformance, validation-ordering/transactions.
        check_placeholders(action, part)
    for action, part in parts:
        arn = table_arn(call, required_text(part, "TableName"))
        table = view.table(arn, call.region, call.account)
        tables.append(table)
        context = item_context(action, {**part, **_capacity(call)}, table)
        context[ENCLOSING_OPERATION] = call.operation
        yield authorization(call, action, arn, context, table)
        mismatches.append(_checked(part, table))
    if any(mismatches):
        raise cancelled(mismatches)
    check_targets(zip((part for _, part in parts), tables, strict=True))
    yield from use_keys(call, view, tables)


def _checked(part: Any, table: Table | None) -> ServiceError | None:
    """What cancels the transaction: a key that the table does not have. Other refusals are of the call."""
    try:
        check_item(part, table)
    except KeyMismatchError as mismatch:
        return mismatch
    return None


def _transaction_parts(call: ApiCall) -> Iterator[tuple[str, Any]]:
    known = _TRANSACTION_PARTS[call.operation]
    items = required(call.params, "TransactItems")
    if not items:
        raise empty("transactItems", "[]")
    for entry in items:
        if len(entry) > 1:
            raise invalid(_SEVERAL_WRITES)
        if not entry or next(iter(entry)) not in known:
            raise invalid(_NO_WRITE)
        member, part = next(iter(entry.items()))
        yield known[member], part
