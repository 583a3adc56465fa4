"""What DynamoDB refuses of a table that is to be made, and the neighbours that it takes.

The texts are AWS's: see pytest_kmslab/calls/rules/new_tables.py.
"""

from __future__ import annotations

import pytest
from helpers.authorizations import asked
from helpers.fake_account import REGION, FakeAccount, call
from helpers.tables import (
    ARN,
    NO_UNITS,
    PROVISIONED,
    UNITS,
    P,
    Params,
    defined,
    index,
    indexed,
    key,
    keys,
    projected,
    table,
)

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.wire.constraints import check_constraints

MANY = [index(f"ix{number}") for number in range(21)]
SPREAD = [
    index(
        f"ix{number}",
        Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"{number}-{n}" for n in range(20)]},
    )
    for number in range(6)
]
FIRST = "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
UNDEFINED = "Invalid KeySchema: Some index key attribute have no definition"

KEYLESS = {name: value for name, value in table().items() if name != "KeySchema"}

REFUSED: dict[str, tuple[Params, str]] = {
    "no keys": (
        KEYLESS,
        "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: "
        "Member must not be null",
    ),
    "range key first": (table("id", "r", KeySchema=[key("r", "RANGE"), key("id", "HASH")]), FIRST),
    "range key only": (table(KeySchema=[key("id", "RANGE")]), FIRST),
    "two partition keys": (
        table("id", "r", KeySchema=[key("id", "HASH"), key("r", "HASH")]),
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
    ),
    "one attribute for both keys": (
        table(extra=("x",), KeySchema=[key("id", "HASH"), key("id", "HASH")]),
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
    ),
    "one attribute for both keys, and no other": (table(KeySchema=keys("id", "id")), UNDEFINED),
    "a range key that is not defined": (table(KeySchema=keys("id", "r")), UNDEFINED),
    "no attribute is defined": (table(AttributeDefinitions=[]), UNDEFINED),
    "three keys": (
        table("id", "r", KeySchema=[*keys("id", "r"), key("x", "RANGE")]),
        "1 validation error detected: Value '[KeySchemaElement(attributeName=id, keyType=HASH), "
        "KeySchemaElement(attributeName=r, keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]'"
        " at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
    ),
    **{
        f"no index in {member}": (table(**{member: []}), f"{P}List of {member} is empty")
        for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    },
    "attribute defined twice": (table(extra=("id",)), "Attribute Name is duplicated: id"),
    "attribute of no key": (
        table(extra=("x",)),
        f"{P}Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions",
    ),
    "attribute of no key, with an index": (
        indexed(index(), AttributeDefinitions=defined("r", "x", "id", "a")),
        f"{P}Some AttributeDefinitions are not used. AttributeDefinitions: [r, x, id, a], "
        "keys used: [id, r, a]",
    ),
    "key that is not defined": (
        table(AttributeDefinitions=defined("other")),
        f"{P}Some index key attributes are not defined in AttributeDefinitions. Keys: [id], "
        "AttributeDefinitions: [other]",
    ),
    "key of another case": (
        table(AttributeDefinitions=defined("ID")),
        f"{P}Some index key attributes are not defined in AttributeDefinitions. Keys: [id], "
        "AttributeDefinitions: [ID]",
    ),
    "key of a local index that is not defined": (
        indexed(index("lx1", "id", "l"), local=True, AttributeDefinitions=defined("id", "r")),
        f"{P}Some index key attributes are not defined in AttributeDefinitions. Keys: [l], "
        "AttributeDefinitions: [id, r]",
    ),
    "no global indexes": (table(GlobalSecondaryIndexes=[]), f"{P}List of GlobalSecondaryIndexes is empty"),
    "no local indexes": (
        table("id", "r", LocalSecondaryIndexes=[]),
        f"{P}List of LocalSecondaryIndexes is empty",
    ),
    "21 global indexes": (indexed(*MANY), f"{P}GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    "6 local indexes": (
        indexed(*(index(f"lx{n}", "id", f"l{n}") for n in range(6)), local=True),
        f"{P}Number of LocalSecondaryIndexes exceeds per-table limit of 5",
    ),
    "index named twice": (indexed(index("dup"), index("dup")), f"{P}Duplicate index name: dup"),
    "global and local index of one name": (
        indexed(index("dup", "id", "l"), local=True)
        | {"GlobalSecondaryIndexes": [index("dup")], "AttributeDefinitions": defined("id", "r", "l", "a")},
        f"{P}Duplicate index name: dup",
    ),
    "range key first in an index": (
        indexed(index(KeySchema=[key("b", "RANGE"), key("a", "HASH")])),
        FIRST,
    ),
    "hash key after a range key": (
        indexed(index(KeySchema=[key("a", "HASH"), key("b", "RANGE"), key("c", "HASH")])),
        f"{P}All HASH key attributes must precede RANGE key attributes in the KeySchema",
    ),
    "5 hash keys": (
        indexed(index(KeySchema=[key(name, "HASH") for name in "abcde"])),
        f"{P}The KeySchema exceeds the maximum allowed number of HASH key attributes",
    ),
    "INCLUDE of nothing": (
        projected(ProjectionType="INCLUDE"),
        f"{P}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    "ALL of some": (
        projected(ProjectionType="ALL", NonKeyAttributes=["x"]),
        f"{P}ProjectionType is ALL, but NonKeyAttributes is specified",
    ),
    "KEYS_ONLY of some": (
        projected(ProjectionType="KEYS_ONLY", NonKeyAttributes=["x"]),
        f"{P}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
    ),
    "INCLUDE of one twice": (
        projected(ProjectionType="INCLUDE", NonKeyAttributes=["x", "x"]),
        f"{P}Duplicate element in NonKeyAttributes: x",
    ),
    "projection of no type": (projected(), f"{P}Unknown ProjectionType: null"),
    "120 projected attributes": (
        indexed(*SPREAD),
        f"{P}Number of projected attributes in all indexes exceeds limit of 100, "
        "number of projected attributes:120",
    ),
    "local index without a range key in the table": (
        table(LocalSecondaryIndexes=[index("lx1", "id", "l")], extra=("l",)),
        f"{P}Table KeySchema does not have a range key, which is required when specifying "
        "a LocalSecondaryIndex",
    ),
    "local index without a range key": (
        indexed(index("lx1", "id"), local=True),
        f"{P}Index KeySchema does not have a range key for index: lx1",
    ),
    "local index of another partition key": (
        indexed(index("lx1", "a", "l"), local=True),
        f"{P}Index KeySchema does not have the same leading hash key as table KeySchema for index: lx1. "
        "index hash key: a, table hash key: id",
    ),
    "throughput by request": (table(ProvisionedThroughput=UNITS), NO_UNITS),
    "no throughput": (
        table(BillingMode="PROVISIONED"),
        f"{P}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    "throughput of an index by request": (
        indexed(index(ProvisionedThroughput=UNITS)),
        f"{P}ProvisionedThroughput should not be specified for index: ix1 when BillingMode is "
        "PAY_PER_REQUEST",
    ),
    "no throughput of an index": (
        indexed(index(), **PROVISIONED),
        f"{P}ProvisionedThroughput is not specified for index: ix1",
    ),
    "limits of a provisioned table": (
        table(**PROVISIONED, OnDemandThroughput={"MaxReadRequestUnits": 5}),
        f"{P}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is "
        "PROVISIONED",
    ),
    "cold": (
        table(WarmThroughput={"ReadUnitsPerSecond": 11_999, "WriteUnitsPerSecond": 3_999}),
        f"{P}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial "
        "throughput for OnDemand",
    ),
    "view of no stream": (
        table(StreamSpecification={"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}),
        f"{P}Table is being created with a stream disabled, UpdateViewType should not be specified",
    ),
    "stream without a view": (
        table(StreamSpecification={"StreamEnabled": True}),
        f"{P}Table is being created with a stream enabled, UpdateViewType is required",
    ),
    "another SSEType": (
        table(SSESpecification={"Enabled": True, "SSEType": "aes"}),
        f"{P}SSEType aes is not supported",
    ),
    "another SSEType by itself": (table(SSESpecification={"SSEType": "X"}), f"{P}SSEType X is not supported"),
    "colder than by request": (
        table(WarmThroughput={"ReadUnitsPerSecond": 11_999}),
        f"{P}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for "
        "OnDemand",
    ),
    "an index colder than its units": (
        indexed(index(ProvisionedThroughput=UNITS, WarmThroughput={"WriteUnitsPerSecond": 1}), **PROVISIONED),
        f"{P}Requested WriteUnitsPerSecond for WarmThroughput for index ix1 is lower than WriteCapacityUnits "
        "of ProvisionedThroughput",
    ),
    "5 range keys": (
        indexed(index(KeySchema=[key("a", "HASH"), *(key(name, "RANGE") for name in "bcdef")])),
        f"{P}The KeySchema exceeds the maximum allowed number of RANGE key attributes",
    ),
    "one attribute for both keys of an index": (
        indexed(index("ix1", "a", "a")),
        "The KeySchema contains multiple key attributes with the same name",
    ),
    "one attribute for both keys of a local index": (
        indexed(index("lx1", "id", "id"), local=True, AttributeDefinitions=defined("id", "r")),
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
    ),
    "range key first in a local index": (
        indexed(index("lx1", KeySchema=[key("id", "RANGE"), key("l", "HASH")]), local=True),
        FIRST,
    ),
    "a bad projection of a local index": (
        indexed(index("lx1", "id", "l", Projection={"ProjectionType": "INCLUDE"}), local=True),
        f"{P}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
    ),
    "no throughput, and no word of it": (
        {name: value for name, value in table().items() if name != "BillingMode"},
        f"{P}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    ),
    **{
        f"no limit by {unit}": (
            table(OnDemandThroughput={"MaxReadRequestUnits": 1, unit: number}),
            f"{P}Requested {unit} for OnDemandThroughput for table is outside of valid range",
        )
        for unit, number in (("MaxReadRequestUnits", 0), ("MaxWriteRequestUnits", -1))
    },
    "no limit of an index": (
        indexed(index(OnDemandThroughput={"MaxWriteRequestUnits": 0})),
        f"{P}Requested MaxWriteRequestUnits for OnDemandThroughput for index : ix1 is outside of valid range",
    ),
    "limits of an index of a provisioned table": (
        indexed(
            index(ProvisionedThroughput=UNITS, OnDemandThroughput={"MaxWriteRequestUnits": 5}), **PROVISIONED
        ),
        f"{P}MaxWriteRequestUnits for OnDemandThroughput for index: ix1 cannot be specified when table "
        "BillingMode is PROVISIONED",
    ),
    "writes colder than by request": (
        table(WarmThroughput={"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 3_999}),
        f"{P}Requested WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for "
        "OnDemand",
    ),
    "an index colder than by request": (
        indexed(index(WarmThroughput={"ReadUnitsPerSecond": 11_999})),
        f"{P}Requested ReadUnitsPerSecond for WarmThroughput for index ix1 is lower than initial throughput "
        "for OnDemand",
    ),
    "colder than its units": (
        table(**PROVISIONED, WarmThroughput={"ReadUnitsPerSecond": 4}),
        f"{P}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of "
        "ProvisionedThroughput",
    ),
    "a reserved tag": (
        table(Tags=[{"Key": "aws:foo", "Value": "x"}]),
        "Tag Key cannot be prefixed with aws:, Key: aws:foo",
    ),
    "51 tags": (
        table(Tags=[{"Key": f"k{n}", "Value": "x"} for n in range(51)]),
        "Number of Tags exceed the current limit for the provided ResourceArn",
    ),
    "another Region's ARN": (
        table(TableName=ARN.replace(REGION, "eu-west-1")),
        f"1 validation error detected: Invalid AWS region in '{ARN.replace(REGION, 'eu-west-1')}'",
    ),
}


def check(params: Params) -> None:
    check_constraints(call("dynamodb", "CreateTable", params))
    asked("CreateTable", params, FakeAccount())


@pytest.mark.parametrize(("params", "text"), REFUSED.values(), ids=REFUSED)
def test_no_such_table_is_made(params: Params, text: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check(params)
    assert str(refused.value) == f"ValidationException: {text}"


TAKEN: dict[str, Params] = {
    "definitions in another order": table("id", "r", AttributeDefinitions=defined("r", "id")),
    "20 global indexes": indexed(*MANY[:20]),
    "5 local indexes": indexed(*(index(f"lx{n}", "id", f"l{n}") for n in range(5)), local=True),
    "local index by the table's own range key": indexed(index("lx1", "id", "r"), local=True),
    "global index by the table's own keys": indexed(index("ix1", "id", "r")),
    "100 projected attributes": indexed(*SPREAD[:5]),
    "INCLUDE of a key": projected(ProjectionType="INCLUDE", NonKeyAttributes=["id"]),
    "KEYS_ONLY": projected(ProjectionType="KEYS_ONLY"),
    "provisioned": indexed(index(ProvisionedThroughput=UNITS), **PROVISIONED),
    "provisioned without a word": table(**PROVISIONED) | {"BillingMode": "PROVISIONED"},
    "limits by request": table(OnDemandThroughput={"MaxReadRequestUnits": 5}),
    "warm": table(WarmThroughput={"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}),
    "stream": table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
    "no stream": table(StreamSpecification={"StreamEnabled": False}),
    "no tags": table(Tags=[]),
    "50 tags": table(Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)]),
    "tags of any script": table(Tags=[{"Key": "ключ а+-=._:/@", "Value": "表"}]),
    "its own ARN": table(TableName=ARN),
    "4 keys of a kind": indexed(
        index(KeySchema=[*(key(n, "HASH") for n in "abcd"), *(key(n, "RANGE") for n in "efgh")])
    ),
    "as warm as its units": table(
        **PROVISIONED, WarmThroughput={"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 5}
    ),
    "an index as warm as by request": indexed(
        index(WarmThroughput={"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000})
    ),
    "limits of an index by request": indexed(index(OnDemandThroughput={"MaxWriteRequestUnits": 1})),
}


@pytest.mark.parametrize("params", TAKEN.values(), ids=TAKEN)
def test_such_a_table_is_made(params: Params) -> None:
    check(params)
