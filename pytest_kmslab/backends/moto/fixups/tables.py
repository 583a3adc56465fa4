"""Resource policies of tables and streams where moto keeps them wrongly: it drops the one that a table is
made with, leaves a deleted table's to the next of that name, deletes none that is not there, and knows none
of streams.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import ResourcePolicy
from moto.dynamodb.responses import ProjectionExpressionParser

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.moto.fixups.partiql import do_on_items
from pytest_kmslab.backends.moto.fixups.replicas import check_deletable
from pytest_kmslab.backends.moto.fixups.streams import VIEW
from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.backends.moto.principals import present_principals, record_principals
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.calls.dynamodb.placeholders import NAMES
from pytest_kmslab.calls.dynamodb.sse.specification import PROTECTED
from pytest_kmslab.calls.dynamodb.table_policy.operations import missing_stream
from pytest_kmslab.calls.dynamodb.table_policy.written import as_written, check_revision, policy_not_found
from pytest_kmslab.calls.rules.replica_updates import check_time_to_live as check_consistency
from pytest_kmslab.calls.validation_messages import invalid

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def plain_name(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """CreateTable by the table's ARN."""
    if call.params.get("GlobalTableSourceArn") is not None:
        text = "pytest-kmslab makes no table on moto from a table elsewhere"
        raise invalid(f"{text}: leave `GlobalTableSourceArn` out")
    # moto would make a table of that name.
    name = str(call.params.get("TableName"))
    return {"TableName": parts_of(name).name} if name.startswith("arn:") else {}


def keep_created(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """CreateTable with a policy."""
    # moto drops it. It counts from the first call on.
    text = call.params.get("ResourcePolicy")
    if text:
        _keep(response["TableDescription"]["TableArn"], str(text))


def keep_last_tags(_reader: MotoAccountReader, call: ApiCall, _response: dict[str, Any]) -> None:
    """TagResource of a key that the table has: the new value takes the old one's place."""
    # moto keeps and lists both.
    arn = str(call.params["ResourceArn"])
    where = parts_of(arn)
    for table in dynamodb_backends[where.account][where.region].tables.values():
        if table.table_arn == arn:
            values = tags_by_key(table.tags)
            table.tags = [{"Key": key, "Value": value} for key, value in values.items()]


def forget_deleted(_reader: MotoAccountReader, _call: ApiCall, response: dict[str, Any]) -> None:
    """DeleteTable: the policy goes with the table."""
    arn = response["TableDescription"]["TableArn"]
    # That of its stream stays, as the stream does.
    _policies(arn).pop(arn, None)


def put(call: ApiCall) -> dict[str, Any]:
    """PutResourcePolicy: the same document again is the same revision."""
    arn = _named(call)
    return {"RevisionId": _keep(arn, str(call.params["Policy"])).revision_id}


def get(call: ApiCall) -> dict[str, Any]:
    """GetResourcePolicy, with whom it names now."""
    arn = _named(call)
    policy = _policies(arn).get(arn)
    if policy is None:
        raise policy_not_found(arn)
    text = as_written(present_principals(policy, str(policy.policy_doc)), parts_of(arn).partition)
    return {"Policy": text, "RevisionId": policy.revision_id}


def delete(call: ApiCall) -> dict[str, Any]:
    """DeleteResourcePolicy, which succeeds where there is none."""
    arn = _named(call)
    policy = _policies(arn).pop(arn, None)
    return {} if policy is None else {"RevisionId": policy.revision_id}


def _named(call: ApiCall) -> str:
    """The ARN that a call names; an error where it is a stream that is not there, or whose policy has
    another revision than is expected."""
    arn = str(call.params["ResourceArn"])
    where = place_of(arn)
    table = dynamodb_backends[where.account][where.region].tables.get(where.name)
    is_stream = parts_of(arn).part == "stream"
    if is_stream and (table is None or table.latest_stream_label != where.last):
        raise missing_stream(arn)
    policy = _policies(arn).get(arn)
    check_revision(call.params.get("ExpectedRevisionId"), policy and policy.revision_id, arn)
    return arn


def _policies(arn: str) -> dict[str, Any]:
    where = parts_of(arn)
    policies: dict[str, Any] = dynamodb_backends[where.account][where.region].resource_policies
    return policies


def _keep(arn: str, policy_text: str) -> Any:
    text = as_written(policy_text, parts_of(arn).partition)
    before = _policies(arn).get(arn)
    policy = _policies(arn)[arn] = ResourcePolicy(arn, text)
    if before is not None and before.policy_doc == policy.policy_doc:
        policy.revision_id = str(before.revision_id)
    elif before is not None:
        # The time of the change, and no other change's.
        policy.revision_id = str(max(int(policy.revision_id), int(before.revision_id) + 1))
    # Looked up again, as a name may be another's by now.
    record_principals(policy, text)
    return policy


def reopen_stream(reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateTable that turns a stream on or off."""
    table = reader.table(str(call.params.get("TableName")), call.region, call.account)
    enables = (call.params.get("StreamSpecification") or {}).get("StreamEnabled")
    # moto takes the old one's label for a stream that is on again.
    if enables and table is not None and not table.stream_enabled:
        reader.moto_table(table.arn).latest_stream_label = None
    # Of a stream that is turned off moto forgets what it showed; it can be read for a day.
    if enables is False and table is not None and table.stream_enabled:
        moto_table = reader.moto_table(table.arn)
        setattr(moto_table.stream_shard, VIEW, moto_table.stream_specification["StreamViewType"])
    if table is None:
        return {}
    moto_table = reader.moto_table(table.arn)
    return {**_whole_warm(call, moto_table.warm_throughput), **_definitions(call, moto_table)}


def _definitions(call: ApiCall, table: Any) -> Mapping[str, Any]:
    """The definitions of the attributes that are keys then, where moto keeps those that were sent."""
    # ACK-162: they are for the keys of an index that is made, and change nothing otherwise.
    updates: Sequence[Mapping[str, Any]] = call.params.get("GlobalSecondaryIndexUpdates") or ()
    gone = [update["Delete"]["IndexName"] for update in updates if "Delete" in update]
    indexes = [index for index in (*table.indexes, *table.global_indexes) if index.name not in gone]
    made = [update["Create"]["KeySchema"] for update in updates if "Create" in update]
    used = {
        key["AttributeName"]
        for schema in (table.schema, *(i.schema for i in indexes), *made)
        for key in schema
    }
    sent = call.params.get("AttributeDefinitions") or ()
    known = {one["AttributeName"]: one for one in (*(sent if made else ()), *table.attr)}
    return {"AttributeDefinitions": [one for name, one in known.items() if name in used]}


def _whole_warm(call: ApiCall, now: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = call.params.get("WarmThroughput")
    # What is not asked for stays (ACK-049); moto forgets it.
    return {"WarmThroughput": {**now, **asked}} if asked else {}


def check_time_to_live(reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateTimeToLive that changes nothing, or the attribute, is refused (ACK-147)."""
    table = reader.table(str(call.params["TableName"]), call.region, call.account)
    check_consistency(table)
    kept = {} if table is None else reader.moto_table(table.arn).ttl
    current = kept.get("AttributeName") if kept.get("TimeToLiveStatus") == "ENABLED" else None
    asked = call.params["TimeToLiveSpecification"]
    # The half hour that AWS wants between two changes is not asked for.
    if current is None and not asked["Enabled"]:
        raise ServiceError("ValidationException", "TimeToLive is already disabled")
    if current is not None and current != asked["AttributeName"]:
        text = f"TimeToLive is active on a different AttributeName: current AttributeName is {current}"
        raise ServiceError("ValidationException", text)
    if current is not None and asked["Enabled"]:
        raise ServiceError("ValidationException", "TimeToLive is already enabled")
    return {}


def project_transacted(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """TransactGetItems answers what is projected, nested parts too."""
    for part, answer in zip(call.params["TransactItems"], response["Responses"], strict=True):
        # moto answers whole items; its GetItem projects as AWS does.
        get = part["Get"]
        if answer and get.get("ProjectionExpression"):
            table = place_of(str(get["TableName"]))
            account, region = table.account or call.account, table.region or call.region
            answer["Item"] = do_on_items(account, region, "GetItem", get)["Item"]


def check_projections(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """TransactGetItems with an expression that its GetItem would not take."""
    # Told before anything is read: once moto has answered it is too late for a refusal.
    for part in call.params["TransactItems"]:
        expression, names = (part["Get"].get(name) for name in ("ProjectionExpression", NAMES))
        try:
            ProjectionExpressionParser(expression, names).parse()
        except JsonRESTError as error:
            raise ServiceError("ValidationException", str(error.message)) from None
    return {}


def refuse_protected(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DeleteTable of a protected table, in DynamoDB's words."""
    table = view.table(str(call.params.get("TableName")), call.region, call.account)
    moto_table = None if table is None else view.moto_table(table.arn)
    if moto_table is not None and moto_table.deletion_protection_enabled:
        raise ServiceError("ValidationException", PROTECTED)
    return check_deletable(view, call)
