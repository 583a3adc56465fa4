"""`AWS::DynamoDB::GlobalTable`, which CDK's `TableV2` makes: a table here, and its replicas elsewhere.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.backends.moto.stacks import tables
from pytest_kmslab.backends.moto.stacks.properties import Properties, invalid
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType

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
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "TableClass",
    "Tags",
)
_REPLICA_MEMBERS = frozenset(
    {
        *_OF_REPLICA,
        "GlobalSecondaryIndexes",
        "GlobalTableSettingsReplicationMode",
        "KinesisStreamSpecification",
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
        for region in sorted(_regions(properties) - {where.region}):
            _add_replica(where, made.physical_id, properties, region)


def _add_replica(where: Deployment, name: str, properties: Properties, region: str) -> None:
    # A replica in another Region. moto decides nothing by it and makes none: nobody gets in there.
    there = _as_table(where, properties, region)
    create = {
        "RegionName": region,
        "KMSMasterKeyId": (there.get("SSESpecification") or {}).get("KMSMasterKeyId"),
        "TableClassOverride": there.get("TableClass"),
    }
    members = {name: value for name, value in create.items() if value is not None}
    where.call("dynamodb", "UpdateTable", TableName=name, ReplicaUpdates=[{"Create": members}])


def _as_table(where: Deployment, properties: Properties, region: str) -> dict[str, Any]:
    """The table of one Region, in the properties of `AWS::DynamoDB::Table`."""
    replica = _replica(properties, region)
    table = {name: properties[name] for name in _SHARED if name in properties}
    table.update({name: replica[name] for name in _OF_REPLICA if name in replica})
    encryption = {**(properties.get("SSESpecification") or {}), **(replica.get("SSESpecification") or {})}
    if encryption:
        table["SSESpecification"] = encryption
    table["GlobalSecondaryIndexes"] = [
        _index(properties, index) for index in properties.get("GlobalSecondaryIndexes") or ()
    ]
    if _is_provisioned(properties):
        table["ProvisionedThroughput"] = _throughput(properties.get("WriteProvisionedThroughputSettings"))
    return table


def _replica(properties: Properties, region: str) -> Mapping[str, Any]:
    replica: Mapping[str, Any] | None = next(
        (entry for entry in properties["Replicas"] if entry.get("Region") == region), None
    )
    if replica is None:
        raise invalid(f"#/Replicas: the Region of the stack, {region}, must be one of the replicas")
    extra = sorted(set(replica) - _REPLICA_MEMBERS)
    if extra:
        raise invalid(f"#/Replicas: extraneous key [{extra[0]}] is not permitted")
    return replica


def _regions(properties: Properties) -> set[str]:
    return {str(replica.get("Region")) for replica in properties["Replicas"]}


def _index(properties: Properties, index: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: index[name] for name in ("IndexName", "KeySchema", "Projection") if name in index}
    if _is_provisioned(properties):
        plain["ProvisionedThroughput"] = _throughput(index.get("WriteProvisionedThroughputSettings"))
    return plain


def _is_provisioned(properties: Properties) -> bool:
    return properties.get("BillingMode") != "PAY_PER_REQUEST"


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
    for region in sorted(_regions(new) - _regions(old)):
        _add_replica(where, name, new, region)
    for region in sorted((_regions(new) & _regions(old)) - {where.region}):
        # What cannot be brought to a replica elsewhere is refused, not dropped.
        if _replica(old, region) != _replica(new, region):
            raise invalid(
                f"#/Replicas: pytest-kmslab does not change a replica in place ({region}): remove it in one "
                "update and add it in the next"
            )
    return made


def _remove_replica(where: Deployment, name: str, region: str) -> None:
    updates = [{"Delete": {"RegionName": region}}]
    where.delete("dynamodb", "UpdateTable", TableName=name, ReplicaUpdates=updates)


def _delete(where: Deployment, name: str, properties: Properties) -> None:
    for region in sorted(_regions(properties) - {where.region}):
        _remove_replica(where, name, region)
    tables.delete_table(where, name, properties)


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
    ),
)
