"""What would allow a denied request: for each policy type that lacks an Allow, the smallest statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.principal import Kind
from pytest_kmslab.authz.question import Question
from pytest_kmslab.authz.wording import label, sort_of

_CALLED = {"dynamodb": "a table", "iam": "an IAM resource", "kms": "a key"}
"""Of the services of which not every operation crosses accounts, what belongs to one."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change: `statement` is to be added to the policy at `place`; None where nothing can be added."""

    policy_type: PolicyType
    place: str
    statement: Mapping[str, Any] | None = None


_ANYBODY = frozenset((PolicyType.RESOURCE_CONTROL, PolicyType.VPC_ENDPOINT))
_PLACES = {
    PolicyType.IDENTITY: "an identity-based policy of the caller",
    PolicyType.SESSION: "the session policy, when the session is made",
    PolicyType.SERVICE_CONTROL: "a service control policy at each level that lacks it",
    PolicyType.RESOURCE_CONTROL: "a resource control policy at each level that lacks it",
    PolicyType.VPC_ENDPOINT: "the VPC endpoint policy",
}


def remedies(question: Question, policies: Policies, decision: Decision) -> list[Remedy]:
    """What has to change for the request to be allowed: all of it, in the order of the reasons."""
    if decision.decision is Outcome.ALLOWED:
        return []
    return [remedy for reason in decision.reasons for remedy in _remedy(question, policies, reason)]


def _remedy(question: Question, policies: Policies, reason: Reason) -> list[Remedy]:
    kind = reason.policy_type
    if reason.effect is Effect.DENY:
        place = f"take `{reason.statement}` out of {label(question, kind, reason.policy)}, or narrow it"
        return [Remedy(kind, f"{place}: no Allow overrides a Deny")]
    if reason.effect is Effect.UNREADABLE:
        return [Remedy(kind, f"mend {label(question, kind, reason.policy)}")]
    hopeless = _hopeless(question, policies, kind)
    if hopeless:
        return [Remedy(kind, hopeless)]
    return [Remedy(kind, _place(question, policies, kind), _statement(question, policies, kind))]


def _hopeless(question: Question, policies: Policies, kind: PolicyType) -> str:
    """Why no statement helps; empty where one does."""
    if question.identity.kind is Kind.UNKNOWN:
        return f"`{question.request.principal}` is not a principal: write its ARN or a service principal"
    if kind is not PolicyType.RESOURCE:
        return ""
    if question.action == "kms:retiregrant":
        return "only those whom the grant names may retire it; an administrator may revoke it"
    if not question.may_cross:
        what = _CALLED[question.service]
        return f"{question.request.action} cannot be used on {what} of another account"
    if question.gated and policies.resource is None:
        return f"the policy of {question.request.resource} is not known: every one has a policy"
    return ""


def _place(question: Question, policies: Policies, kind: PolicyType) -> str:
    if kind is PolicyType.PERMISSIONS_BOUNDARY and policies.permissions_boundary:
        return f"the permissions boundary `{policies.permissions_boundary.name}`"
    if kind is PolicyType.RESOURCE:
        return f"the {sort_of(question, kind)} of {question.request.resource}"
    return _PLACES[kind]


def _statement(question: Question, policies: Policies, kind: PolicyType) -> dict[str, Any]:
    request, statement = question.request, dict[str, Any](Effect="Allow")
    if kind in _ANYBODY:
        statement["Principal"] = "*"
    elif kind is PolicyType.RESOURCE:
        statement["Principal"] = _principal(question, policies)
    statement["Action"] = request.action
    if kind is PolicyType.RESOURCE and question.gated:
        if question.service == "kms":
            statement["Resource"] = "*"
        return statement
    statement["Resource"] = request.resource
    return statement


def _principal(question: Question, policies: Policies) -> dict[str, str]:
    """The caller; of a session the role, unless what limits the role would limit this too."""
    identity = question.identity
    if identity.kind is Kind.SERVICE:
        return {"Service": identity.arn}
    limited = policies.permissions_boundary or policies.session
    return {"AWS": identity.arn if limited or not identity.entity else identity.entity}
