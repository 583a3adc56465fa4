"""DynamoDB's cache of plaintext table keys: why a revoked user goes on reading for some minutes.

The key of a table is cached for each client connection and refreshed every five minutes; only then are
changes of the key policy, of IAM or of the key's state noticed. A denial is not cached.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from pytest_kmslab.account.model import AccountView, Table
from pytest_kmslab.authz.arn import in_region
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.table_encryption import AFTER_CALL

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


class Entry(NamedTuple):
    """Whose connection holds the key of which table (its ARN), under which key of KMS (its ARN)."""

    caller: str
    table: str
    key: str


class TableKeyCache:
    """Remembers for each connection when it last had each table's key from KMS.

    `seconds` is how long a table key is kept; `now` answers seconds. A connection is
    any object that lives as long as the connection does: what was kept for it goes with it.
    """

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._fetched: WeakKeyDictionary[Any, dict[Entry, float]] = WeakKeyDictionary()
        # Calls to an endpoint are decided by several threads at once.
        self._lock = Lock()

    def view(self, view: AccountView, call: ApiCall, connection: Any) -> AccountView:
        """AccountView for deciding this call: a table whose key the connection still holds needs no KMS."""
        if connection is None or call.name not in DATA_PLANE:
            return view
        with self._lock:
            held = self._fetched.setdefault(connection, {})
        return _WithHeldKeys(view, held, call.caller.arn, self._fresh)

    def keep(self, view: AccountView) -> None:
        """After the call was allowed: the connection now holds the keys of the tables it asked KMS for."""
        if isinstance(view, _WithHeldKeys):
            with self._lock:
                view.keep(self._now())

    def forget_changed(self, call: ApiCall, response: Mapping[str, Any]) -> None:
        """After a call that makes or removes a table, or changes its encryption: it has another table key."""
        if call.name not in AFTER_CALL:
            return
        changed = _with_new_keys(call, response)
        with self._lock:
            for fetched in self._fetched.values():
                for entry in [entry for entry in fetched if entry.table in changed]:
                    del fetched[entry]

    def _fresh(self, fetched: float | None) -> bool:
        return fetched is not None and self._now() - fetched < self._seconds


def _with_new_keys(call: ApiCall, response: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs of the tables that a call made, removed or encrypted anew."""
    described = response.get("TableDescription") or response.get("ImportTableDescription") or {}
    arn = str(described.get("TableArn"))
    if call.operation != "UpdateTable":
        return (arn,)
    # Replicas are tables of the same name, each of which has a table key of its own.
    updates = call.params.get("ReplicaUpdates") or ()
    replicas = [in_region(arn, replica["RegionName"]) for update in updates for replica in update.values()]
    return (*replicas, arn) if "SSESpecification" in call.params else tuple(replicas)


class _WithHeldKeys(AccountView):
    """AccountView in which a table whose key is held looks like one that needs none."""

    def __init__(
        self,
        view: AccountView,
        held: dict[Entry, float],
        caller: str,
        fresh: Callable[[float | None], bool],
    ) -> None:
        super().__init__(view.reader)
        # AccountView has the reader's own methods under these names, so a method here would not be found.
        self.table = self._table
        self.streamed_table = self._streamed_table
        self._held = held
        self._caller = caller
        self._fresh = fresh
        self._asked: list[Entry] = []

    def _table(self, name: str, region: str, account: str) -> Table | None:
        return self._without_held_key(self.reader.table(name, region, account))

    def _streamed_table(self, shard_iterator: str) -> Table | None:
        return self._without_held_key(self.reader.streamed_table(shard_iterator))

    def _without_held_key(self, table: Table | None) -> Table | None:
        if table is None or table.key_arn is None:
            return table
        entry = Entry(self._caller, table.arn, table.key_arn)
        # DynamoDB decrypts with the table key it holds and asks KMS nothing, so nobody is denied by KMS.
        if self._fresh(self._held.get(entry)):
            return replace(table, key_arn=None)
        self._asked.append(entry)
        return table

    def keep(self, now: float) -> None:
        """Remember the keys that were asked for."""
        self._held.update(dict.fromkeys(self._asked, now))
