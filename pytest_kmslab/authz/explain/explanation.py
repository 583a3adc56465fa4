"""A decision as a few lines that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pytest_kmslab.authz.authorize import iam_allow_reasons
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.near_misses import NearMiss, near_misses
from pytest_kmslab.authz.explain.suggestions import Suggestion, suggestions
from pytest_kmslab.authz.explain.wording import count, label, sort_of
from pytest_kmslab.authz.grant import Grant, grants_to
from pytest_kmslab.authz.guardrails import Group, applicable_policies
from pytest_kmslab.authz.policy import Policies, Policy
from pytest_kmslab.authz.request import Request

_SHOWN = 5
"""Near misses that a text shows."""
_OUTCOMES = {
    Outcome.ALLOWED: "allowed",
    Outcome.EXPLICIT_DENY: "denied by an explicit Deny",
    Outcome.IMPLICIT_DENY: "denied",
}
_SEVERAL = frozenset(
    kind.value
    for kind in (
        PolicyType.IDENTITY,
        PolicyType.RESOURCE,
        PolicyType.SESSION,
        PolicyType.SERVICE_CONTROL,
        PolicyType.RESOURCE_CONTROL,
    )
)
"""The policies of which a request can have several, or none."""


def explain(request: Request, policies: Policies, grants: Sequence[Grant], decision: Decision) -> str:
    """What was asked, of what, by whom and via which service; what decided; every policy that was looked
    at; for a denial the near misses, each with the one element that did not match, and the smallest
    change that would allow the request. The same arguments give the same text; no newline at the end."""
    evaluation = Evaluation(request, bounded=policies.permissions_boundary is not None)
    return "\n".join(_lines(evaluation, policies, grants, decision))


def _lines(
    evaluation: Evaluation, policies: Policies, grants: Sequence[Grant], decision: Decision
) -> Iterator[str]:
    yield f"{_OUTCOMES[decision.decision]}: {evaluation.request.action}"
    yield from _asked(evaluation)
    groups = applicable_policies(evaluation, policies)
    errors = {
        (kind, named.name): named.policy.error
        for kind, group in groups
        for named in group
        if named.policy.error
    }
    yield "because"
    yield from (f"  {_phrase(evaluation, reason, errors)}" for reason in decision.reasons)
    yield "looked at"
    yield from _looked_at(evaluation, groups, grants)
    if decision.allowed:
        return
    nearest = near_misses(evaluation, policies, grants, decision)
    if decision.decision is Outcome.IMPLICIT_DENY:
        yield from _nearly(evaluation, policies, nearest, decision)
    yield "to allow it"
    yield from (
        f"  {line}" for line in _changes(evaluation, suggestions(evaluation, policies, decision), nearest)
    )


def _asked(evaluation: Evaluation) -> Iterator[str]:
    request, context = evaluation.request, evaluation.context
    yield f"  by  {request.principal}"
    aliases = context.get("kms:RequestAlias") or context.get("kms:ResourceAliases") or ()
    yield f"  on  {request.resource}" + (f" ({', '.join(aliases)})" if aliases else "")
    if evaluation.service == "kms":
        yield f"  via {', '.join(context.get('kms:ViaService', ())) or 'no service: a direct call'}"


def _phrase(evaluation: Evaluation, reason: Reason, errors: dict[tuple[PolicyType, str], str]) -> str:
    policy = label(evaluation, reason.policy_type, reason.policy)
    if reason.effect is Effect.MISSING:
        return _missing(evaluation, reason.policy_type, policy)
    if reason.effect is Effect.UNREADABLE:
        return f"{policy} cannot be read and may hold a Deny: {errors[reason.policy_type, reason.policy]}"
    if reason.policy_type is PolicyType.GRANT:
        return f"{_grant(reason.policy, reason.statement)} allows it"
    if not reason.statement:
        return "the root user has every permission in its account"
    verb = "denies" if reason.effect is Effect.DENY else "allows"
    return f"`{reason.statement}` of {policy} {verb} it"


def _missing(evaluation: Evaluation, kind: PolicyType, policy: str) -> str:
    if policy not in _SEVERAL:
        return f"the {policy} does not allow it"
    left = (
        kind is PolicyType.IDENTITY
        and evaluation.requires_resource_trust
        and evaluation.identity.account == evaluation.account
    )
    resource = sort_of(evaluation, PolicyType.RESOURCE)
    return f"no {policy} allows it" + (f", and the {resource} leaves it to them" if left else "")


def _grant(name: str, grant_id: str) -> str:
    return f"grant `{grant_id or name}`" + (f" ({name})" if name and grant_id else "")


def _looked_at(evaluation: Evaluation, groups: Sequence[Group], grants: Sequence[Grant]) -> Iterator[str]:
    for kind, group in groups:
        for named in group:
            yield f"  {label(evaluation, kind, named.name)}: {_counted(evaluation, named.policy)}"
    if grants:
        held = len(grants_to(evaluation.identity, grants))
        yield f"  {count(len(grants), 'grant')} on the key, {held} to the caller"
    if not groups and not grants:
        yield "  nothing: no policy and no grant bears on it"


def _counted(evaluation: Evaluation, policy: Policy) -> str:
    if policy.error:
        return "cannot be read"
    about = sum(statement.covers_action(evaluation.action) for statement in policy.statements)
    return f"{count(len(policy.statements), 'statement')}, {about} about {evaluation.request.action}"


def _nearly(
    evaluation: Evaluation, policies: Policies, nearest: Sequence[NearMiss], decision: Decision
) -> Iterator[str]:
    lines = [*_void(evaluation, policies, decision), *(_miss(evaluation, near_miss) for near_miss in nearest)]
    if lines:
        yield "nearly"
        yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"


def _void(evaluation: Evaluation, policies: Policies, decision: Decision) -> Iterator[str]:
    """The statements of IAM policies that match and have no effect, for want of the key policy's trust."""
    untrusted = any(
        reason.policy_type is PolicyType.RESOURCE and reason.effect is Effect.MISSING
        for reason in decision.reasons
    )
    if untrusted and evaluation.requires_resource_trust and policies.resource and evaluation.identity.entity:
        sort = sort_of(evaluation, PolicyType.RESOURCE)
        within = evaluation.identity.account == evaluation.account
        why = f"the {sort} does not leave this to IAM policies"
        if not within:
            why = f"across accounts the {sort} must allow it too"
        for reason in iam_allow_reasons(evaluation, policies) if evaluation.cross_account_allowed else ():
            statement = f"`{reason.statement}` of {reason.policy_type.value} `{reason.policy}`"
            yield f"{statement} matches but has no effect: {why}"


def _miss(evaluation: Evaluation, near_miss: NearMiss) -> str:
    if near_miss.policy_type is PolicyType.GRANT:
        return f"{_grant(near_miss.policy, near_miss.statement)}: {near_miss.element}: {near_miss.why}"
    policy = label(evaluation, near_miss.policy_type, near_miss.policy)
    return f"`{near_miss.statement}` of {policy}: {near_miss.element}: {near_miss.why}"


def _changes(
    evaluation: Evaluation, needed: Sequence[Suggestion], nearest: Sequence[NearMiss]
) -> Iterator[str]:
    """Every change that is needed; or, where one is, naming the caller where others are named already."""
    for index, suggestion in enumerate(needed):
        yield ("and " if index else "") + _change(suggestion)
    instead = [
        f"or name the caller in the Principal of `{near_miss.statement}` "
        f"of the {label(evaluation, *_policy(near_miss))}"
        for near_miss in nearest
        if near_miss.policy_type is PolicyType.RESOURCE and near_miss.element == "Principal"
    ]
    if len(needed) == 1 and needed[0].statement and _by_name(evaluation, needed[0].policy_type):
        yield from instead[:1]


def _by_name(evaluation: Evaluation, lacking: PolicyType) -> bool:
    """Whether a resource policy that named the caller would do in place of what is lacking."""
    within = evaluation.identity.account == evaluation.account
    return lacking is PolicyType.RESOURCE or (lacking is PolicyType.IDENTITY and within)


def _policy(near_miss: NearMiss) -> tuple[PolicyType, str]:
    return near_miss.policy_type, near_miss.policy


def _change(suggestion: Suggestion) -> str:
    if suggestion.statement is None:
        return suggestion.place
    return f"add to {suggestion.place}: {json.dumps(suggestion.statement, ensure_ascii=False)}"
