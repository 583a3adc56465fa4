"""What DynamoDB refuses of a table that is to be made: its keys, indexes, capacity and stream.

Texts are AWS's: ACK-nnn is finding DDB-TABLE-nnn of aws-controllers-k8s/dynamodb-controller, pf-… a rule of
badmintoncryer/cdk-preflight, both measured on AWS in autumn 2026. Which of several mistakes is told first is
known of attribute definitions (before those of indexes, ACK-127; too few of them before all others, CONF and
dynalite) and of one attribute for both keys (before their kinds, dynalite).
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.api_call import Params, ServiceError
from pytest_kmslab.calls.rules.throughput import ON_DEMAND_WARM, limits_of, out_of_range
from pytest_kmslab.calls.validation_messages import invalid, refused

MOST_GLOBAL_INDEXES = 20
MOST_LOCAL_INDEXES = 5
MOST_PROJECTED = 100
"""Attributes that all INCLUDE projections name together (pf-dynamodb-projection-nonkey-total)."""
MOST_KEYS_OF_A_KIND = 4
"""HASH and RANGE attributes of a global index, each (ACK-123)."""
_PROVISIONED_UNITS = {"ReadUnitsPerSecond": "ReadCapacityUnits", "WriteUnitsPerSecond": "WriteCapacityUnits"}

UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")

Refusals = Iterator[ServiceError]
Index = Mapping[str, Any]


def check_new_table(params: Params) -> None:
    """Raise the first thing that DynamoDB refuses of a table to be made.

    `params` are held to DynamoDB's model already: without a KeySchema there is nothing to look at.
    """
    if "KeySchema" not in params:
        return
    for rule in _RULES:
        for refusal in rule(params):
            raise refusal


def _key_schema(params: Params) -> Refusals:
    # ACK-042, 124; pf-dynamodb-key-schema-shape; nubo-db/dynamodb-conformance, error-messages/createTable.
    if len(params["KeySchema"]) > len(params.get("AttributeDefinitions") or ()):
        yield invalid("Invalid KeySchema: Some index key attribute have no definition")
    yield from _order_of_keys(params["KeySchema"])


def _order_of_keys(schema: Sequence[Mapping[str, str]]) -> Refusals:
    kinds = [key["KeyType"] for key in schema]
    if len(kinds) == 2 and len(set(_names(schema))) == 1:
        yield invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    if kinds[:1] != ["HASH"]:
        yield invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(kinds) > 1 and kinds[1] != "RANGE":
        yield invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")


def _definitions(params: Params) -> Refusals:
    # ACK-042, 127; pf-dynamodb-attribute-definitions-usage, …-duplicate-attribute-definitions.
    defined = _names(params.get("AttributeDefinitions") or ())
    for name in _twice(defined):
        yield invalid(f"Attribute Name is duplicated: {name}")
    indexes = [*_global(params), *_local(params)]
    used = dict.fromkeys(
        name for schema in (params, *indexes) for name in _names(schema.get("KeySchema") or ())
    )
    missing = [name for name in used if name not in defined]
    if missing:
        text = "Some index key attributes are not defined in AttributeDefinitions."
        yield refused(f"{text} Keys: {_shown(missing)}, AttributeDefinitions: {_shown(defined)}")
    if len(defined) > len(used) and indexes:
        text = f"Some AttributeDefinitions are not used. AttributeDefinitions: {_shown(defined)}"
        yield refused(f"{text}, keys used: {_shown(used)}")
    if len(defined) > len(used):
        yield refused(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )


def _number_of_indexes(params: Params) -> Refusals:
    # ACK-043, 129; pf-dynamodb-gsi-count, …-lsi-count, …-duplicate-index-name.
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if params.get(member) == []:
            yield refused(f"List of {member} is empty")
    if len(_global(params)) > MOST_GLOBAL_INDEXES:
        yield refused(f"GlobalSecondaryIndex count exceeds the per-table limit of {MOST_GLOBAL_INDEXES}")
    if len(_local(params)) > MOST_LOCAL_INDEXES:
        yield refused(f"Number of LocalSecondaryIndexes exceeds per-table limit of {MOST_LOCAL_INDEXES}")
    for name in _twice([index["IndexName"] for index in (*_global(params), *_local(params))]):
        yield refused(f"Duplicate index name: {name}")


def _global_keys(params: Params) -> Refusals:
    for index in _global(params):
        yield from global_index_keys(index["KeySchema"])


def global_index_keys(schema: Sequence[Mapping[str, str]]) -> Refusals:
    """What is wrong with the keys of a global index."""
    # It may have several HASH and several RANGE keys (ACK-123, 124).
    kinds = [key["KeyType"] for key in schema]
    if kinds[:1] != ["HASH"]:
        yield invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if kinds != sorted(kinds):
        yield refused("All HASH key attributes must precede RANGE key attributes in the KeySchema")
    for kind in ("HASH", "RANGE"):
        if kinds.count(kind) > MOST_KEYS_OF_A_KIND:
            yield refused(f"The KeySchema exceeds the maximum allowed number of {kind} key attributes")
    for _ in _twice(_names(schema)):
        yield invalid("The KeySchema contains multiple key attributes with the same name")


def _local_keys(params: Params) -> Refusals:
    # ACK-129; pf-dynamodb-lsi-shape.
    table = params["KeySchema"]
    if _local(params) and len(table) < 2:
        yield refused(
            "Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex"
        )
    for index in _local(params):
        keys, name = _names(index["KeySchema"]), index["IndexName"]
        if len(keys) < 2:
            yield refused(f"Index KeySchema does not have a range key for index: {name}")
        if keys[0] != table[0]["AttributeName"]:
            yield refused(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                f"{name}. index hash key: {keys[0]}, table hash key: {table[0]['AttributeName']}"
            )
        yield from _order_of_keys(index["KeySchema"])


def _projections(params: Params) -> Refusals:
    # ACK-126; pf-dynamodb-gsi-projection-nonkey, …-projection-nonkey-total.
    projected = 0
    for index in (*_global(params), *_local(params)):
        yield from projection(index.get("Projection") or {})
        projected += len((index.get("Projection") or {}).get("NonKeyAttributes") or ())
    if projected > MOST_PROJECTED:
        yield refused(
            f"Number of projected attributes in all indexes exceeds limit of {MOST_PROJECTED}, number of "
            f"projected attributes:{projected}"
        )


def projection(shape: Mapping[str, Any]) -> Refusals:
    """What is wrong with the Projection of an index."""
    kind, attributes = shape.get("ProjectionType"), shape.get("NonKeyAttributes")
    if kind is None:
        yield refused("Unknown ProjectionType: null")
    if kind == "INCLUDE" and attributes is None:
        yield refused("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and attributes is not None:
        yield refused(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    for name in _twice(attributes or ()):
        yield refused(f"Duplicate element in NonKeyAttributes: {name}")


def _capacity(params: Params) -> Refusals:
    # ACK-024, 038, 128; pf-dynamodb-billing-throughput, …-gsi-billing-throughput.
    on_demand = is_on_demand(params)
    if on_demand and params.get("ProvisionedThroughput"):
        yield refused(NO_UNITS_ON_DEMAND)
    if not on_demand and not params.get("ProvisionedThroughput"):
        yield refused(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    for index in _global(params):
        name, throughput = index["IndexName"], index.get("ProvisionedThroughput")
        if on_demand and throughput:
            text = f"ProvisionedThroughput should not be specified for index: {name}"
            yield refused(f"{text} when BillingMode is PAY_PER_REQUEST")
        if not on_demand and not throughput:
            yield refused(f"ProvisionedThroughput is not specified for index: {name}")


def _on_demand_limits(params: Params) -> Refusals:
    # ACK-038, 039, 128; pf-dynamodb-ondemand-throughput-billing.
    if is_on_demand(params):
        yield from out_of_range(params, " for table", clears=False)
        for index in _global(params):
            yield from out_of_range(index, f" for index : {index['IndexName']}", clears=False)
        return
    for unit in limits_of(params):
        yield refused(
            f"{unit} for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED"
        )
    for index in _global(params):
        for unit in limits_of(index):
            text = f"{unit} for OnDemandThroughput for index: {index['IndexName']}"
            yield refused(f"{text} cannot be specified when table BillingMode is PROVISIONED")


def _warm(params: Params) -> Refusals:
    # pf-dynamodb-warm-throughput-minimum, ACK-128: the units for reading are told first.
    yield from _too_cold(params, is_on_demand(params), "table")
    for index in _global(params):
        yield from _too_cold(index, is_on_demand(params), f"index {index['IndexName']}")


def _too_cold(params: Mapping[str, Any], on_demand: bool, what: str) -> Refusals:
    provisioned = params.get("ProvisionedThroughput") or {}
    for unit, units in (params.get("WarmThroughput") or {}).items():
        capacity = _PROVISIONED_UNITS[unit]
        least = ON_DEMAND_WARM[unit] if on_demand else provisioned.get(capacity, 0)
        than = "initial throughput for OnDemand"
        if not on_demand:
            than = f"{capacity} of ProvisionedThroughput"
        if units < least:
            yield refused(f"Requested {unit} for WarmThroughput for {what} is lower than {than}")


def _stream(params: Params) -> Refusals:
    # ACK-035.
    specification = params.get("StreamSpecification") or {}
    enabled, view = specification.get("StreamEnabled"), specification.get("StreamViewType")
    if enabled is False and view:
        yield refused("Table is being created with a stream disabled, UpdateViewType should not be specified")
    if enabled and not view:
        yield refused("Table is being created with a stream enabled, UpdateViewType is required")


_RULES: Sequence[Callable[[Params], Refusals]] = (
    _key_schema,
    _definitions,
    _number_of_indexes,
    _global_keys,
    _local_keys,
    _projections,
    _capacity,
    _on_demand_limits,
    _warm,
    _stream,
)
"""In the order in which they are told."""

NO_UNITS_ON_DEMAND = (
    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
)


def is_on_demand(params: Mapping[str, Any]) -> bool:
    """Whether a table is to be billed by request."""
    # PROVISIONED is what a request means that does not say.
    return params.get("BillingMode") == "PAY_PER_REQUEST"


def _global(params: Params) -> Sequence[Index]:
    return params.get("GlobalSecondaryIndexes") or ()


def _local(params: Params) -> Sequence[Index]:
    return params.get("LocalSecondaryIndexes") or ()


def _names(elements: Sequence[Mapping[str, str]]) -> list[str]:
    return [element["AttributeName"] for element in elements]


def _twice(names: Sequence[str]) -> list[str]:
    return [name for at, name in enumerate(names) if name in names[:at]]


def _shown(names: Any) -> str:
    return f"[{', '.join(names)}]"
