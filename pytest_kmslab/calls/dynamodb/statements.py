"""PartiQL: the actions of a statement are those of what it does, on the table or index it names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.calls.api_call import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.dynamodb.context import (
    ATTRIBUTES,
    ENCLOSING_OPERATION,
    FULL_TABLE_SCAN,
    RETURN_VALUES,
    SELECT,
    Context,
    authorization,
    further_context,
    further_keys_of,
    given_back,
    hash_key_of,
    leading_context,
)
from pytest_kmslab.calls.dynamodb.item_keys import check_statement
from pytest_kmslab.calls.dynamodb.names import empty, index_arn, invalid, required, required_text, table_arn
from pytest_kmslab.calls.dynamodb.partiql.key_condition import inserted_names, is_full_scan, leading_values
from pytest_kmslab.calls.dynamodb.partiql.operation_rules import check_use
from pytest_kmslab.calls.dynamodb.partiql.refusals import RefusedStatementError, StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import Statement, read_statement, selected_attributes
from pytest_kmslab.calls.dynamodb.returned_items import check_consistent, check_projected
from pytest_kmslab.calls.dynamodb.sse.key_use import use_keys
from pytest_kmslab.calls.validation_messages import wire_name

_LISTS = {"BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}


def statements(call: ApiCall, view: AccountView) -> Authorizations:
    """ExecuteStatement, BatchExecuteStatement, ExecuteTransaction: one question a statement.

    Raises ServiceError for a statement whose table cannot be told: it is never passed on.
    """
    tables: list[Table | None] = []
    read = list(_read(call))
    for entry, statement, values in read:
        arn = table_arn(call, statement.table)
        table = view.table(arn, call.region, call.account)
        tables.append(table)
        context = _context(call, statement, table, values)
        if RETURN_VALUES in context:
            context[RETURN_VALUES] = given_back(statement.returned, entry)
        for resource in _resources(statement, arn):
            yield authorization(call, statement.action, resource, context, table)
    if call.operation != "BatchExecuteStatement":  # whose statements are refused one by one
        for (_, statement, values), table in zip(read, tables, strict=True):
            check_statement(statement, values, table)
            _check_index(statement, table, call.params.get("ConsistentRead") is True)
        check_use(call.operation, [statement for _, statement, _ in read], tables)
    yield from use_keys(call, view, tables)


def _entries(call: ApiCall) -> Iterator[Mapping[str, Any]]:
    member = _LISTS.get(call.operation)
    if member is None:
        yield call.params
        return
    entries = required(call.params, member)
    if not entries:
        raise empty(wire_name(member))
    yield from entries


def _read(call: ApiCall) -> Iterator[tuple[Mapping[str, Any], Statement, Any]]:
    """Each part of the request with its statement and its parameters; none that a batch refuses by itself."""
    for at, entry in enumerate(_entries(call)):
        if call.operation == "BatchExecuteStatement" and is_refused(entry):
            continue
        try:
            yield entry, *read_entry(entry)
        except ServiceError as error:
            if call.operation != "ExecuteTransaction":
                raise
            # A transaction says which of its statements cannot be read. Measured on AWS:
            # paritysuite/dynamodb-conformance, partiqlGrammar.
            raise invalid(f"Validation failed in TransactStatements[{at}]: {error.message}") from None


def is_refused(entry: Mapping[str, Any]) -> bool:
    """Whether DynamoDB is known to refuse the statement as it is written: a batch answers in its place."""
    try:
        read_statement(required_text(entry, "Statement"))
    except StatementError as error:
        return isinstance(error, RefusedStatementError)
    return False


def read_entry(entry: Mapping[str, Any]) -> tuple[Statement, Any]:
    """The statement of a request or of one part of it, and its parameters."""
    text = required_text(entry, "Statement")
    with unreadable(entry):
        return read_statement(text), entry.get("Parameters") or ()


def _check_index(statement: Statement, table: Table | None, consistent: bool) -> None:
    if statement.action == "PartiQLSelect":
        if consistent:
            check_consistent(table, statement.index)
        check_projected(table, statement.index, selected_attributes(statement))


@contextmanager
def unreadable(entry: Mapping[str, Any]) -> Iterator[None]:
    """Make of a StatementError what DynamoDB answers to a statement that it cannot read."""
    try:
        yield
    except RefusedStatementError as error:
        raise invalid(str(error)) from None
    except StatementError as error:
        raise invalid(
            f"Statement wasn't well formed, can't be processed: {error} (said by pytest-kmslab, which cannot "
            f"tell what the statement `{entry['Statement']}` asks for; please report it if AWS accepts it)"
        ) from None


def _resources(statement: Statement, arn: str) -> tuple[str, ...]:
    if not statement.index:
        return (arn,)
    # The table, or the index that is read; writing to an index, which no table allows, asks for both.
    index = index_arn(arn, statement.index)
    return (index,) if statement.action == "PartiQLSelect" else (arn, index)


def _context(call: ApiCall, statement: Statement, table: Table | None, values: Any) -> Context:
    hash_key = hash_key_of(table, statement.index)
    context: Context = {}
    if call.operation == "ExecuteTransaction":
        context[ENCLOSING_OPERATION] = call.operation
    attributes = statement.attributes or inserted_names(statement, values)
    if attributes:
        context[ATTRIBUTES] = attributes
    context.update(leading_context(leading_values(statement, hash_key, values)))
    if statement.index:
        context.update(
            further_context(table, statement.index, lambda key: leading_values(statement, key, values))
        )
    if statement.action == "PartiQLSelect":
        everything = "ALL_PROJECTED_ATTRIBUTES" if statement.index else "ALL_ATTRIBUTES"
        context[SELECT] = everything if statement.everything else "SPECIFIC_ATTRIBUTES"
        keys = (hash_key, *further_keys_of(table, statement.index))
        context[FULL_TABLE_SCAN] = any(is_full_scan(statement, key) for key in keys)
    elif statement.action != "PartiQLInsert":
        context[RETURN_VALUES] = statement.returned
    return context
