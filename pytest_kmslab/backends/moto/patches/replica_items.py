"""The items of tables with replicas after a transaction."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.table_groups import shards_elsewhere, share_contents

_transact: Any = DynamoDBBackend.transact_write_items


def items_of_replicas() -> Replaced:
    """While this is open, a transaction that is taken back is so in the replicas of its tables too."""
    return Replaced(Replacement(DynamoDBBackend, "transact_write_items", _transact_everywhere))


def _transact_everywhere(backend: Any, transact_items: Any) -> None:
    named = {operation.get("TableName") for part in transact_items for operation in part.values()}
    tables = [backend.tables[name] for name in named if name in backend.tables]
    records = [(shard, len(shard.items)) for table in tables for shard in shards_elsewhere(table)]
    try:
        _transact(backend, transact_items)
    except BaseException:
        for shard, number in records:
            del shard.items[number:]
        raise
    finally:
        # moto puts a copy of the table in its place, with the items that were there before.
        for table in tables:
            share_contents(backend.tables.get(table.name, table))
