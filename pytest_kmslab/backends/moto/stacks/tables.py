"""`AWS::DynamoDB::Table`, made as the resource handlers of AWS make it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from pytest_kmslab.backends.moto.stacks.properties import Properties, invalid, policy_text, truth
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType, deletion
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
        GlobalSecondaryIndexes=[_index(index) for index in _indexes(properties).values()] or None,
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
    creation["GlobalSecondaryIndexes"] = [_index(index) for index in _indexes(properties).values()]
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
        where.call("dynamodb", "UpdateTable", TableName=name, **change)
    arn = str(where.call("dynamodb", "DescribeTable", TableName=name)["Table"]["TableArn"])
    _set_policy(where, arn, policy_of(old), policy_of(new))
    where.set_tags("dynamodb", "Resource", old, new, ResourceArn=arn)
    _set_extras(where, name, old, new)
    return _with_stream(where, name, old, new)


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
    _check_extras(new)
    recovery, before = (template.get("PointInTimeRecoverySpecification") for template in (new, old))
    if recovery != before:
        specification = recovery or {"PointInTimeRecoveryEnabled": False}
        where.call(
            "dynamodb",
            "UpdateContinuousBackups",
            TableName=name,
            PointInTimeRecoverySpecification=specification,
        )
    life, before = (template.get("TimeToLiveSpecification") for template in (new, old))
    if life != before and (life or before):
        specification = life or {**(before or {}), "Enabled": False}
        where.call("dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=specification)
    _set_insights(where, name, old, new)
    _set_kinesis(where, name, old, new)


def _check_extras(properties: Properties) -> None:
    # Texts of AWS's handler: cdk-preflight, pf-dynamodb-pitr-recovery-period, …-ttl-attribute-required.
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    if "RecoveryPeriodInDays" in recovery and not truth(recovery.get("PointInTimeRecoveryEnabled", False)):
        text = "Cannot set RecoveryPeriodInDays property when PointInTimeRecoveryEnabled is false"
        raise ServiceError("InvalidRequest", text)
    life = properties.get("TimeToLiveSpecification") or {}
    if truth(life.get("Enabled", False)) and not life.get("AttributeName"):
        raise ServiceError(
            "InvalidRequest",
            "Invalid request provided: AttributeName property of TimeToLiveSpecification is required when "
            "TTL status is enabled or when enabling TTL.",
        )


def _set_insights(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    before, after = _indexes(old), _indexes(new)
    _set_insight(where, name, old, new)
    for index, properties in after.items():
        _set_insight(where, name, before.get(index, {}), properties, IndexName=index)


def _set_insight(where: Deployment, name: str, old: Properties, new: Properties, **index: str) -> None:
    insights, before = (
        bool(truth((template.get("ContributorInsightsSpecification") or {}).get("Enabled", False)))
        for template in (new, old)
    )
    if insights != before:
        action = "ENABLE" if insights else "DISABLE"
        where.call(
            "dynamodb",
            "UpdateContributorInsights",
            TableName=name,
            ContributorInsightsAction=action,
            **index,
        )


def _set_kinesis(where: Deployment, name: str, old: Properties, new: Properties) -> None:
    kinesis, before = (
        (template.get("KinesisStreamSpecification") or {}).get("StreamArn") for template in (new, old)
    )
    if kinesis == before:
        return
    if before:
        where.call("dynamodb", "DisableKinesisStreamingDestination", TableName=name, StreamArn=before)
    if kinesis:
        where.call("dynamodb", "EnableKinesisStreamingDestination", TableName=name, StreamArn=kinesis)


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


def set_up_stream(where: Deployment, name: str, properties: Properties) -> None:
    """Put the policy and the tags of the stream that a table has already."""
    policy = _stream_policy(properties)
    if policy is not None or (properties.get("StreamSpecification") or {}).get("Tags"):
        table = where.call("dynamodb", "DescribeTable", TableName=name)["Table"]
        arn = str(table.get("LatestStreamArn", ""))
        _set_policy(where, arn, None, policy)
        _tag_stream(where, arn, {}, properties)


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
    ),
)
