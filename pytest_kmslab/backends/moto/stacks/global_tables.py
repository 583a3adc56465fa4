"""`AWS::DynamoDB::GlobalTable`, which CDK's `TableV2` makes: a table here, and its replicas elsewhere.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_kmslab.backends.moto.stacks import tables
from pytest_kmslab.backends.moto.stacks.global_table_rules import (
    check_global_table,
    is_provisioned,
    is_strong,
)
from pytest_kmslab.backends.moto.stacks.properties import Properties, invalid
from pytest_kmslab.backends.moto.stacks.resource import GONE, Deployment, Made, ResourceType
from pytest_kmslab.calls.api_call import ServiceError

_SHARED = (
    "AttributeDefinitions",
    "BillingMode",
    "KeySchema",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
    "WarmThroughput",
)
_OF_REPLICA = (
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)
_BY_CALLS = (
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "Tags",
)
_REPLICA_MEMBERS = frozenset(
    {
        *_OF_REPLICA,
        "GlobalSecondaryIndexes",
        "GlobalTableSettingsReplicationMode",
        "ReadOnDemandThroughputSettings",
        "ReadProvisionedThroughputSettings",
        "Region",
        "ReplicaStreamSpecification",
        "SSESpecification",
    }
)


def _create(where: Deployment, properties: Properties) -> Iterator[Made]:
    here = _as_table(where, properties, where.region)
    made = None
    for made in tables.create_table(where, here):
        yield made
    if made is not None:
        _add_replicas(where, made.physical_id, properties, sorted(_regions(properties) - {where.region}))


def _add_replicas(where: Deployment, name: str, properties: Properties, regions: list[str]) -> None:
    # A strongly consistent table is made whole, every other by one replica after another.
    creates = [{"Create": _replica_of(where, properties, region)} for region in regions]
    if not creates:
        return
    if is_strong(properties):
        added = [{"Create": {"RegionName": region}} for region in _witnesses(properties)]
        where.call(
            "dynamodb",
            "UpdateTable",
            TableName=name,
            MultiRegionConsistency="STRONG",
            ReplicaUpdates=creates,
            GlobalTableWitnessUpdates=added or None,
        )
    else:
        for create in creates:
            where.change(
                "dynamodb", "UpdateTable", ["already exist"], TableName=name, ReplicaUpdates=[create]
            )
    for region in regions:
        _set_up(where, name, properties, region)


def _replica_of(where: Deployment, properties: Properties, region: str) -> dict[str, Any]:
    there = _as_table(where, properties, region)
    create = {
        "RegionName": region,
        "KMSMasterKeyId": (there.get("SSESpecification") or {}).get("KMSMasterKeyId"),
        "TableClassOverride": there.get("TableClass"),
    }
    return {name: value for name, value in create.items() if value is not None}


def _set_up(where: Deployment, name: str, properties: Properties, region: str) -> None:
    """What a replica has of its own is put in its Region."""
    # Its time to live is that of all; its key and class came with it.
    there = _as_table(where, properties, region)
    _bring_replica(replace(where, region=region), name, {}, there, _BY_CALLS)


def _bring_replica(
    there: Deployment, name: str, old: Properties, new: Properties, members: Iterable[str]
) -> None:
    before, after = ({name: table[name] for name in members if name in table} for table in (old, new))
    tables.bring(there, name, before, after)
    tables.bring_stream(there, name, old, new)


def _witnesses(properties: Properties) -> list[str]:
    return [str(witness.get("Region")) for witness in properties.get("GlobalTableWitnesses") or ()]


def _as_table(where: Deployment, properties: Properties, region: str) -> dict[str, Any]:
    """The table of one Region, in the properties of `AWS::DynamoDB::Table`."""
    replica = _replica(properties, region)
    table = {name: properties[name] for name in _SHARED if name in properties}
    table.update({name: replica[name] for name in _OF_REPLICA if name in replica})
    # The stream is the same for all replicas, save for its policy.
    own_stream = replica.get("ReplicaStreamSpecification")
    if own_stream:
        table["StreamSpecification"] = {**(table.get("StreamSpecification") or {}), **own_stream}
    encryption = {**(properties.get("SSESpecification") or {}), **(replica.get("SSESpecification") or {})}
    if encryption:
        table["SSESpecification"] = encryption
    table["GlobalSecondaryIndexes"] = [
        _index(properties, index) for index in properties.get("GlobalSecondaryIndexes") or ()
    ]
    if is_provisioned(properties):
        table["ProvisionedThroughput"] = _throughput(properties.get("WriteProvisionedThroughputSettings"))
    return table


def _replica(properties: Properties, region: str) -> Mapping[str, Any]:
    replica: Mapping[str, Any] | None = next(
        (entry for entry in properties["Replicas"] if entry.get("Region") == region), None
    )
    if replica is None:
        raise invalid(f"#/Replicas: no entry for {region}")
    extra = sorted(set(replica) - _REPLICA_MEMBERS)
    if extra:
        raise invalid(f"#/Replicas: extraneous key [{extra[0]}] is not permitted")
    return replica


def _regions(properties: Properties) -> set[str]:
    return {str(replica.get("Region")) for replica in properties["Replicas"]}


def _index(properties: Properties, index: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: index[name] for name in ("IndexName", "KeySchema", "Projection") if name in index}
    if is_provisioned(properties):
        plain["ProvisionedThroughput"] = _throughput(index.get("WriteProvisionedThroughputSettings"))
    return plain


def _throughput(write: Any) -> dict[str, int]:
    scaling = (write or {}).get("WriteCapacityAutoScalingSettings") or {}
    # Autoscaling starts at its least; throughput decides nothing here.
    units = int(scaling.get("SeedCapacity") or scaling.get("MinCapacity") or 1)
    return {"ReadCapacityUnits": units, "WriteCapacityUnits": units}


def _update(where: Deployment, name: str, old: Properties, new: Properties) -> Made | None:
    before, after = (_as_table(where, properties, where.region) for properties in (old, new))
    table = tables.TYPES[0]
    made = table.update(where, name, before, after)
    for region in sorted(_regions(old) - _regions(new)):
        _remove_replica(where, name, region)
    _add_replicas(where, name, new, sorted(_regions(new) - _regions(old)))
    for region in sorted((_regions(new) & _regions(old)) - {where.region}):
        before, after = (_as_table(where, properties, region) for properties in (old, new))
        if before != after:
            own = (*_BY_CALLS, "SSESpecification", "TableClass")
            _bring_replica(replace(where, region=region), name, before, after, own)
    return made


def _remove_replica(where: Deployment, name: str, region: str) -> None:
    updates = [{"Delete": {"RegionName": region}}]
    _take_apart(where, name, ReplicaUpdates=updates)


def _take_apart(where: Deployment, name: str, **updates: Any) -> None:
    """Remove replicas of a table that may be gone already, or were never made."""
    never_made = ("were not part of the global table",)
    try:
        replace(where, is_going_back=True).change(
            "dynamodb", "UpdateTable", never_made, TableName=name, **updates
        )
    except ServiceError as error:
        if error.code not in GONE:
            raise


def _delete(where: Deployment, name: str, properties: Properties) -> None:
    regions, witnesses = _elsewhere(where, name)
    if witnesses or is_strong(properties):
        _dissolve(where, name, regions, witnesses)
    else:
        for region in regions:
            _remove_replica(where, name, region)
    tables.delete_table(where, name, properties)


def _elsewhere(where: Deployment, name: str) -> tuple[list[str], list[str]]:
    """The Regions of a table's replicas and witnesses, as far as they were made."""
    try:
        table = where.call("dynamodb", "DescribeTable", TableName=name)["Table"]
    except ServiceError as error:
        if error.code in GONE:
            return [], []
        raise
    regions, witnesses = (
        sorted(str(entry["RegionName"]) for entry in table.get(member) or ())
        for member in ("Replicas", "GlobalTableWitnesses")
    )
    return [region for region in regions if region != where.region], witnesses


def _dissolve(where: Deployment, name: str, regions: list[str], witnesses: list[str]) -> None:
    if not regions:
        return
    gone = [[{"Delete": {"RegionName": region}} for region in group] for group in (regions, witnesses)]
    _take_apart(where, name, ReplicaUpdates=gone[0] or None, GlobalTableWitnessUpdates=gone[1] or None)


TYPES = (
    ResourceType(
        "AWS::DynamoDB::GlobalTable",
        _create,
        _update,
        _delete,
        properties=frozenset(
            {
                *_SHARED,
                "GlobalSecondaryIndexes",
                "GlobalTableWitnesses",
                "MultiRegionConsistency",
                "Replicas",
                "SSESpecification",
                "WriteOnDemandThroughputSettings",
                "WriteProvisionedThroughputSettings",
                "ReadOnDemandThroughputSettings",
                "ReadProvisionedThroughputSettings",
            }
        ),
        required=frozenset({"Replicas", "KeySchema"}),
        replaces=frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"}),
        attributes=frozenset({"Arn", "StreamArn", "TableId"}),
        check=check_global_table,
    ),
)
