"""`AWS::DynamoDB::Table`, made as the resource handlers of AWS make it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.backends.moto.stacks.properties import Properties, invalid, policy_text, truth
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType, deletion
from pytest_kmslab.backends.moto.stacks.table_rules import check_table, recovery_faults
from pytest_kmslab.calls.api_call import ServiceError

LONGEST_NAME = 255
_INDEX_MEMBERS = (
    "IndexName",
    "KeySchema",
    "Projection",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "WarmThroughput",
)


def create_table(where: Deployment, properties: Properties) -> Iterator[Made]:
    """Make a table, and then what CreateTable does not take."""
    name = where.named(properties, "TableName", LONGEST_NAME)
    if properties.get("ImportSourceSpecification"):
        yield from _import_table(where, name, properties)
        return
    as_they_are: dict[str, Any] = {member: properties.get(member) for member in _AS_THEY_ARE}
    table = where.call(
        "dynamodb",
        "CreateTable",
        TableName=name,
        **as_they_are,
        BillingMode=properties.get("BillingMode"),
        ProvisionedThroughput=properties.get("ProvisionedThroughput"),
        LocalSecondaryIndexes=properties.get("LocalSecondaryIndexes") or None,
        GlobalSecondaryIndexes=_new_indexes(properties) or None,
        StreamSpecification=_stream(properties),
        SSESpecification=_encryption(properties),
        ResourcePolicy=policy_of(properties),
        Tags=properties.get("Tags"),
    )["TableDescription"]
    yield _made(name, table)
    _set_extras(where, name, {}, properties)
    yield _with_stream(where, name, {}, properties) or _made(name, table)


def _import_table(where: Deployment, name: str, properties: Properties) -> Iterator[Made]:
    """Make a table of what lies in S3, and then what ImportTable does not take.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-importsourcespecification.html
    """
    if "LocalSecondaryIndexes" in properties:
        raise invalid("#: a table that is imported has no LocalSecondaryIndexes")
    taken = {member: properties[member] for member in _IMPORTED if member in properties}
    creation = {**taken, "TableName": name, "SSESpecification": _encryption(properties)}
    creation["GlobalSecondaryIndexes"] = _new_indexes(properties)
    parameters = {member: value for member, value in creation.items() if value}
    source = properties["ImportSourceSpecification"]
    started = where.call("dynamodb", "ImportTable", TableCreationParameters=parameters, **source)
    arn = started["ImportTableDescription"]["ImportArn"]
    # moto imports in a thread of its own, which CloudFormation waits for.
    dynamodb_backends[where.account][where.region].table_imports[arn].join()
    imported = where.call("dynamodb", "DescribeImport", ImportArn=arn)["ImportTableDescription"]
    if imported["ImportStatus"] != "COMPLETED":
        why = f"{imported.get('FailureCode')}: {imported.get('FailureMessage')}"
        raise ServiceError("InvalidRequest", f"The import into table {name} failed: {why}")
    made = Made(name, {"Arn": imported["TableArn"]})
    yield made
    yield bring(where, name, taken, properties) or made


_IMPORTED = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "SSESpecification",
)
"""What ImportTable takes; the rest is put afterwards."""

_AS_THEY_ARE = (
    "AttributeDefinitions",
    "KeySchema",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "TableClass",
    "WarmThroughput",
)


def _made(name: str, table: Mapping[str, Any]) -> Made:
    attributes = {"Arn": table["TableArn"]}
    if table.get("LatestStreamArn"):
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Made(name, attributes)


def _index(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: properties[name] for name in _INDEX_MEMBERS if name in properties}


def _new_indexes(properties: Properties) -> list[dict[str, Any]]:
    # As they are: that two have one name is for DynamoDB to tell.
    return [_index(index) for index in properties.get("GlobalSecondaryIndexes") or ()]


def _indexes(properties: Properties) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes") or ()}


def _stream(properties: Properties) -> dict[str, Any] | None:
    stream = properties.get("StreamSpecification")
    if not stream:
        return None
    return {"StreamEnabled": True, "StreamViewType": stream.get("StreamViewType")}


def _encryption(properties: Properties) -> dict[str, Any] | None:
    specification = properties.get("SSESpecification")
    if not specification:
        return None
    # A template says `SSEEnabled` where the API says `Enabled`.
    return {{"SSEEnabled": "Enabled"}.get(name, name): value for name, value in specification.items()}


def policy_of(properties: Properties) -> str | None:
    """The text of the resource-based policy in these properties."""
    return policy_text((properties.get("ResourcePolicy") or {}).get("PolicyDocument"))


def bring(where: Deployment, name: str, old: Properties, new: Properties) -> Made | None:
    """Bring a table that is there from one set of properties to another."""
    # One change a call: DynamoDB refuses several of them together.
    for change in (*_changes(old, new), *_index_changes(old, new)):
        _change(where, "UpdateTable", name, **change)
    arn = str(where.call("dynamodb", "DescribeTable", TableName=name)["Table"]["TableArn"])
    _set_policy(where, arn, policy_of(old), policy_of(new))
    where.set_tags("dynamodb", "Resource", old, new, ResourceArn=arn)
    _set_extras(where, name, old, new)
    return _with_stream(where, name, old, new)


_ALREADY_SO = (
    "TimeToLive is already",
    "Table has no stream to disable",
    "Table is already encrypted",
    "Attempting to create an index which already exists",
    "Requested resource not found: Index",
    "is not in a valid state to disable Kinesis",
    "is not in a valid state to enable Kinesis",
)
"""What DynamoDB says of a change that is there already."""


def _change(where: Deployment, operation: str, name: str, **change: Any) -> None:
    """Make one change of a table."""
    where.change("dynamodb", operation, _ALREADY_SO, TableName=name, **change)


def _changes(old: Properties, new: Properties) -> Iterator[dict[str, Any]]:
    billing = ("BillingMode", "ProvisionedThroughput", "OnDemandThroughput")
    if any(old.get(member) != new.get(member) for member in billing):
        yield {
            "BillingMode": new.get("BillingMode") or "PROVISIONED",
            "ProvisionedThroughput": new.get("ProvisionedThroughput"),
            "OnDemandThroughput": new.get("OnDemandThroughput"),
        }
    if _stream(old) != _stream(new):
        if _stream(old):
            yield {"StreamSpecification": {"StreamEnabled": False}}
        if _stream(new):
            yield {"StreamSpecification": _stream(new)}
    if _encryption(old) != _encryption(new):
        yield {"SSESpecification": _encryption(new) or {"Enabled": False}}
    for member, absent in (("TableClass", "STANDARD"), ("DeletionProtectionEnabled", False)):
        if old.get(member) != new.get(member):
            yield {member: new.get(member, absent)}


def _index_changes(old: Properties, new: Properties) -> Iterator[dict[str, Any]]:
    before, after = _indexes(old), _indexes(new)
    definitions = new.get("AttributeDefinitions")
    for name in (name for name in before if before[name] != after.get(name)):
        yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    for name in (name for name in after if after[name] != before.get(name)):
        create = {"GlobalSecondaryIndexUpdates": [{"Create": _index(after[name])}]}
        yield {**create, "AttributeDefinitions": definitions}


def _set_extras(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    """What has an operation of its own: backups, time to live, insights, Kinesis."""
    for text in recovery_faults(new):
        raise ServiceError("InvalidRequest", text)
    recovery, before = (template.get("PointInTimeRecoverySpecification") for template in (new, old))
    if recovery != before:
        specification = recovery or {"PointInTimeRecoveryEnabled": False}
        where.call(
            "dynamodb",
            "UpdateContinuousBackups",
            TableName=name,
            PointInTimeRecoverySpecification=specification,
        )
    _set_time_to_live(where, name, old, new)
    _set_insights(where, name, old, new)
    _set_kinesis(where, name, old, new)


def _set_time_to_live(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    life, before = (template.get("TimeToLiveSpecification") or {} for template in (new, old))
    is_on = [truth(specification.get("Enabled", False)) for specification in (life, before)]
    if life == before or not any(is_on) or not (life or before.get("AttributeName")):
        # DynamoDB refuses to turn off what is off, or never was on.
        return
    if life and not life.get("AttributeName"):
        # pf-dynamodb-ttl-attribute-required.
        raise ServiceError(
            "InvalidRequest",
            "Invalid request provided: AttributeName property of TimeToLiveSpecification is required when "
            "TTL status is enabled or when enabling TTL.",
        )
    specification = life or {**before, "Enabled": False}
    try:
        _change(where, "UpdateTimeToLive", name, TimeToLiveSpecification=specification)
    except ServiceError as error:
        # It is so already: a rollback of an update that did not come so far.
        if not error.message.startswith("TimeToLive is already"):
            raise


def _set_insights(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    before, after = _indexes(old), _indexes(new)
    _set_insight(where, name, old, new)
    for index, properties in after.items():
        _set_insight(where, name, before.get(index, {}), properties, IndexName=index)


def _set_insight(where: Deployment, name: str, old: Properties, new: Properties, **index: str) -> None:
    insights, before = (template.get("ContributorInsightsSpecification") or {} for template in (new, old))
    is_on, was_on = (truth(specification.get("Enabled", False)) for specification in (insights, before))
    if (is_on, insights.get("Mode")) != (was_on, before.get("Mode")) and (is_on or was_on):
        where.call(
            "dynamodb",
            "UpdateContributorInsights",
            TableName=name,
            ContributorInsightsAction="ENABLE" if is_on else "DISABLE",
            ContributorInsightsMode=insights.get("Mode") if is_on else None,
            **index,
        )


def _set_kinesis(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    kinesis, before = (template.get("KinesisStreamSpecification") or {} for template in (new, old))
    if kinesis == before:
        return
    # Also for another precision: AWS's handler has that as an update in place, and nothing is streamed here.
    if before:
        stream = before.get("StreamArn")
        _change(where, "DisableKinesisStreamingDestination", name, StreamArn=stream)
    if kinesis:
        precision = {name: value for name, value in kinesis.items() if name != "StreamArn"}
        _change(
            where,
            "EnableKinesisStreamingDestination",
            name,
            StreamArn=kinesis.get("StreamArn"),
            EnableKinesisStreamingConfiguration=precision or None,
        )


def _with_stream(where: Deployment, name: str, old: Properties, new: Properties) -> Made | None:
    """The table with the ARN of its stream, whose policy and tags are put where the template has them."""
    if not new.get("StreamSpecification") and not old.get("StreamSpecification"):
        return None
    made = _made(name, where.call("dynamodb", "DescribeTable", TableName=name)["Table"])
    before, after = (_stream_policy(template) for template in (old, new))
    # Another stream than before has no policy and no tags yet.
    is_new = _stream(old) != _stream(new)
    arn = made.attributes.get("StreamArn", "")
    _set_policy(where, arn, None if is_new else before, after)
    if _stream(new):
        _tag_stream(where, arn, {} if is_new else old, new)
    return made


def _tag_stream(where: Deployment, arn: str, old: Properties, new: Properties) -> None:
    before, after = (template.get("StreamSpecification") or {} for template in (old, new))
    where.set_tags("dynamodb", "Resource", before, after, ResourceArn=arn)


def _stream_policy(properties: Properties) -> str | None:
    return policy_of(properties.get("StreamSpecification") or {})


def bring_stream(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    """Bring the policy and the tags of the stream that a table has already from some properties to others."""
    before, after = _of_stream(old), _of_stream(new)
    if before != after and new.get("StreamSpecification"):
        table = where.call("dynamodb", "DescribeTable", TableName=name)["Table"]
        arn = str(table.get("LatestStreamArn", ""))
        _set_policy(where, arn, _stream_policy(old), _stream_policy(new))
        _tag_stream(where, arn, old, new)


def _of_stream(properties: Properties) -> tuple[str | None, Any]:
    """What a stream has of its own."""
    return _stream_policy(properties), (properties.get("StreamSpecification") or {}).get("Tags") or None


def _set_policy(where: Deployment, arn: str, before: str | None, after: str | None) -> None:
    """Bring the resource-based policy of a table or a stream from one text to another."""
    if before != after and after is not None:
        where.call("dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=after)
    elif before != after:
        where.delete("dynamodb", "DeleteResourcePolicy", ResourceArn=arn)


delete_table = deletion("dynamodb", "DeleteTable", "TableName")


_NAMED = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"})

TYPES = (
    ResourceType(
        "AWS::DynamoDB::Table",
        create_table,
        bring,
        delete_table,
        properties=_NAMED
        | frozenset(_AS_THEY_ARE)
        | {
            "BillingMode",
            "ContributorInsightsSpecification",
            "GlobalSecondaryIndexes",
            "KinesisStreamSpecification",
            "PointInTimeRecoverySpecification",
            "ProvisionedThroughput",
            "ResourcePolicy",
            "SSESpecification",
            "StreamSpecification",
            "Tags",
            "TimeToLiveSpecification",
        },
        required=frozenset({"KeySchema"}),
        replaces=_NAMED,
        attributes=frozenset({"Arn", "StreamArn"}),
        check=check_table,
    ),
)
