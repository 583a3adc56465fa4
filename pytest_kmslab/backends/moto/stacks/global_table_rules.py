"""What the handler of `AWS::DynamoDB::GlobalTable` refuses of a template before it makes anything.

Texts are AWS's: each is a rule pf-dynamodb-global-table-… of badmintoncryer/cdk-preflight, measured on AWS in
September 2026.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.stacks.properties import Properties, truth
from pytest_kmslab.backends.moto.stacks.resource import Deployment
from pytest_kmslab.backends.moto.stacks.table_rules import attribute_faults, class_faults
from pytest_kmslab.calls.api_call import ServiceError

_WRITE, _READ = "WriteProvisionedThroughputSettings", "ReadProvisionedThroughputSettings"
_WRITE_ON_DEMAND, _READ_ON_DEMAND = "WriteOnDemandThroughputSettings", "ReadOnDemandThroughputSettings"
_BOTH_UNITS = ("ReadCapacityUnits", "ReadCapacityAutoScalingSettings")
_REGIONS_OF_STRONG = 3
"""Replicas and witnesses of a strongly consistent table, that of the stack's Region among them."""

Rule = Callable[[Properties, str], Iterator[str]]


def check_global_table(where: Deployment, properties: Properties) -> None:
    """Raise the first thing that the handler refuses in a stack of this Region."""
    for rule in _RULES:
        for text in rule(properties, where.region):
            raise ServiceError("InvalidRequest", f"Invalid request provided: {text}")


def is_provisioned(properties: Properties) -> bool:
    """Whether the tables are to have units of their own; that is what a template means that does not say."""
    return properties.get("BillingMode") != "PAY_PER_REQUEST"


def is_strong(properties: Properties) -> bool:
    """Whether what is written in one Region is read in all of them at once."""
    return properties.get("MultiRegionConsistency") == "STRONG"


def _replicas(properties: Properties) -> Sequence[Mapping[str, Any]]:
    return properties.get("Replicas") or ()


def _indexes(properties: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return properties.get("GlobalSecondaryIndexes") or ()


def _regions(properties: Properties, region: str) -> Iterator[str]:
    if region not in [replica.get("Region") for replica in _replicas(properties)]:
        yield "The Replicas section must contain an entry for the current region"


def _keys(properties: Properties, _region: str) -> Iterator[str]:
    named = ["KMSMasterKeyId" in (replica.get("SSESpecification") or {}) for replica in _replicas(properties)]
    if any(named) and not all(named):
        yield "Either all replicas have a KMS key id specified, or no one of them."


def _stream(properties: Properties, _region: str) -> Iterator[str]:
    if (
        len(_replicas(properties)) > 1
        and not is_strong(properties)
        and not properties.get("StreamSpecification")
    ):
        yield "You must specify StreamSpecification for a global table."


def _consistency(properties: Properties, _region: str) -> Iterator[str]:
    witness_regions = properties.get("GlobalTableWitnesses") or ()
    of = "for global tables with MultiRegionConsistency set to"
    if witness_regions and not is_strong(properties):
        yield f"Witnesses are not supported {of} EVENTUAL"
    if is_strong(properties) and len(_replicas(properties)) + len(witness_regions) != _REGIONS_OF_STRONG:
        yield f"Unsupported replica count {of} STRONG"
    life = properties.get("TimeToLiveSpecification") or {}
    if is_strong(properties) and truth(life.get("Enabled", False)):
        yield f"Time To Live is not supported {of} STRONG"


def _attributes(properties: Properties, _region: str) -> Iterator[str]:
    yield from attribute_faults(properties)


def _classes(properties: Properties, _region: str) -> Iterator[str]:
    for replica in _replicas(properties):
        yield from class_faults(replica)


def _index_names(properties: Properties, _region: str) -> Iterator[str]:
    there = {index.get("IndexName") for index in _indexes(properties)}
    named = [str(index.get("IndexName")) for replica in _replicas(properties) for index in _indexes(replica)]
    strangers = [name for name in dict.fromkeys(named) if name not in there]
    if strangers:
        shown = ", ".join(strangers)
        yield f"IndexNames [{shown}] in ReplicaSpecification must refer to an existing index name"


def _provisioned(properties: Properties, _region: str) -> Iterator[str]:
    tables = [properties, *_indexes(properties)]
    of_replicas = [entry for replica in _replicas(properties) for entry in (replica, *_indexes(replica))]
    if not is_provisioned(properties):
        if any(_WRITE in entry or _READ in entry for entry in (*tables, *of_replicas)):
            yield (
                "Read or Write ProvisionedThroughputSettings cannot be used with PAY_PER_REQUEST BillingMode."
            )
        return
    if not all(_WRITE in entry for entry in tables):
        yield (
            "You must specify write AutoScale settings for the global table and each of its GSIs when "
            "BillingMode is Provisioned"
        )
    if any(_WRITE_ON_DEMAND in entry for entry in tables):
        yield "WriteOnDemandThroughputSettings cannot be specified for table when BillingMode is PROVISIONED"
    if any(all(member in (entry.get(_READ) or {}) for member in _BOTH_UNITS) for entry in of_replicas):
        yield (
            "You cannot specify both ReadCapacityUnits and ReadCapacityAutoScalingSettings at the same time "
            "for one replica or GSI."
        )
    if any(
        _READ in entry and not any(member in (entry[_READ] or {}) for member in _BOTH_UNITS)
        for entry in of_replicas
    ):
        # That one of them is needed is the rule's, what AWS says of it is not known.
        yield "You must specify either ReadCapacityUnits or ReadCapacityAutoScalingSettings."


def _read_settings(properties: Properties, _region: str) -> Iterator[str]:
    for settings, name in ((_READ_ON_DEMAND, "ReadOnDemandThroughput"), (_READ, "ReadProvisionedThroughput")):
        if settings in properties:
            yield (
                f"Table level {name} settings cannot be set when Global Table Settings Replication is not "
                "ENABLED. Please enable Global Table Settings Replication on a replica or remove table-level "
                f"{name} settings."
            )


def _kinesis(properties: Properties, _region: str) -> Iterator[str]:
    for replica in _replicas(properties):
        stream = (replica.get("KinesisStreamSpecification") or {}).get("StreamArn")
        if stream and parts_of(str(stream)).region != replica.get("Region"):
            yield (
                "To enable Kinesis Data Stream in DynamoDBTable, both the stream and table must be in the "
                "same region."
            )


_RULES: Sequence[Rule] = (
    _regions,
    _keys,
    _stream,
    _consistency,
    _attributes,
    _classes,
    _index_names,
    _provisioned,
    _read_settings,
    _kinesis,
)
"""Which of several is told first is not known."""
