"""Which statements a decision rests on: those that denied, and those without which it would not be allowed.

A decision's reasons name the statements that gave the permission. A permissions boundary, a session policy or
an organization's policy gives none, and still each of them had to allow the request: those are found by
asking again with nothing in their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision, Effect, Outcome, PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.guardrails import applicable_policies
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.authz.statement import Statement

_GIVING = (PolicyType.IDENTITY, PolicyType.RESOURCE)
"""The policy types whose statements give a permission, and are named by a decision's reasons."""
_GUARDRAILS = (PolicyType.RESOURCE_CONTROL, PolicyType.SERVICE_CONTROL, PolicyType.VPC_ENDPOINT)
"""The policy types that must allow every request to which they apply."""
_NOTHING = NamedPolicy("", Policy(version="2012-10-17", id="", statements=()))


@dataclass(frozen=True, slots=True)
class DecidingStatement:
    """A statement that a decision rests on."""

    policy_type: PolicyType
    """The type of its policy."""
    policy: NamedPolicy
    """Its policy."""
    index: int
    """Its place in the policy, from 0: two statements may have one Sid."""

    @property
    def statement(self) -> Statement:
        """The statement itself."""
        return self.policy.policy.statements[self.index]


def deciding_statements(
    request: Request, policies: Policies, grants: Sequence[Grant], decision: Decision
) -> list[DecidingStatement]:
    """The statements that a decision of `authorize` rests on; none where an Allow was missing."""
    if decision.decision is Outcome.IMPLICIT_DENY:
        return []
    evaluation = Evaluation(request, bounded=policies.permissions_boundary is not None)
    wanted = Effect.DENY if decision.decision is Outcome.EXPLICIT_DENY else Effect.ALLOW
    decisive = {
        (cause.policy_type, cause.policy, cause.statement)
        for cause in decision.reasons
        if cause.effect is wanted
    }
    return [
        match
        for match in _matching(evaluation, policies, denies=wanted is Effect.DENY)
        if (match.policy_type, match.policy.name, match.statement.name) in decisive
        or (wanted is Effect.ALLOW and _is_needed(match.policy_type, request, policies, grants))
    ]


def _matching(evaluation: Evaluation, policies: Policies, *, denies: bool) -> Iterator[DecidingStatement]:
    """The statements of one Effect that apply to a request."""
    for kind, group in applicable_policies(evaluation, policies):
        for named_policy in group:
            relevant = named_policy.policy.relevant(evaluation.action)
            matches = evaluation.matching(relevant.denies if denies else relevant.allows, kind)
            matched = {id(statement) for _, statement in matches}
            for index, statement in enumerate(named_policy.policy.statements):
                if id(statement) in matched:
                    yield DecidingStatement(kind, named_policy, index)


def _is_needed(kind: PolicyType, request: Request, policies: Policies, grants: Sequence[Grant]) -> bool:
    """Whether a policy type that only limits had to allow an allowed request."""
    if kind in _GIVING or kind in _GUARDRAILS:
        return kind in _GUARDRAILS
    # A boundary or a session policy need not where the resource's policy names the caller, or a grant does.
    # One that allows nothing limits as the other would: with it in place of either it is seen.
    return not authorize(request, policies._replace(session=(_NOTHING,)), grants).allowed
