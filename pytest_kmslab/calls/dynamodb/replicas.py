"""Replicas of a table in other Regions (global tables of version 2019), made and removed by UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, Authorizations
from pytest_kmslab.calls.dynamodb.authorization import authorization
from pytest_kmslab.calls.dynamodb.names import required_text
from pytest_kmslab.calls.dynamodb.sse.choose_key import choose_key
from pytest_kmslab.calls.dynamodb.sse.key_use import use_keys

_REPLICA_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Create": (
        "CreateTable",
        "CreateTableReplica",
        "Query",
        "Scan",
        "UpdateItem",
        "PutItem",
        "GetItem",
        "DeleteItem",
        "BatchWriteItem",
    ),
    "Update": (),
    "Delete": ("DeleteTable", "DeleteTableReplica"),
}
_WITNESS_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Create": ("CreateGlobalTableWitness",),
    "Delete": ("DeleteGlobalTableWitness",),
}


def replica_updates(call: ApiCall, view: AccountView, arn: str) -> Authorizations:
    """Ask for what each replica needs, on the table of the same name in the replica's Region.

    A replica that names a key asks for it as a new table does, in that Region. A new one is filled with
    the items of the table, whose own key is asked for as reading them does (docs/fidelity.md).
    """
    copied = False
    for update in call.params.get("ReplicaUpdates") or ():
        for kind, replica in update.items():
            yield from _in_region(call, view, arn, _REPLICA_ACTIONS[kind], replica)
            copied = copied or kind == "Create"
    if copied:
        yield from use_keys(call, view, (view.table(arn, call.region, call.account),))
    for update in call.params.get("GlobalTableWitnessUpdates") or ():
        for kind, witness in update.items():
            yield from _in_region(call, view, arn, _WITNESS_ACTIONS[kind], witness)


def _in_region(
    call: ApiCall, view: AccountView, arn: str, actions: tuple[str, ...], replica: Any
) -> Authorizations:
    region = required_text(replica, "RegionName")
    there = call._replace(region=region)
    parts = arn.split(":", 5)
    table_there = ":".join((*parts[:3], region, *parts[4:]))
    for action in actions:
        yield authorization(there, action, table_there)
    yield from choose_key(there, view, replica.get("KMSMasterKeyId") or "", table_there)
