"""Replicas of tables (global tables of version 2019), of which moto makes none: each is a table of its own in
its Region, and all of them have the same items.

What is theirs together and what each has alone is measured: findings DDB-TABLE-204 to 298 of
aws-controllers-k8s/dynamodb-controller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from pytest_kmslab.authz.arn import partition_of, parts_of
from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.backends.moto.reader import table_of
from pytest_kmslab.backends.moto.table_groups import GROUP, Group, group_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.names import arn_of_table
from pytest_kmslab.calls.rules.replica_updates import (
    already_tables,
    no_time_to_live,
    one_of_strong,
    replicas_in,
)
from pytest_kmslab.calls.validation_messages import invalid

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
VERSION = "2019.11.21"
MODE = "ENABLED_WITH_OVERRIDES"
_IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
_SHARED = ("attr", "billing_mode", "global_indexes", "throughput", "warm_throughput")
"""What changes in one Region changes in all (DDB-TABLE-251, 296)."""
_SOURCE = (
    "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
    "table in the last 24 hours."
)


def update(call: ApiCall) -> Response | None:
    """UpdateTable with ReplicaUpdates: tables come and go; None for all other changes."""
    if not call.params.get("ReplicaUpdates"):
        return None
    table = table_of(arn_of_table(call.params["TableName"], call.partition, call.region, call.account))
    creates, deletes = replicas_in(call.params, "Create"), replicas_in(call.params, "Delete")
    if creates:
        _check_capacity(call, table)
        _check_life(call, table)
    for region in creates:
        _check_new(call, table, region)
    for region in deletes:
        _check_leaving(table, region)
    group = group_of(table)
    if group is not None:
        for region in deletes:
            _forget(dynamodb_backends[table.account_id][region], table.name)
            group.leave(region)
    for region in creates:
        _add(call, table, region)
    _witnesses(call, table)
    for change in call.params["ReplicaUpdates"]:
        for replica in change.values():
            _keep_overrides(table, replica)
    described: Response = table.describe()
    # Replicas that are made show a while later.
    return {"TableDescription": {**described["TableDescription"], "TableStatus": "UPDATING"}}


def _forget(backend: Any, name: str) -> None:
    gone = backend.tables.pop(name, None)
    if gone is not None:
        # The policy goes with the table: another under its name has none.
        backend.resource_policies.pop(gone.table_arn, None)


def _check_new(call: ApiCall, table: Any, region: str) -> None:
    everywhere = dynamodb_backends[table.account_id]
    # A table does not leave its partition.
    own = [name for name in everywhere.regions if partition_of(name) == partition_of(call.region)]
    if region not in own:
        named = ", ".join(own)
        raise invalid(
            f"Region {region} is not supported. The latest version of global tables are only supported in "
            f"the following regions: [{named}]"
        )
    if table.name in everywhere[region].tables:
        raise already_tables(table.name)


def _check_life(call: ApiCall, table: Any) -> None:
    if call.params.get("MultiRegionConsistency") == "STRONG" and table.ttl["TimeToLiveStatus"] == "ENABLED":
        raise no_time_to_live()


_SCALING = "moto.applicationautoscaling.models"


def _check_capacity(call: ApiCall, table: Any) -> None:
    # DDB-TABLE-188, 288: provisioned units for writing have to scale by themselves; a stack sees to it.
    if table.billing_mode == "PAY_PER_REQUEST" or "aws:CalledVia" in call.caller.context:
        return
    where = f"table/{table.name}"
    if not _scales(table, where, "dynamodb:table:WriteCapacityUnits"):
        raise invalid("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    for index in table.global_indexes:
        if not _scales(table, f"{where}/index/{index.name}", "dynamodb:index:WriteCapacityUnits"):
            raise invalid("GSI write capacity should either be Pay-Per-Request or AutoScaled.")


def _scales(table: Any, resource: str, dimension: str) -> bool:
    # Until somebody calls the service moto's is not loaded for the question.
    models: Any = sys.modules.get(_SCALING)
    if models is None:
        return False
    scaling = models.applicationautoscaling_backends[table.account_id][table.region_name]
    of_resource = ((policy.resource_id, policy.scalable_dimension) for policy in scaling.policies.values())
    return resource in scaling.targets.get(dimension, {}) and (resource, dimension) in of_resource


def _check_leaving(table: Any, region: str) -> None:
    there = dynamodb_backends[table.account_id][region].tables.get(table.name)
    group = group_of(table)
    if there is not None and there.deletion_protection_enabled:
        # DDB-TABLE-297.
        raise invalid(
            f"Cannot delete table {table.name} in region {region} because it has deletion protection "
            "enabled. Disable deletion protection first."
        )
    if group is not None and not group.is_strong and region in group.sources.values():
        raise invalid(_SOURCE)  # DDB-TABLE-267


def _add(call: ApiCall, table: Any, region: str) -> None:
    group = group_of(table)
    if group is None:
        strong = call.params.get("MultiRegionConsistency") == "STRONG"
        group = Group(table.name, table.account_id, {table.region_name: ""}, strong)
        setattr(table, GROUP, group)
    # A table without a stream gets one; another's kind stays (DDB-TABLE-221, 305).
    if not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None
        table.set_stream_specification(dict(_IMAGES))
    replica = Table(  # type: ignore[abstract]
        table.name,
        table.account_id,
        region,
        schema=table.schema,
        attr=table.attr,
        throughput=dict(table.throughput),
        billing_mode=table.billing_mode,
        streams=dict(table.stream_specification),
    )
    replica.indexes = table.indexes
    replica.items, replica.ttl = table.items, table.ttl
    _share(table, replica)
    setattr(replica, GROUP, group)
    group.sources[region] = table.region_name
    dynamodb_backends[table.account_id][region].tables[table.name] = replica


def _share(table: Any, other: Any) -> None:
    for name in _SHARED:
        setattr(other, name, deepcopy(getattr(table, name)))


def _witnesses(call: ApiCall, table: Any) -> None:
    group = group_of(table)
    for change in call.params.get("GlobalTableWitnessUpdates") or ():
        if group is not None and change.get("Create"):
            group.witness_regions.append(change["Create"]["RegionName"])


_OVERRIDES = ("ProvisionedThroughputOverride", "OnDemandThroughputOverride")


def _keep_overrides(table: Any, replica: Mapping[str, Any]) -> None:
    group, region = group_of(table), replica["RegionName"]
    if group is None or region not in group.sources:
        return
    shown = group.shown.setdefault(region, {})
    shown.update({member: replica[member] for member in _OVERRIDES if replica.get(member)})
    if replica.get("TableClassOverride"):
        shown["ReplicaTableClassSummary"] = {"TableClass": replica["TableClassOverride"]}


def spread(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """UpdateTable: what all replicas have alike changes in all of them."""
    table = table_of(response["TableDescription"]["TableArn"])
    group = group_of(table)
    for other in group.tables(table.region_name) if group is not None else ():
        _share(table, other)


def check_deletable(reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DeleteTable of a table that others were made from, or of one of a strongly consistent group."""
    seen = reader.table(str(call.params.get("TableName")), call.region, call.account)
    group = None if seen is None else group_of(reader.moto_table(seen.arn))
    if group is not None and group.is_strong:
        raise one_of_strong()
    if group is not None and seen is not None and seen.region in group.sources.values():
        raise invalid(_SOURCE)  # DDB-TABLE-266
    return {}


def forget_deleted(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """DeleteTable: a replica leaves the others."""
    arn = parts_of(response["TableDescription"]["TableArn"])
    for backend in list(dynamodb_backends[arn.account].values()):
        table = backend.tables.get(arn.name)
        group = group_of(table)
        if group is not None and arn.region in group.sources:
            group.leave(arn.region)
            return


def show(table: Response) -> None:
    """What a description says of replicas; nothing where there are none (DDB-TABLE-201, 229, 259)."""
    where = place_of(table["TableArn"])
    group = group_of(dynamodb_backends[where.account][where.region].tables.get(where.name))
    if group is None:
        return
    table["GlobalTableVersion"], table["GlobalTableSettingsReplicationMode"] = VERSION, MODE
    table["Replicas"] = [_shown(group, other) for other in group.tables(where.region)]
    if group.is_strong:
        table["MultiRegionConsistency"] = "STRONG"
    if group.witness_regions:
        table["GlobalTableWitnesses"] = [
            {"RegionName": region, "WitnessStatus": "ACTIVE"} for region in group.witness_regions
        ]


def _shown(group: Group, table: Any) -> Response:
    key = (table.sse_specification or {}).get("KMSMasterKeyId")
    indexes = [{"IndexName": index.name} for index in table.global_indexes]
    return {
        "RegionName": table.region_name,
        "ReplicaStatus": "ACTIVE",
        "GlobalTableSettingsReplicationMode": MODE,
        **({"KMSMasterKeyId": key} if key else {}),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        "WarmThroughput": table.warm_throughput,
        **group.shown.get(table.region_name, {}),
    }
