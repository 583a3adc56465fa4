"""Resource policies of tables and streams where moto keeps them wrongly: it drops the one that a table is
made with, leaves a deleted table's to the next of that name, and knows none of streams.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import ResourcePolicy

from pytest_kmslab.apicall import ApiCall, ServiceError
from pytest_kmslab.backends.moto.identity import record_principals
from pytest_kmslab.calls.dynamodb.table_validation import PROTECTED

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.facts import MotoFacts

STREAM = "/stream/"


def plain_name(_facts: MotoFacts, call: ApiCall) -> Mapping[str, Any]:
    """CreateTable by the table's ARN: moto would make a table of that name."""
    name = str(call.params.get("TableName"))
    return {"TableName": name.rpartition("/")[2]} if name.startswith("arn:") else {}


def with_prefix(_facts: MotoFacts, call: ApiCall) -> Mapping[str, Any]:
    """ExportTableToPointInTime: moto fails where the optional prefix is left out."""
    return {} if "S3Prefix" in call.params else {"S3Prefix": ""}


def keep_created(facts: MotoFacts, call: ApiCall, response: dict[str, Any]) -> None:
    """CreateTable with a policy: it counts from the first call on."""
    text = call.params.get("ResourcePolicy")
    if text:
        _put(response["TableDescription"]["TableArn"], str(text))


def record_put(facts: MotoFacts, call: ApiCall, _response: dict[str, Any]) -> None:
    """Whom each ARN of the policy meant when it was put."""
    policy = facts.table_policy(str(call.params["ResourceArn"]))
    if policy is not None:
        record_principals(policy, str(policy.policy_doc))


def forget_deleted(_facts: MotoFacts, _call: ApiCall, response: dict[str, Any]) -> None:
    """DeleteTable: the policy goes with the table. That of its stream stays, as the stream does."""
    arn = response["TableDescription"]["TableArn"]
    _policies(arn).pop(arn, None)


def put(call: ApiCall) -> dict[str, Any] | None:
    """PutResourcePolicy on a stream; None for a table, which is moto's."""
    arn = _stream(call)
    return arn and {"RevisionId": _put(arn, str(call.params["Policy"])).revision_id}


def get(call: ApiCall) -> dict[str, Any] | None:
    """GetResourcePolicy of a stream; None for a table."""
    arn = _stream(call)
    if arn is None:
        return None
    policy = _policies(arn).get(arn)
    if policy is None:
        text = f"Resource-based policy not found for the provided ResourceArn: {arn}"
        raise ServiceError("PolicyNotFoundException", text)
    return {"Policy": policy.policy_doc, "RevisionId": policy.revision_id}


def delete(call: ApiCall) -> dict[str, Any] | None:
    """DeleteResourcePolicy of a stream, which succeeds where there is none; None for a table."""
    arn = _stream(call)
    if arn is None:
        return None
    policy = _policies(arn).pop(arn, None)
    return {} if policy is None else {"RevisionId": policy.revision_id}


def _stream(call: ApiCall) -> Any:
    """The ARN of the stream that a call names, None for a table's. One that is not there is an error."""
    arn = str(call.params["ResourceArn"])
    if STREAM not in arn:
        return None
    table = dynamodb_backends[arn.split(":")[4]][arn.split(":")[3]].tables.get(arn.split("/")[1])
    if table is None or table.latest_stream_label != arn.partition(STREAM)[2]:
        text = f"Requested resource not found: Stream: {arn} not found"
        raise ServiceError("ResourceNotFoundException", text)
    return arn


def _policies(arn: str) -> dict[str, Any]:
    parts = arn.split(":", 5)
    policies: dict[str, Any] = dynamodb_backends[parts[4]][parts[3]].resource_policies
    return policies


def _put(arn: str, text: str) -> Any:
    policy = _policies(arn)[arn] = ResourcePolicy(arn, text)
    record_principals(policy, text)
    return policy


def refuse_protected(facts: MotoFacts, call: ApiCall) -> Mapping[str, Any]:
    """DeleteTable of a protected table, in DynamoDB's words."""
    table = facts.table(str(call.params.get("TableName")), call.region, call.account)
    found = None if table is None else facts.moto_table(table.arn)
    if found is not None and found.deletion_protection_enabled:
        raise ServiceError("ValidationException", PROTECTED)
    return {}
