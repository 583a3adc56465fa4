"""PartiQL done as it was decided, on moto's items.

moto's own parser reads many conditions otherwise, takes names without case, knows no number and no sum in an
UPDATE, and inserts over an item that is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore import xform_name
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.responses import DynamoHandler

from pytest_kmslab.account.model import Table
from pytest_kmslab.backends import partiql
from pytest_kmslab.backends.moto.reader import table_named
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.parse_json import with_bytes

Response = dict[str, Any]
Execute = Callable[[ApiCall, partiql.FindTable, partiql.Do], Response]

_EXECUTED: Mapping[str, Execute] = {
    "BatchExecuteStatement": partiql.execute_batch,
    "ExecuteStatement": partiql.execute_statement,
    "ExecuteTransaction": partiql.execute_transaction,
}
PARTIQL = tuple(f"dynamodb:{operation}" for operation in _EXECUTED)


def answer(call: ApiCall) -> Response:
    """Answer a call of PartiQL."""

    def find(name: str) -> Table | None:
        return table_named(name, call.region, call.account)

    return _EXECUTED[call.operation](call, find, _do)


def _do(table: Table, operation: str, params: Mapping[str, Any]) -> Response:
    return do_on_items(table.account, table.region, operation, params)


# Operations on items done by moto's own handler in this process, for what is made of several of them.

_MEMBERS = ("CancellationReasons", "Item")
"""What an error of DynamoDB says besides its code and text."""


def do_on_items(account: str, region: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Do an operation of DynamoDB in an account and Region; raises ServiceError with what moto answers."""
    handler = DynamoHandler()
    handler.current_account, handler.region = account, region
    handler.body = with_bytes(service_model("dynamodb").operation_model(operation), params)
    try:
        result: dict[str, Any] = getattr(handler, xform_name(operation))().result
    except JsonRESTError as error:
        body = json.loads(error.description)
        members = {name: body[name] for name in _MEMBERS if name in body}
        raise ServiceError(error.relative_error_type, str(error.message), members=members) from None
    return result
