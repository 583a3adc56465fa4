"""What would allow a denied request: for each policy type whose Allow is missing, the smallest statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.evaluation import ON_NO_KEY, Evaluation
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.principal import PrincipalKind

# The words of explanations.

_TRUSTED_POLICIES = {"kms": "key policy", "sts": "trust policy"}
"""What the resource-based policy is called on which IAM policies depend, by service."""


def policy_word(evaluation: Evaluation, kind: PolicyType) -> str:
    """What AWS calls a policy of this type: the resource-based policy of a key is its key policy, of a role
    its trust policy."""
    if kind is PolicyType.RESOURCE and evaluation.requires_resource_trust:
        return _TRUSTED_POLICIES[evaluation.service]
    return kind.value


def label(evaluation: Evaluation, kind: PolicyType, name: str) -> str:
    """A policy by its type and name. That of the resource itself has no name besides: the text has named the
    resource already."""
    word = policy_word(evaluation, kind)
    return word if name in ("", word, evaluation.resource) else f"{word} `{name}`"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_RESOURCES = {"dynamodb": "a table", "iam": "an IAM resource", "kms": "a key"}
"""What a resource is called, by service, for those of which not every operation works across accounts."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change that is needed for a request to be allowed."""

    policy_type: PolicyType
    """The type of the policy to change."""
    place: str
    """The policy to add the statement to; without one the whole advice."""
    statement: Mapping[str, Any] | None = None
    """The statement to add; None where no statement helps."""


_OF_AWS = ":iam::aws:policy/"
"""What the ARN of a policy has that AWS manages."""
_FOR_EVERYBODY = frozenset((PolicyType.RESOURCE_CONTROL, PolicyType.VPC_ENDPOINT))
"""The policy types that usually name everybody, and leave it to other policies to say who may."""
_PLACES = {
    PolicyType.IDENTITY: "an identity-based policy of the caller",
    PolicyType.SESSION: "the session policy, when the session is made",
    PolicyType.SERVICE_CONTROL: "a service control policy at each level that does not allow it",
    PolicyType.RESOURCE_CONTROL: "a resource control policy at each level that does not allow it",
    PolicyType.VPC_ENDPOINT: "the VPC endpoint policy",
}


def suggestions(evaluation: Evaluation, policies: Policies, decision: Decision) -> list[Suggestion]:
    """What has to change for the request to be allowed: all of it, in the order of the reasons."""
    if decision.decision is Outcome.ALLOWED:
        return []
    return [
        suggestion for reason in decision.reasons for suggestion in _suggestion(evaluation, policies, reason)
    ]


def _suggestion(evaluation: Evaluation, policies: Policies, reason: Reason) -> list[Suggestion]:
    kind = reason.policy_type
    if reason.effect is Effect.DENY:
        place = f"take `{reason.statement}` out of {label(evaluation, kind, reason.policy)}, or narrow it"
        return [Suggestion(kind, f"{place}: no Allow overrides a Deny")]
    if reason.effect is Effect.UNREADABLE:
        return [Suggestion(kind, f"correct {label(evaluation, kind, reason.policy)}")]
    obstacle = _obstacle(evaluation, policies, kind)
    if obstacle:
        return [Suggestion(kind, obstacle)]
    return [Suggestion(kind, _place(evaluation, policies, kind), _statement(evaluation, policies, kind))]


def _obstacle(evaluation: Evaluation, policies: Policies, kind: PolicyType) -> str:
    """Why no statement helps; empty where one does."""
    if evaluation.identity.kind is PrincipalKind.UNKNOWN:
        return f"`{evaluation.request.principal}` is not a principal: write its ARN or a service principal"
    if kind is not PolicyType.RESOURCE:
        return ""
    if evaluation.action == "kms:retiregrant":
        return "only those whom the grant names may retire it; an administrator may revoke it"
    if not evaluation.cross_account_allowed:
        what = "a principal" if evaluation.action in ON_NO_KEY else _RESOURCES[evaluation.service]
        return f"{evaluation.request.action} cannot be used on {what} of another account"
    if evaluation.requires_resource_trust and policies.resource is None:
        return f"the policy of {evaluation.request.resource} is not known: every one has a policy"
    return ""


def _place(evaluation: Evaluation, policies: Policies, kind: PolicyType) -> str:
    if kind is PolicyType.PERMISSIONS_BOUNDARY and policies.permissions_boundary:
        name = policies.permissions_boundary.name
        if _OF_AWS in name:
            return f"a permissions boundary of your own, in place of AWS's `{name}`, which nobody can change"
        return f"the permissions boundary `{name}`"
    if kind is PolicyType.RESOURCE:
        return f"the {policy_word(evaluation, kind)} of {evaluation.request.resource}"
    return _PLACES[kind]


def _statement(evaluation: Evaluation, policies: Policies, kind: PolicyType) -> dict[str, Any]:
    request, statement = evaluation.request, dict[str, Any](Effect="Allow")
    if kind in _FOR_EVERYBODY:
        statement["Principal"] = "*"
    elif kind is PolicyType.RESOURCE:
        statement["Principal"] = _principal(evaluation, policies)
    statement["Action"] = request.action
    # The policy of a key or role is about that resource alone: a key policy says so by `*`, and a trust
    # policy has no Resource.
    if kind is PolicyType.RESOURCE and evaluation.requires_resource_trust:
        if evaluation.service == "kms":
            statement["Resource"] = "*"
        return statement
    statement["Resource"] = request.resource
    return statement


def _principal(evaluation: Evaluation, policies: Policies) -> dict[str, str]:
    """The caller; of a role session the role, unless a boundary or session policy would then limit it."""
    identity = evaluation.identity
    if identity.kind is PrincipalKind.SERVICE:
        return {"Service": identity.arn}
    limited = policies.permissions_boundary or policies.session
    return {"AWS": identity.arn if limited or not identity.entity else identity.entity}
