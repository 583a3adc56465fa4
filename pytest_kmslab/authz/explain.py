"""A decision as a few lines that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType, Reason
from pytest_kmslab.authz.grant import Grant, grants_to
from pytest_kmslab.authz.misses import Miss, near_misses
from pytest_kmslab.authz.policy import Policies, Policy
from pytest_kmslab.authz.question import Group, Question, bearing, iam_allows
from pytest_kmslab.authz.remedy import Remedy, remedies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.authz.wording import count, label, sort_of

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
    question = Question(request, bounded=policies.permissions_boundary is not None)
    return "\n".join(_lines(question, policies, grants, decision))


def _lines(
    question: Question, policies: Policies, grants: Sequence[Grant], decision: Decision
) -> Iterator[str]:
    yield f"{_OUTCOMES[decision.decision]}: {question.request.action}"
    yield from _asked(question)
    groups = bearing(question, policies)
    errors = {
        (kind, named.name): named.policy.error
        for kind, group in groups
        for named in group
        if named.policy.error
    }
    yield "because"
    yield from (f"  {_phrase(question, reason, errors)}" for reason in decision.reasons)
    yield "looked at"
    yield from _looked_at(question, groups, grants)
    if decision.allowed:
        return
    misses = near_misses(question, policies, grants, decision)
    if decision.decision is Outcome.IMPLICIT_DENY:
        yield from _nearly(question, policies, misses, decision)
    yield "to allow it"
    yield from (f"  {line}" for line in _changes(question, remedies(question, policies, decision), misses))


def _asked(question: Question) -> Iterator[str]:
    request, context = question.request, question.context
    yield f"  by  {request.principal}"
    aliases = context.get("kms:RequestAlias") or context.get("kms:ResourceAliases") or ()
    yield f"  on  {request.resource}" + (f" ({', '.join(aliases)})" if aliases else "")
    if question.service == "kms":
        yield f"  via {', '.join(context.get('kms:ViaService', ())) or 'no service: a direct call'}"


def _phrase(question: Question, reason: Reason, errors: dict[tuple[PolicyType, str], str]) -> str:
    policy = label(question, reason.policy_type, reason.policy)
    if reason.effect is Effect.MISSING:
        return _missing(question, reason.policy_type, policy)
    if reason.effect is Effect.UNREADABLE:
        return f"{policy} cannot be read and may hold a Deny: {errors[reason.policy_type, reason.policy]}"
    if reason.policy_type is PolicyType.GRANT:
        return f"{_grant(reason.policy, reason.statement)} allows it"
    if not reason.statement:
        return "the root user has every permission in its account"
    verb = "denies" if reason.effect is Effect.DENY else "allows"
    return f"`{reason.statement}` of {policy} {verb} it"


def _missing(question: Question, kind: PolicyType, policy: str) -> str:
    if policy not in _SEVERAL:
        return f"the {policy} does not allow it"
    left = kind is PolicyType.IDENTITY and question.gated and question.identity.account == question.account
    resource = sort_of(question, PolicyType.RESOURCE)
    return f"no {policy} allows it" + (f", and the {resource} leaves it to them" if left else "")


def _grant(name: str, grant_id: str) -> str:
    return f"grant `{grant_id or name}`" + (f" ({name})" if name and grant_id else "")


def _looked_at(question: Question, groups: Sequence[Group], grants: Sequence[Grant]) -> Iterator[str]:
    for kind, group in groups:
        for named in group:
            yield f"  {label(question, kind, named.name)}: {_counted(question, named.policy)}"
    if grants:
        held = len(grants_to(question.identity, grants))
        yield f"  {count(len(grants), 'grant')} on the key, {held} to the caller"
    if not groups and not grants:
        yield "  nothing: no policy and no grant bears on it"


def _counted(question: Question, policy: Policy) -> str:
    if policy.error:
        return "cannot be read"
    about = sum(statement.covers_action(question.action) for statement in policy.statements)
    return f"{count(len(policy.statements), 'statement')}, {about} about {question.request.action}"


def _nearly(
    question: Question, policies: Policies, misses: Sequence[Miss], decision: Decision
) -> Iterator[str]:
    lines = [*_void(question, policies, decision), *(_miss(question, miss) for miss in misses)]
    if lines:
        yield "nearly"
        yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"


def _void(question: Question, policies: Policies, decision: Decision) -> Iterator[str]:
    """The statements of IAM policies that match and have no effect, for want of the key policy's trust."""
    untrusted = any(
        reason.policy_type is PolicyType.RESOURCE and reason.effect is Effect.MISSING
        for reason in decision.reasons
    )
    if untrusted and question.gated and policies.resource and question.identity.entity:
        sort = sort_of(question, PolicyType.RESOURCE)
        within = question.identity.account == question.account
        why = f"the {sort} does not leave this to IAM policies"
        if not within:
            why = f"across accounts the {sort} must allow it too"
        for reason in iam_allows(question, policies) if question.may_cross else ():
            statement = f"`{reason.statement}` of {reason.policy_type.value} `{reason.policy}`"
            yield f"{statement} matches but has no effect: {why}"


def _miss(question: Question, miss: Miss) -> str:
    if miss.policy_type is PolicyType.GRANT:
        return f"{_grant(miss.policy, miss.statement)}: {miss.element}: {miss.why}"
    policy = label(question, miss.policy_type, miss.policy)
    return f"`{miss.statement}` of {policy}: {miss.element}: {miss.why}"


def _changes(question: Question, needed: Sequence[Remedy], misses: Sequence[Miss]) -> Iterator[str]:
    """Every change that is needed; or, where one is, naming the caller where others are named already."""
    for index, remedy in enumerate(needed):
        yield ("and " if index else "") + _change(remedy)
    instead = [
        f"or name the caller in the Principal of `{miss.statement}` of the {label(question, *_policy(miss))}"
        for miss in misses
        if miss.policy_type is PolicyType.RESOURCE and miss.element == "Principal"
    ]
    if len(needed) == 1 and needed[0].statement and _by_name(question, needed[0].policy_type):
        yield from instead[:1]


def _by_name(question: Question, lacking: PolicyType) -> bool:
    """Whether a resource policy that named the caller would do in place of what is lacking."""
    within = question.identity.account == question.account
    return lacking is PolicyType.RESOURCE or (lacking is PolicyType.IDENTITY and within)


def _policy(miss: Miss) -> tuple[PolicyType, str]:
    return miss.policy_type, miss.policy


def _change(remedy: Remedy) -> str:
    if remedy.statement is None:
        return remedy.place
    return f"add to {remedy.place}: {json.dumps(remedy.statement, ensure_ascii=False)}"
