"""What the handler of `AWS::DynamoDB::Table` refuses of a template before it makes anything.

It answers some mistakes otherwise than DynamoDB's API does. Each text is a rule pf-dynamodb-… of
badmintoncryer/cdk-preflight, measured on AWS in September 2026.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.stacks.properties import Properties, truth
from pytest_kmslab.backends.moto.stacks.resource import Deployment
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.new_tables import is_on_demand
from pytest_kmslab.calls.rules.throughput import limits_of

_CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")
_UNITS = "Property ProvisionedThroughput"

Rule = Callable[[Properties], Iterator[str]]


def check_table(where: Deployment, properties: Properties) -> None:
    """Raise the first thing that the handler refuses of a table."""
    for rule in _RULES:
        for text in rule(properties):
            raise ServiceError("InvalidRequest", text)
    stream = (properties.get("KinesisStreamSpecification") or {}).get("StreamArn")
    if stream and parts_of(str(stream)).region != where.region:
        # pf-dynamodb-kinesis-stream-region: DynamoDB takes it, and never streams.
        text = "Resource of type 'AWS::DynamoDB::Table' did not stabilize."
        raise ServiceError("NotStabilized", text)


def attribute_faults(properties: Properties) -> Iterator[str]:
    """What is wrong with the AttributeDefinitions, in a table and in a global table alike."""
    # pf-dynamodb-duplicate-attribute-definitions, …-lsi-attribute-definitions, …-global-table-…
    defined = [entry.get("AttributeName") for entry in properties.get("AttributeDefinitions") or ()]
    if len(defined) > len(set(defined)):
        yield "An attribute appears more than once in AttributeDefinitions"
    schemas = [properties, *_global(properties), *(properties.get("LocalSecondaryIndexes") or ())]
    keys = [key.get("AttributeName") for schema in schemas for key in schema.get("KeySchema") or ()]
    if any(key not in defined for key in keys):
        yield "An attribute referenced in a KeySchema element is not defined in AttributeDefinitions"


def recovery_faults(properties: Properties) -> Iterator[str]:
    """What is wrong with the point-in-time recovery of a table or of a replica."""
    # pf-dynamodb-pitr-recovery-period.
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    if "RecoveryPeriodInDays" in recovery and not truth(recovery.get("PointInTimeRecoveryEnabled", False)):
        yield "Cannot set RecoveryPeriodInDays property when PointInTimeRecoveryEnabled is false"


def _index_names(properties: Properties) -> Iterator[str]:
    # pf-dynamodb-duplicate-index-name.
    indexes = (*_global(properties), *(properties.get("LocalSecondaryIndexes") or ()))
    names = [index.get("IndexName") for index in indexes]
    twice = [name for at, name in enumerate(names) if name in names[:at]]
    if twice:
        yield f"One or more parameter values were invalid: Duplicate index name: {twice[0]}"


def _throughput(properties: Properties) -> Iterator[str]:
    # pf-dynamodb-billing-throughput, …-gsi-billing-throughput.
    units = [entry.get("ProvisionedThroughput") for entry in (properties, *_global(properties))]
    if is_on_demand(properties) and any(units):
        yield f"{_UNITS} can't be used with PAY_PER_REQUEST BillingMode."
    if not is_on_demand(properties) and not all(units):
        yield f"{_UNITS} cannot be empty"


def _on_demand(properties: Properties) -> Iterator[str]:
    # pf-dynamodb-ondemand-throughput-billing.
    if is_on_demand(properties):
        return
    for entry in (properties, *_global(properties)):
        for unit in limits_of(entry):
            yield f"Property {unit} for OnDemandThroughput can't be used with PROVISIONED BillingMode."


def class_faults(properties: Properties) -> Iterator[str]:
    """What is wrong with the class of a table or of a replica."""
    # pf-dynamodb-table-class.
    if properties.get("TableClass", "STANDARD") not in _CLASSES:
        yield f"The only valid values for TableClass are {' and '.join(_CLASSES)}"


def _table_class(properties: Properties) -> Iterator[str]:
    yield from (f"Invalid request provided: {text}" for text in class_faults(properties))


def _global(properties: Properties) -> Sequence[Mapping[str, Any]]:
    return properties.get("GlobalSecondaryIndexes") or ()


_RULES: Sequence[Rule] = (
    attribute_faults,
    _index_names,
    _throughput,
    _on_demand,
    _table_class,
    recovery_faults,
)
"""Which of several is told first is not known."""
