"""A decision as a few lines that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pytest_kmslab.authz.authorize import iam_allow_reasons
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.near_misses import NearMiss, near_misses
from pytest_kmslab.authz.explain.suggestions import Suggestion, count, label, policy_word, suggestions
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
    """The decision in words: what was asked, by whom and via which service; what decided; every policy that
    was looked at; and for a denial the near misses, each with the one element that did not match, and the
    smallest change that would allow the request.

    The same arguments give the same text. It does not end in a newline.
    """
    evaluation = Evaluation(request, bounded=policies.permissions_boundary is not None)
    groups = applicable_policies(evaluation, policies)
    lines = [
        f"{_OUTCOMES[decision.decision]}: {request.action}",
        *_request_lines(evaluation),
        *_reason_lines(evaluation, groups, decision),
        *_policy_lines(evaluation, groups, grants),
    ]
    if not decision.allowed:
        nearest = near_misses(evaluation, policies, grants, decision)
        # No near miss would have helped against a Deny.
        if decision.decision is Outcome.IMPLICIT_DENY:
            lines += _near_miss_lines(evaluation, policies, nearest, decision)
        needed = suggestions(evaluation, policies, decision)
        lines += ["to allow it", *(f"  {line}" for line in _changes(evaluation, needed, nearest))]
    return "\n".join(lines)


def _request_lines(evaluation: Evaluation) -> Iterator[str]:
    request, context = evaluation.request, evaluation.context
    yield f"  by  {request.principal}"
    aliases = context.get("kms:RequestAlias") or context.get("kms:ResourceAliases") or ()
    yield f"  on  {request.resource}" + (f" ({', '.join(aliases)})" if aliases else "")
    if evaluation.service == "kms":
        yield f"  via {', '.join(context.get('kms:ViaService', ())) or 'no service: a direct call'}"


def _reason_lines(evaluation: Evaluation, groups: Sequence[Group], decision: Decision) -> Iterator[str]:
    errors = {
        (kind, named_policy.name): named_policy.policy.error
        for kind, group in groups
        for named_policy in group
        if named_policy.policy.error
    }
    yield "because"
    for reason in decision.reasons:
        yield f"  {_reason_text(evaluation, reason, errors)}"


def _reason_text(evaluation: Evaluation, reason: Reason, errors: dict[tuple[PolicyType, str], str]) -> str:
    policy = label(evaluation, reason.policy_type, reason.policy)
    if reason.effect is Effect.MISSING:
        return _missing_text(evaluation, reason.policy_type, policy)
    if reason.effect is Effect.UNREADABLE:
        return f"{policy} cannot be read and may hold a Deny: {errors[reason.policy_type, reason.policy]}"
    if reason.policy_type is PolicyType.GRANT:
        return f"{_grant_label(reason.policy, reason.statement)} allows it"
    if not reason.statement:
        return "the root user has every permission in its account"
    verb = "denies" if reason.effect is Effect.DENY else "allows"
    return f"`{reason.statement}` of {policy} {verb} it"


def _missing_text(evaluation: Evaluation, kind: PolicyType, policy: str) -> str:
    if policy not in _SEVERAL:
        return f"the {policy} does not allow it"
    # An identity-based policy is missing in the key's own account only where the key policy trusts them.
    within = evaluation.identity.account == evaluation.account
    if kind is PolicyType.IDENTITY and evaluation.requires_resource_trust and within:
        resource_policy = policy_word(evaluation, PolicyType.RESOURCE)
        return f"no {policy} allows it, and the {resource_policy} delegates to IAM policies"
    return f"no {policy} allows it"


def _grant_label(name: str, grant_id: str) -> str:
    return f"grant `{grant_id or name}`" + (f" ({name})" if name and grant_id else "")


def _policy_lines(evaluation: Evaluation, groups: Sequence[Group], grants: Sequence[Grant]) -> Iterator[str]:
    yield "looked at"
    for kind, group in groups:
        for named_policy in group:
            counted = _counted(evaluation, named_policy.policy)
            yield f"  {label(evaluation, kind, named_policy.name)}: {counted}"
    if grants:
        to_caller = len(grants_to(evaluation.identity, grants))
        yield f"  {count(len(grants), 'grant')} on the key, {to_caller} to the caller"
    if not groups and not grants:
        yield "  nothing: no policy and no grant applies to it"


def _counted(evaluation: Evaluation, policy: Policy) -> str:
    if policy.error:
        return "cannot be read"
    about = sum(statement.covers_action(evaluation.action) for statement in policy.statements)
    return f"{count(len(policy.statements), 'statement')}, {about} about {evaluation.request.action}"


def _near_miss_lines(
    evaluation: Evaluation, policies: Policies, nearest: Sequence[NearMiss], decision: Decision
) -> Iterator[str]:
    lines = [
        *_allows_without_effect(evaluation, policies, decision),
        *(_near_miss_text(evaluation, near_miss) for near_miss in nearest),
    ]
    if lines:
        yield "nearly"
        yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"


def _allows_without_effect(evaluation: Evaluation, policies: Policies, decision: Decision) -> Iterator[str]:
    """The Allow statements of IAM policies that match and have no effect, because the key policy does not
    trust IAM policies with the request."""
    untrusted = any(
        reason.policy_type is PolicyType.RESOURCE and reason.effect is Effect.MISSING
        for reason in decision.reasons
    )
    if not (untrusted and evaluation.requires_resource_trust and policies.resource):
        return
    if not (evaluation.identity.entity and evaluation.cross_account_allowed):
        return
    word = policy_word(evaluation, PolicyType.RESOURCE)
    if evaluation.identity.account == evaluation.account:
        why = f"the {word} does not delegate this to IAM policies"
    else:
        why = f"across accounts the {word} must allow it too"
    for reason in iam_allow_reasons(evaluation, policies):
        statement = f"`{reason.statement}` of {reason.policy_type.value} `{reason.policy}`"
        yield f"{statement} matches but has no effect: {why}"


def _near_miss_text(evaluation: Evaluation, near_miss: NearMiss) -> str:
    if near_miss.policy_type is PolicyType.GRANT:
        return f"{_grant_label(near_miss.policy, near_miss.statement)}: {near_miss.element}: {near_miss.why}"
    policy = label(evaluation, near_miss.policy_type, near_miss.policy)
    return f"`{near_miss.statement}` of {policy}: {near_miss.element}: {near_miss.why}"


def _changes(
    evaluation: Evaluation, needed: Sequence[Suggestion], nearest: Sequence[NearMiss]
) -> Iterator[str]:
    """Every change that is needed; and where one is, the shorter one of naming the caller in a statement
    that names others already."""
    for index, suggestion in enumerate(needed):
        change = suggestion.place
        if suggestion.statement is not None:
            change = f"add to {change}: {json.dumps(suggestion.statement, ensure_ascii=False)}"
        yield f"and {change}" if index else change
    if len(needed) != 1 or not needed[0].statement or not _naming_helps(evaluation, needed[0].policy_type):
        return
    for near_miss in nearest:
        if near_miss.policy_type is PolicyType.RESOURCE and near_miss.element == "Principal":
            policy = label(evaluation, near_miss.policy_type, near_miss.policy)
            yield f"or name the caller in the Principal of `{near_miss.statement}` of the {policy}"
            return


def _naming_helps(evaluation: Evaluation, missing: PolicyType) -> bool:
    """Whether a resource policy that named the caller would do in place of the policy that is missing."""
    within = evaluation.identity.account == evaluation.account
    return missing is PolicyType.RESOURCE or (missing is PolicyType.IDENTITY and within)
