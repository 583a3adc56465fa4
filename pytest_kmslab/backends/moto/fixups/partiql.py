"""PartiQL done as it was decided, on moto's items.

moto's own parser reads many conditions otherwise, takes names without case, knows no number and no sum in an
UPDATE, and inserts over an item that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.backends import partiql
from pytest_kmslab.backends.moto.item_operations import do_on_items
from pytest_kmslab.backends.moto.reader import table_named
from pytest_kmslab.calls.api_call import ApiCall

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
