"""The text of the trail: one line for a decision, and below a denied one its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_kmslab.authz.decision import Effect, PolicyType, Reason

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry

SHOWN = 20
"""Decisions shown at most for one test; the newest are the ones that led to its failure."""

REASONS = {
    Effect.ALLOW: "{statement} of {policy} allows it",
    Effect.DENY: "{statement} of {policy} denies it",
    Effect.MISSING: "no {kind} allows it",
    Effect.UNREADABLE: "{policy} cannot be read, so it may deny",
}


def describe(entries: Sequence[TrailEntry], shown: int = SHOWN) -> str:
    """The last decisions of a trail, newest last, a denied one with its explanation; no text for none."""
    left_out = len(entries) - shown
    earlier = [f"({left_out} earlier ones are left out)"] if left_out > 0 else []
    return "\n".join([*earlier, *(line for entry in entries[-shown:] for line in _lines(entry))])


def _lines(entry: TrailEntry) -> list[str]:
    if entry.decision.allowed:
        return [f"{headline(entry)}: {reason_text(entry.decision.reasons[0], entry.request.resource)}"]
    return [headline(entry), *(f"    {line}" for line in _explained(entry).splitlines())]


def headline(entry: TrailEntry) -> str:
    """The answer, what was asked for by whom, and in which call via which service; without the reasons.

    ARNs lose what comes before the resource: the same account and Region over and over.
    """
    request, answer = entry.request, entry.decision.decision.value
    asked = f"{answer} {request.action} on {_short(request.resource)} for {_short(request.principal)}"
    if entry.operation == request.action:
        return asked
    return f"{asked} (in {entry.operation}{f', via {entry.via}' if entry.via else ''})"


def one_line(entry: TrailEntry) -> str:
    """A decision in one line: `kms:Decrypt` denied to `user/ana` on `key/1`: no grant allows it."""
    request, decision = entry.request, entry.decision
    answer = "allowed" if decision.allowed else "denied"
    whom = f"`{request.action}` {answer} to `{_short(request.principal)}` on `{_short(request.resource)}`"
    return f"{whom}: {reason_text(decision.reasons[0], request.resource)}" if decision.reasons else whom


def reason_text(reason: Reason, resource: str) -> str:
    """One reason as a clause, such as `no identity-based policy allows it`."""
    kind = reason.policy_type.value
    if reason.policy_type is PolicyType.GRANT and reason.statement:
        return f"grant `{reason.statement}` allows it"
    if reason.effect is Effect.ALLOW and not reason.statement:
        return "the root user needs no policy"
    policy = f"its {kind}" if reason.policy == resource else f"{kind} `{reason.policy}`"
    return REASONS[reason.effect].format(statement=f"`{reason.statement}`", policy=policy, kind=kind)


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _explained(entry: TrailEntry) -> str:
    if entry.policies is None:
        reasons = entry.decision.reasons
        return "\n".join(reason_text(reason, entry.request.resource) for reason in reasons)
    from pytest_kmslab.authz.explain.explanation import explain

    return explain(entry.request, entry.policies, entry.grants, entry.decision)
