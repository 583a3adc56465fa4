"""One cell of a matrix: every authorization that a whole call requires, decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_kmslab.account.model import grants_to
from pytest_kmslab.authz.arn import iam_region, parse_arn
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision
from pytest_kmslab.authz.policy import NamedPolicy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, Authorization, ServiceError
from pytest_kmslab.calls.operations import as_aws_spells, unknown_action_text
from pytest_kmslab.matrix.subjects import (
    MatrixError,
    PrincipalSubject,
    ResourceSubject,
    policies_of,
)
from pytest_kmslab.matrix.whole_calls import questions

if TYPE_CHECKING:
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import Policies


class Asked(NamedTuple):
    """One authorization of a cell, with what it is decided from and the decision."""

    request: Request
    policies: Policies
    grants: tuple[Grant, ...]
    decision: Decision


def check_action(action: str) -> None:
    """Raise MatrixError for what is no action of a service whose calls are decided."""
    if ":" not in action:
        raise MatrixError(f"`actions`: `{action}` is not an action: write `service:Operation`")
    fault = unknown_action_text(action)
    if fault:
        raise MatrixError(f"`actions`: {fault}")


def decide_cell(
    principal: PrincipalSubject, action: str, resource: ResourceSubject
) -> tuple[list[Asked], str]:
    """The authorizations that a call requires, up to the first that is denied, and what else stands in its
    way.

    The second is the service's own error (a key that is disabled), empty where there is none.
    """
    asked: list[Asked] = []
    # A policy's action counts in any case of letters; what a call requires is looked up by one.
    action = as_aws_spells(action)
    if not _is_on(action, resource):
        return asked, f"`{action}` is no action on `{resource.arn}`"
    service, _, operation = action.partition(":")
    arn = parse_arn(resource.arn)
    # A role's ARN names no Region; STS's global endpoint, at which it is assumed, is in us-east-1.
    region = arn.region or iam_region(arn.partition)
    call = ApiCall(service, operation, {}, region, principal.caller)
    try:
        for authorization, subject in questions(call, action, resource):
            policies = _policies(principal, authorization, subject)
            grants = grants_to(subject.grants, principal.caller)
            decision = authorize(authorization.request, policies, grants)
            asked.append(Asked(authorization.request, policies, grants, decision))
            # AWS asks nothing more once it has denied: who may not use a key is not told its state.
            if not decision.allowed:
                break
    except ServiceError as error:
        return asked, f"{error.code}: {error.message}"
    return asked, ""


def _is_on(action: str, resource: ResourceSubject) -> bool:
    """Whether there is such a call: of a matrix of tables and keys, half of the cells are none."""
    service, owner = action.partition(":")[0], parse_arn(resource.arn).service
    # A policy with Resource `*` would allow `dynamodb:GetItem` on a key: there is no such call.
    return owner == service or (service, owner) == ("sts", "iam")


def is_allowed(asked: Sequence[Asked], error: str) -> bool:
    """Whether a whole call goes through."""
    return not error and bool(asked) and asked[-1].decision.allowed


def _policies(
    principal: PrincipalSubject, authorization: Authorization, resource: ResourceSubject
) -> Policies:
    """What a question is decided under; a policy that it brings is judged in place of the resource's own."""
    policies = policies_of(principal, resource)
    if authorization.resource_policy is None:
        return policies
    return policies._replace(resource=NamedPolicy(resource.arn, authorization.resource_policy))
