"""Transactions that are taken back, which moto does by a copy of each table that is called by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.table_groups import shards_elsewhere, share_contents

_transact: Any = DynamoDBBackend.transact_write_items


def transactions_taken_back() -> Replaced:
    """While this is open, a transaction that fails changes nothing: neither in tables that it calls by their
    ARN, nor in their replicas, nor in what shard iterators read."""
    return Replaced(Replacement(DynamoDBBackend, "transact_write_items", _transact_whole))


def _transact_whole(backend: Any, transact_items: Any) -> None:
    # moto takes back what was written to tables that are called by their names, and to no others.
    names = {table.table_arn: name for name, table in list(backend.tables.items())}
    parts = [
        {kind: {**action, "TableName": names.get(action["TableName"], action["TableName"])}}
        for part in transact_items
        for kind, action in part.items()
    ]
    called = {action["TableName"] for part in parts for action in part.values()}
    tables = [backend.tables[name] for name in called if name in backend.tables]
    shards = [shard for table in tables for shard in (table.stream_shard, *shards_elsewhere(table)) if shard]
    records = [(shard, len(shard.items)) for shard in shards]
    try:
        with _cancelled_by_updates(backend):
            _transact(backend, parts)
    except BaseException:
        for table in tables:
            # Not moto's copy of the table: replicas and shard iterators hold parts of this one.
            table.items = backend.tables[table.name].items
            backend.tables[table.name] = table
            share_contents(table)
        for shard, number in records:
            del shard.items[number:]
        raise


class ValidationError(Exception):
    """What an update cannot do to an item: moto calls the reason by the name of the class."""


@contextmanager
def _cancelled_by_updates(backend: Any) -> Iterator[None]:
    """While this is open, an update that an item does not bear cancels its transaction, with a reason.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    update = backend.update_item

    def update_item(*given: Any, **named: Any) -> Any:
        try:
            return update(*given, **named)
        except MockValidationException as error:
            raise ValidationError(error.message) from error

    backend.update_item = update_item
    try:
        yield
    finally:
        del backend.update_item
