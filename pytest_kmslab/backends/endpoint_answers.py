"""Operations that an endpoint lacks, answered in its place: a row an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.apicall import ApiCall, ServiceError
from pytest_kmslab.backends.endpoint_clients import lacks, service_error
from pytest_kmslab.backends.endpoint_partiql import execute_statement
from pytest_kmslab.calls.partiql import read_statement

if TYPE_CHECKING:
    from pytest_kmslab.backends.api_facts import ApiFacts

Response = dict[str, Any]

SSE = "SSESpecification"


def only_encryption(facts: ApiFacts, call: ApiCall) -> Response | None:
    """UpdateTable that changes the encryption and nothing else: LocalStack drops it, or answers 500.

    The change itself is kept by `enforcement.table_encryption`, for every emulator alike.
    """
    if SSE not in call.params or set(call.params) - {"TableName", SSE}:
        return None
    table = facts.table(str(call.params["TableName"]), call.region, call.account)
    description = None if table is None else facts.tables.description(table.name, table.region)
    return None if description is None else {"TableDescription": dict(description)}


def without_any(**empty: Any) -> Callable[[ApiFacts, ApiCall], Response | None]:
    """A list operation: where it is lacking, nobody has any."""

    def answer(facts: ApiFacts, call: ApiCall) -> Response | None:
        try:
            return facts.clients.do(call)
        except ServiceError as error:
            if lacks(error):
                return dict(empty)
            raise

    return answer


def statement(facts: ApiFacts, call: ApiCall) -> Response | None:
    """ExecuteStatement, where the endpoint's DynamoDB is older than PartiQL."""
    try:
        return facts.clients.do(call)
    except ServiceError as error:
        if not lacks(error):
            raise
    table = read_statement(str(call.params["Statement"])).table
    name = table.split("/")[1] if table.startswith("arn:") else table
    try:
        return execute_statement(facts.clients.of("dynamodb", call.region), name, dict(call.params))
    except ClientError as error:
        raise service_error(error) from None


def put_table_policy(facts: ApiFacts, call: ApiCall) -> Response | None:
    """PutResourcePolicy: what a DynamoDB without resource-based policies does not keep."""
    return _table_policy(facts, call, lambda arn: _kept(facts, arn, str(call.params["Policy"])))


def get_table_policy(facts: ApiFacts, call: ApiCall) -> Response | None:
    """GetResourcePolicy."""
    return _table_policy(facts, call, lambda arn: _shown(facts, arn))


def delete_table_policy(facts: ApiFacts, call: ApiCall) -> Response | None:
    """DeleteResourcePolicy."""
    return _table_policy(facts, call, lambda arn: _kept(facts, arn, None))


def _table_policy(facts: ApiFacts, call: ApiCall, instead: Callable[[str], Response]) -> Response | None:
    try:
        return facts.clients.do(call)
    except ServiceError as error:
        if not lacks(error):
            raise
    arn = str(call.params["ResourceArn"])
    table = facts.table(arn, call.region, call.account)
    if table is None:
        raise ServiceError("ResourceNotFoundException", f"Requested resource not found: {arn}")
    return instead(table.arn)


def _kept(facts: ApiFacts, arn: str, policy: str | None) -> Response:
    revision = int(facts.tables.record(arn).get("revision", 0)) + 1
    facts.tables.keep(arn, policy=policy, revision=revision)
    return {"RevisionId": str(revision)}


def _shown(facts: ApiFacts, arn: str) -> Response:
    record = facts.tables.record(arn)
    if not record.get("policy"):
        raise ServiceError("PolicyNotFoundException", f"No resource-based policy found for resource {arn}")
    return {"Policy": record["policy"], "RevisionId": str(record["revision"])}


Answer = Callable[["ApiFacts", ApiCall], "Response | None"]

ANSWER: Mapping[str, Answer] = {
    "dynamodb:DeleteResourcePolicy": delete_table_policy,
    "dynamodb:ExecuteStatement": statement,
    "dynamodb:GetResourcePolicy": get_table_policy,
    "dynamodb:ListBackups": without_any(BackupSummaries=[]),
    "dynamodb:PutResourcePolicy": put_table_policy,
    "dynamodb:UpdateTable": only_encryption,
    "iam:ListSSHPublicKeys": without_any(SSHPublicKeys=[], IsTruncated=False),
    "iam:ListServiceSpecificCredentials": without_any(ServiceSpecificCredentials=[], IsTruncated=False),
    "iam:ListSigningCertificates": without_any(Certificates=[], IsTruncated=False),
}
