"""DynamoDB's cache of plaintext table keys: why a revoked user goes on reading for some minutes.

The key of a table is cached for each client connection and refreshed every five minutes; only then are
changes of the key policy, of IAM or of the key's state noticed. A denial is not cached.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.facts import Facts, Table

SECONDS = 300.0
"""How long AWS keeps a table key: the page above says once every five minutes."""

DATA_PLANE = frozenset(
    f"dynamodb:{operation}"
    for operation in (
        "BatchExecuteStatement",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "ExecuteStatement",
        "ExecuteTransaction",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    )
)


class TableKeyCache:
    """Remembers for each connection when it last had each table's key from KMS.

    `seconds` is how long a table key is kept, 0 for not at all; `now` answers seconds. A connection is
    any object that lives as long as the connection does: what was kept for it goes with it.
    """

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._fetched: WeakKeyDictionary[Any, dict[tuple[str, str], float]] = WeakKeyDictionary()

    def facts(self, facts: Facts, call: ApiCall, connection: Any) -> Facts:
        """Facts for deciding this call: a table whose key the connection still holds needs no KMS."""
        if not self._seconds or connection is None or call.name not in DATA_PLANE:
            return facts
        return _Cached(facts, self._fetched.setdefault(connection, {}), call.caller.arn, self._fresh)

    def keep(self, facts: Facts) -> None:
        """After the call was allowed: the connection now holds the keys of the tables it asked KMS for."""
        if isinstance(facts, _Cached):
            facts.keep(self._now())

    def _fresh(self, fetched: float | None) -> bool:
        return fetched is not None and self._now() - fetched < self._seconds


class _Cached:
    """Facts in which a table whose key is held looks like one that needs none."""

    def __init__(
        self,
        facts: Facts,
        held: dict[tuple[str, str], float],
        caller: str,
        fresh: Callable[[float | None], bool],
    ) -> None:
        self._facts = facts
        self._held = held
        self._caller = caller
        self._fresh = fresh
        self._asked: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._facts, name)

    def table(self, name: str, region: str, account: str) -> Table | None:
        return self._without_held_key(self._facts.table(name, region, account))

    def streamed_table(self, shard_iterator: str) -> Table | None:
        return self._without_held_key(self._facts.streamed_table(shard_iterator))

    def _without_held_key(self, table: Table | None) -> Table | None:
        if table is None or table.key_arn is None:
            return table
        entry = (self._caller, table.arn)
        if self._fresh(self._held.get(entry)):
            return replace(table, key_arn=None)
        self._asked.append(entry)
        return table

    def keep(self, now: float) -> None:
        self._held.update(dict.fromkeys(self._asked, now))
