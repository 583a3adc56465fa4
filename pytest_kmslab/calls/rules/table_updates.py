"""What DynamoDB refuses of a change to a table: it changes one thing at a time.

Texts are AWS's: ACK-nnn is finding DDB-TABLE-nnn of aws-controllers-k8s/dynamodb-controller, measured on AWS
in October 2026. Of several members that must come alone, the first of `_ALONE` is named (ACK-433).
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.rules.new_tables import (
    MOST_GLOBAL_INDEXES,
    NO_UNITS_ON_DEMAND,
    UNITS,
    global_index_keys,
    is_on_demand,
    projection,
)
from pytest_kmslab.calls.rules.replica_updates import (
    OF_REPLICAS,
    check_replica_updates,
    check_replica_updates_of,
)
from pytest_kmslab.calls.rules.throughput import throughput_of
from pytest_kmslab.calls.validation_messages import invalid, refused

_NO_CHANGES = ("TableName", "AttributeDefinitions")
"""Definitions are for the keys of an index that is made, and otherwise ignored (ACK-162)."""
_ALONE = {
    "SSESpecification": "Server-Side Encryption modification must be the only operation in the request",
    "TableClass": "TableClass modification must be the only operation in the request",
    "DeletionProtectionEnabled": "DeletionProtection modification must be the only operation in the request",
    "WarmThroughput": "WarmThroughput must be the only operation in the request",
}
"""ACK-382, 433."""
_INDEXES = "GlobalSecondaryIndexUpdates"
_ACTIONS = ("Update", "Create", "Delete")
_MEMBERS = (
    "ProvisionedThroughput",
    "BillingMode",
    "UpdateStreamEnabled",
    _INDEXES,
    "SSESpecification",
    "ReplicaUpdates",
    "MultiAccountReplicaReady",
    "ReplicaTransitRoleArn",
    "MultiRegionConsistency",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
)
NOTHING_ASKED = f"At least one of {', '.join(_MEMBERS)} or TableClass is required"
"""ACK-015, which names members that nobody can send."""

Refusals = Iterator[ServiceError]


def check_update(params: Params) -> None:
    """Raise what DynamoDB refuses of a change before it looks for the table."""
    for rule in (_combinations, check_replica_updates, _index_updates, _stream_view, _billing):
        for refusal in rule(params):
            raise refusal


def check_update_of(params: Params, table: Table) -> None:
    """Raise what DynamoDB refuses of a change to the table as it is."""
    for rule in (check_replica_updates_of, _stream_state, _indexes_of, _units_of, throughput_of):
        for refusal in rule(params, table):
            raise refusal


def changed_members(params: Params) -> frozenset[str]:
    """The members of a request that change something."""
    # An empty list or empty throughput counts as absent (ACK-359, 456).
    return frozenset(
        name
        for name, value in params.items()
        if name not in _NO_CHANGES and (value or value is False or name == "SSESpecification")
    )


def _combinations(params: Params) -> Refusals:
    changed = changed_members(params)
    if not changed - OF_REPLICAS:
        yield invalid(NOTHING_ASKED)
    if params.get(_INDEXES) == []:
        yield refused(f"List of {_INDEXES} is empty")
    if "ReplicaUpdates" in changed and changed - OF_REPLICAS - {"ReplicaUpdates"}:
        yield _with_others(changed)
    if "WarmThroughput" in changed and _makes_index(params):
        yield refused("Create global secondary index cannot be specified when updating WarmThroughput")
    for member, text in _ALONE.items():
        if member in changed and changed != {member}:
            yield refused(text)
    yield from _with_capacity(params, changed)


def _with_others(changed: frozenset[str]) -> ServiceError:
    # ACK-224; of strongly consistent tables ACK-257.
    if changed & OF_REPLICAS:
        return invalid("Requests that modify replicas or witnesses must not also modify other fields")
    return refused("Replica modification must be the only operation in the request")


def _with_capacity(params: Params, changed: frozenset[str]) -> Refusals:
    # ACK-174, 382: capacity, stream and indexes change in requests of their own.
    indexes = _makes_index(params) or any("Delete" in update for update in params.get(_INDEXES) or ())
    units = "ProvisionedThroughput" in changed
    if "StreamSpecification" in changed and (units or params.get("BillingMode") == "PROVISIONED"):
        yield refused("You cannot modify stream status while updating table IOPS")
    if indexes and units:
        yield refused("You cannot create or delete index while updating table IOPS")
    if indexes and "StreamSpecification" in changed:
        yield refused("You cannot create or delete index while changing stream status")
    if "OnDemandThroughput" in changed and changed - {"OnDemandThroughput", "BillingMode"}:
        yield refused("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")


def _makes_index(params: Params) -> bool:
    return any("Create" in update for update in params.get(_INDEXES) or ())


def _index_updates(params: Params) -> Refusals:
    # ACK-123, 126, 159, 160, 162.
    updates: Sequence[Mapping[str, Any]] = params.get(_INDEXES) or ()
    for update in updates:
        if not update:
            members = [f"GlobalSecondaryIndexUpdate.{action}" for action in _ACTIONS]
            yield refused(f"One of {', '.join(members)} must not be null")
        if len(update) > 1:
            yield refused(
                "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
            )
    actions = [(action, index) for update in updates for action, index in update.items()]
    for name, number in Counter(index["IndexName"] for _, index in actions).items():
        if number > 1:
            text = "Only one global secondary index update per index is allowed simultaneously."
            yield refused(f"{text} Index: {name}")
    for action, index in actions:
        if action == "Create":
            if not params.get("AttributeDefinitions"):
                yield refused(f"AttributeDefinitions is not specified for index: {index['IndexName']}")
            yield from global_index_keys(index["KeySchema"])
            yield from projection(index.get("Projection") or {})
    if sum(action != "Update" for action, _ in actions) > 1:
        text = "Only 1 online index can be created or deleted simultaneously per table"
        yield ServiceError("LimitExceededException", f"Subscriber limit exceeded: {text}")


def _stream_view(params: Params) -> Refusals:
    # ACK-018, 050.
    specification = params.get("StreamSpecification") or {}
    enabled, view = specification.get("StreamEnabled"), specification.get("StreamViewType")
    if enabled and not view:
        yield refused("If stream is being enabled then UpdateViewType is required")
    if enabled is False and view:
        yield refused("If stream is being disabled, then UpdateViewType must not be specified")


def _billing(params: Params) -> Refusals:
    # ACK-056, 164.
    units = params.get("ProvisionedThroughput")
    if is_on_demand(params) and units:
        yield refused(NO_UNITS_ON_DEMAND)
    if params.get("BillingMode") == "PROVISIONED" and not units:
        yield refused("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")


def _stream_state(params: Params, table: Table) -> Refusals:
    # ACK-018, 050, 222: a stream that is on is neither turned on again nor changed.
    enabled = (params.get("StreamSpecification") or {}).get("StreamEnabled")
    if enabled and table.stream_enabled:
        yield invalid(f"Table already has an enabled stream: TableName: {table.name}")
    if enabled is False and table.global_table is not None:
        yield refused("Disabling Stream is not allowed for a Global Table replica.")
    if enabled is False and not table.stream_enabled:
        yield invalid(f"Table has no stream to disable: TableName: {table.name}")


def _indexes_of(params: Params, table: Table) -> Refusals:
    # ACK-166, 169, 380.
    names = set(table.index_keys) - set(table.local_indexes)
    for update in params.get(_INDEXES) or ():
        for action, index in update.items():
            name = index["IndexName"]
            if name in table.local_indexes and action != "Create":
                yield invalid(f"Cannot {action.lower()} an index that is not a GlobalSecondaryIndex: {name}")
            elif name not in names and action != "Create":
                text = f"Requested resource not found: Index {name} for table {table.name}"
                yield ServiceError("ResourceNotFoundException", text)
            if action == "Create" and name in table.index_keys:
                yield invalid("Attempting to create an index which already exists")
    if _makes_index(params) and len(names) >= MOST_GLOBAL_INDEXES:
        text = f"Number of global secondary indexes exceeds per-table limit of {MOST_GLOBAL_INDEXES}"
        yield ServiceError("LimitExceededException", f"Subscriber limit exceeded: {text}")


def _units_of(params: Params, table: Table) -> Refusals:
    # ACK-018; units that stay as they are: paritysuite/dynamodb-conformance, text of dynalite's tests.
    throughput = params.get("ProvisionedThroughput")
    if not throughput:
        return
    if table.on_demand and "BillingMode" not in params:
        yield refused(NO_UNITS_ON_DEMAND)
    others = changed_members(params) - {"ProvisionedThroughput", "BillingMode"}
    units = tuple(throughput.get(unit) for unit in UNITS)
    if not table.on_demand and not others and units == table.units:
        shown = " ".join(
            f"Current {unit} provisioned for the table: {number}. Requested {unit}: {number}."
            for unit, number in zip(UNITS, units, strict=True)
        )
        yield invalid(
            "The provisioned throughput for the table will not change. The requested value equals the "
            f"current value. {shown} Refer to the Amazon DynamoDB Developer Guide for current limits and how "
            "to request higher limits."
        )
