"""PartiQL done by operations on items, for a backend that has none or reads it otherwise than it was decided.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.dynamodb.item_keys import check_statement
from pytest_kmslab.calls.dynamodb.partiql.operation_rules import check_in_batch
from pytest_kmslab.calls.dynamodb.partiql.requests import (
    ItemRequest,
    exists_check,
    item_request,
    selected_names,
)
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens
from pytest_kmslab.calls.dynamodb.statements import read_entry, unreadable

Response = dict[str, Any]
Item = Mapping[str, Any]
Do = Callable[[Table, str, Mapping[str, Any]], Response]
"""Does an operation on the items of a table at the backend; raises ServiceError with what it answers."""
FindTable = Callable[[str], "Table | None"]
"""The table of a name or ARN."""

DUPLICATE = ServiceError("DuplicateItemException", "Duplicate primary key exists in table")
_NO_TABLE = ServiceError("ResourceNotFoundException", "Requested resource not found")
_NO_INDEX = ServiceError("ValidationException", "The table does not have the specified index")

BATCH_CODES = {
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "ValidationError",
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
}
"""An error of its own has another name inside a batch:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html"""

_TRANSACTED = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


class _Prepared(NamedTuple):
    statement: Statement
    values: Sequence[Any]
    request: ItemRequest
    table: Table


def execute_statement(call: ApiCall, table_of: FindTable, do: Do) -> Response:
    """Answer ExecuteStatement. `Limit` counts the items that are answered, `NextToken` where they go on."""
    items = _run(_prepared(call.params, table_of), do, call.params)
    token = str(call.params.get("NextToken") or 0)
    if not token.isdecimal():
        raise ServiceError("ValidationException", "Invalid NextToken")
    start, limit = int(token), call.params.get("Limit") or len(items)
    more = {"NextToken": str(start + limit)} if start + limit < len(items) else {}
    return {"Items": items[start : start + limit], **more}


def execute_batch(call: ApiCall, table_of: FindTable, do: Do) -> Response:
    """Answer BatchExecuteStatement: each statement has an answer of its own, one that fails too."""
    return {"Responses": [_batch_answer(entry, table_of, do) for entry in call.params["Statements"]]}


def execute_transaction(call: ApiCall, table_of: FindTable, do: Do) -> Response:
    """Answer ExecuteTransaction: reads one after another, or writes as one TransactWriteItems."""
    prepared = [_prepared(entry, table_of) for entry in call.params["TransactStatements"]]
    if not any(part.statement.exists or part.statement.action != "PartiQLSelect" for part in prepared):
        return {"Responses": [_first(_run(part, do, {})) for part in prepared]}
    token = call.params.get("ClientRequestToken")
    more = {"ClientRequestToken": token} if token else {}
    writes = [_transacted(part) for part in prepared]
    try:
        do(prepared[0].table, "TransactWriteItems", {"TransactItems": writes, **more})
    except ServiceError as error:
        raise _with_duplicates(error, prepared) from None
    return {"Responses": []}


def _with_duplicates(error: ServiceError, prepared: Sequence[_Prepared]) -> ServiceError:
    """A cancelled transaction that says of an INSERT over an item what DynamoDB says of it."""
    reasons = [dict(reason) for reason in error.members.get("CancellationReasons", ())]
    if error.code != "TransactionCanceledException" or len(reasons) != len(prepared):
        return error
    for reason, part in zip(reasons, prepared, strict=True):
        if part.statement.action == "PartiQLInsert" and reason["Code"] == "ConditionalCheckFailed":
            reason.update(Code="DuplicateItem", Message=DUPLICATE.message)
    shown = ", ".join(str(reason["Code"]) for reason in reasons)
    text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{shown}]"
    return ServiceError(error.code, text, members={"CancellationReasons": reasons})


def _prepared(entry: Mapping[str, Any], table_of: FindTable) -> _Prepared:
    statement, values = read_entry(entry)
    table = table_of(statement.table)
    if table is None:
        raise _NO_TABLE
    check_statement(statement, values, table)
    with unreadable(entry):
        return _Prepared(statement, values, item_request(statement, values, table), table)


def _run(part: _Prepared, do: Do, params: Mapping[str, Any]) -> list[Item]:
    """Do a statement; what it answers."""
    if part.statement.index and part.statement.index not in part.table.index_keys:
        raise _NO_INDEX
    if part.statement.action == "PartiQLSelect":
        consistent = {"ConsistentRead": True} if params.get("ConsistentRead") else {}
        return _answered(part, list(_pages(part, do, consistent)))
    try:
        response = do(part.table, part.request.operation, part.request.params)
    except ServiceError as error:
        if part.statement.action == "PartiQLInsert" and error.code == "ConditionalCheckFailedException":
            raise DUPLICATE from None
        raise
    return [response["Attributes"]] if response.get("Attributes") else []


def _pages(part: _Prepared, do: Do, more: Mapping[str, Any]) -> Iterator[Item]:
    start: Mapping[str, Any] = {}
    while True:
        page = do(part.table, part.request.operation, {**part.request.params, **more, **start})
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _answered(part: _Prepared, items: list[Item]) -> list[Item]:
    for name, descending in reversed(_order(part.statement.order)):
        items.sort(key=lambda item: _sortable(item.get(name) or {}), reverse=descending)
    wanted = selected_names(part.statement)
    return [_selected(item, wanted) for item in items] if wanted else items


def _order(tokens: Tokens) -> list[tuple[str, bool]]:
    order: list[tuple[str, bool]] = []
    for token in tokens:
        if token.keyword == "DESC" and order:
            order[-1] = (order[-1][0], True)
        elif token.kind in ("word", "quoted") and not token.keyword:
            order.append((token.value, False))
    return order


def _sortable(value: Mapping[str, Any]) -> tuple[str, Any]:
    kind, literal = next(iter(value.items()), ("", ""))
    return kind, Decimal(literal) if kind == "N" else literal


def _selected(item: Item, wanted: Sequence[tuple[str, Tokens]]) -> Item:
    selected = {name: _at(item, path) for name, path in wanted}
    return {name: value for name, value in selected.items() if value is not None}


def _at(item: Item, path: Tokens) -> Any:
    """The value at a path of an item, None where there is none."""
    value: Any = {"M": item}
    for token in path:
        if token.kind == "sign":
            continue
        if token.kind == "number":
            members = value.get("L", ())
            value = members[int(token.value)] if int(token.value) < len(members) else None
        else:
            value = value.get("M", {}).get(token.value)
        if value is None:
            return None
    return value


def _batch_answer(entry: Mapping[str, Any], table_of: FindTable, do: Do) -> Response:
    try:
        part = _prepared(entry, table_of)
        check_in_batch(part.statement, part.table)
        return {"TableName": part.table.name, **_first(_run(part, do, entry))}
    except ServiceError as error:
        code = BATCH_CODES.get(error.code, "InternalServerError")
        return {"Error": {"Code": code, "Message": error.message}}


def _first(items: Sequence[Item]) -> Response:
    return {"Item": items[0]} if items else {}


def _transacted(part: _Prepared) -> Response:
    params = {member: value for member, value in part.request.params.items() if member != "ReturnValues"}
    if part.statement.action == "PartiQLSelect":
        # `EXISTS(SELECT …)`, beside writes: that the item is there, and is as its condition says.
        return {"ConditionCheck": exists_check(part.statement, part.values, part.table).params}
    return {_TRANSACTED[part.request.operation]: params}
