"""One cell of a matrix: every authorization that a whole call requires, decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_kmslab.authz.arn import parse_arn
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.authorization import Authorization
from pytest_kmslab.calls.context_keys import caller_context
from pytest_kmslab.calls.dynamodb.context import authorization as table_authorization
from pytest_kmslab.calls.dynamodb.sse.key_use import check_state, decrypt_authorization, place_of
from pytest_kmslab.calls.kms.context import key_authorization
from pytest_kmslab.calls.kms.key_operations import KEY_OPERATIONS
from pytest_kmslab.calls.kms.keys import NOT_USABLE_STATES, refuse_state
from pytest_kmslab.calls.known_actions import as_aws_spells, unknown_action_text
from pytest_kmslab.matrix.subjects import (
    MatrixError,
    PrincipalSubject,
    ResourceSubject,
    grants_to,
    policies_of,
)

if TYPE_CHECKING:
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import Policies

USES_TABLE_KEY = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "CreateBackup",
        "DeleteItem",
        "ExportTableToPointInTime",
        "GetItem",
        "GetRecords",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLSelect",
        "PartiQLUpdate",
        "PutItem",
        "Query",
        "RestoreTableFromBackup",
        "RestoreTableToPointInTime",
        "Scan",
        "SearchVectors",
        "StartBulkPutItems",
        "UpdateContributorInsights",
        "UpdateItem",
        "UpdateTimeToLive",
    }
)
"""The actions for which DynamoDB asks KMS to decrypt the table's key, as the caller.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""


class Asked(NamedTuple):
    """One authorization of a cell, with what it is decided from and the decision."""

    request: Request
    policies: Policies
    grants: tuple[Grant, ...]
    decision: Decision


def check_action(action: str) -> None:
    """Raise MatrixError for what is no action of a service whose calls are decided."""
    if ":" not in action:
        raise MatrixError(f"`{action}` is not an action: write `service:Operation`")
    fault = unknown_action_text(action)
    if fault:
        raise MatrixError(fault)


def decide_cell(
    principal: PrincipalSubject, action: str, resource: ResourceSubject
) -> tuple[list[Asked], str]:
    """The authorizations that a call requires, up to the first that is denied, and what else stands in its
    way.

    The second is the service's own error (a key that is disabled), empty where there is none.
    """
    asked: list[Asked] = []
    action = as_aws_spells(action)
    if not _is_on(action, resource):
        return asked, f"`{action}` is no action on `{resource.arn}`"
    try:
        for authorization, subject in _authorizations(principal, action, resource):
            policies, grants = policies_of(principal, subject), grants_to(principal, subject)
            decision = authorize(authorization.request, policies, grants)
            asked.append(Asked(authorization.request, policies, grants, decision))
            if not decision.allowed:
                break
    except ServiceError as error:
        return asked, f"{error.code}: {error.message}"
    return asked, ""


def _is_on(action: str, resource: ResourceSubject) -> bool:
    """Whether there is such a call: of a matrix of tables and keys, half of the cells are none."""
    service, owner = action.partition(":")[0], parse_arn(resource.arn).service
    return owner == service or (service, owner) == ("sts", "iam")


def is_allowed(asked: Sequence[Asked], error: str) -> bool:
    """Whether a whole call goes through."""
    return not error and bool(asked) and asked[-1].decision.allowed


def _authorizations(
    principal: PrincipalSubject, action: str, resource: ResourceSubject
) -> Iterator[tuple[Authorization, ResourceSubject]]:
    service, _, operation = action.partition(":")
    parsed = parse_arn(resource.arn)
    call = ApiCall(service, operation, {}, parsed.region or "us-east-1", principal.caller)
    if service == "kms" and resource.key is not None:
        yield key_authorization(call, action, resource.key, {}), resource
        row = KEY_OPERATIONS.get(operation)
        refuse_state(resource.key, row.refused if row is not None else NOT_USABLE_STATES)
    elif service == "dynamodb" and resource.table is not None:
        yield table_authorization(call, operation, resource.arn, None, resource.table), resource
        key = resource.table_key
        if operation in USES_TABLE_KEY and key is not None and key.key is not None:
            check_state(key.key)
            yield decrypt_authorization(call, key.key, place_of(resource.table)), key
    else:
        owner = parsed.account or call.account
        context = {**caller_context(call.caller, call.region), "aws:ResourceAccount": owner}
        yield call.requires(action, resource.arn, context, owner), resource
