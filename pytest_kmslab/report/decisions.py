"""The text of the trail: one line for a decision, and for a denied one every reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_kmslab.authz.decision import Effect, Reason

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.trail import Entry

SHOWN = 20
"""Decisions shown at most for one test; the newest are the ones that led to its failure."""

REASONS = {
    Effect.ALLOW: "{statement} of {policy} allows it",
    Effect.DENY: "{statement} of {policy} denies it",
    Effect.MISSING: "no {kind} allows it",
    Effect.UNREADABLE: "{policy} cannot be read, so it may deny",
}


def describe(entries: Sequence[Entry], shown: int = SHOWN) -> str:
    """The last decisions of a trail, newest last, a denied one with all its reasons; no text for none."""
    left_out = len(entries) - shown
    earlier = [f"({left_out} earlier ones are left out)"] if left_out > 0 else []
    return "\n".join([*earlier, *(line for entry in entries[-shown:] for line in _lines(entry))])


def _lines(entry: Entry) -> list[str]:
    if entry.decision.allowed:
        return [f"{headline(entry)}: {reason_text(entry.decision.reasons[0])}"]
    return [headline(entry), *(f"    {line}" for line in _explained(entry).splitlines())]


def headline(entry: Entry) -> str:
    """Who asked for what, in which call, via which service, and the answer; without the reasons."""
    request = entry.request
    via = f", asked by {entry.via} as the caller" if entry.via else ""
    answer = entry.decision.decision.value
    return f"{answer} {request.action} on {request.resource} for {request.principal} ({entry.operation}{via})"


def reason_text(reason: Reason) -> str:
    """One reason as a clause, such as `no identity-based policy allows it`."""
    kind = reason.policy_type.value
    policy = f"{kind} `{reason.policy}`" if reason.policy else kind
    return REASONS[reason.effect].format(statement=f"`{reason.statement}`", policy=policy, kind=kind)


def _explained(entry: Entry) -> str:
    return "\n".join(reason_text(reason) for reason in entry.decision.reasons)
