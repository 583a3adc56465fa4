"""The text of the trail: one line for a decision, and below a denied one its explanation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_kmslab.authz.arn import name_in, resource_of
from pytest_kmslab.authz.decision import Effect, PolicyType, Reason
from pytest_kmslab.enforcement.entry import Origin
from pytest_kmslab.lab.naming import OURS

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry

SHOWN = 20
"""Decisions shown at most for one test; the newest are the ones that led to its failure."""

NARROWEST = 40
"""Columns to which a text is folded at least."""

REASONS = {
    Effect.ALLOW: "{statement} of {policy} allows it",
    Effect.DENY: "{statement} of {policy} denies it",
    Effect.MISSING: "no {kind} allows it",
    Effect.UNREADABLE: "{policy} cannot be read, so it may deny",
}


SECTION = "kmslab decisions"
"""The heading under which a failed test's decisions stand in its report."""


def own_decisions(entries: Sequence[TrailEntry], when: str) -> list[TrailEntry]:
    """The decisions of a test that explain why this phase of it failed (`setup`, `call` or `teardown`).

    Of the body of a test those that its own code led to, of fixtures theirs too; and what the lab or a
    fixture was denied, which explains a failure anywhere.
    """
    wanted = {Origin.TEST} if when == "call" else {Origin.TEST, Origin.FIXTURE}
    return [entry for entry in entries if entry.origin in wanted or not entry.decision.allowed]


def describe(entries: Sequence[TrailEntry], shown: int = SHOWN, left_out: int = 0) -> str:
    """The last decisions of a trail, newest last, a denied one with its explanation; no text for none.

    An explanation stands once, also of what was asked several times. `left_out` is how many others were made
    in set-up.
    """
    explained: set[str] = set()
    earlier = len(entries) - shown
    notes = [f"({left_out} of fixtures and of the lab are left out)"] if left_out else []
    notes += [f"({earlier} earlier ones are left out)"] if earlier > 0 else []
    return "\n".join([*notes, *(line for entry in entries[-shown:] for line in _lines(entry, explained))])


def fold(text: str, width: int) -> str:
    """The text in lines no wider than this, but for words that are longer; what goes on is set in."""
    return "\n".join(part for line in text.splitlines() for part in _folded(line, max(width, NARROWEST)))


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    parts = textwrap.wrap(
        line,
        width,
        subsequent_indent=f"{indent}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    if len(parts) > 1 and " " not in parts[0].strip():  # `by` alone, before an ARN that is too long anyway
        parts[:2] = [f"{parts[0]}  {parts[1].strip()}"]
    return parts


def _lines(entry: TrailEntry, explained: set[str]) -> list[str]:
    if entry.decision.allowed:
        return [f"{headline(entry)}: {reason_text(entry.decision.reasons[0], entry.request.resource)}"]
    explanation = explanation_of(entry)
    if explanation in explained:
        return [f"{headline(entry)}: as explained above"]
    explained.add(explanation)
    return [headline(entry), *(f"    {line}" for line in explanation.splitlines())]


def headline(entry: TrailEntry) -> str:
    """The answer, what was asked for by whom, and in which call via which service; without the reasons.

    ARNs lose what comes before the resource: the same account and Region over and over.
    """
    request, answer = entry.request, entry.decision.decision.value
    asked = (
        f"{answer} {request.action} on {resource_of(request.resource)} for {resource_of(request.principal)}"
    )
    if entry.operation == request.action:
        return asked
    return f"{asked} (in {entry.operation}{f', via {entry.via}' if entry.via else ''})"


def one_line(entry: TrailEntry) -> str:
    """A decision in one line: `kms:Decrypt` denied to `user/ana` on `key/1`: no grant allows it."""
    request, decision = entry.request, entry.decision
    answer = "allowed" if decision.allowed else "denied"
    what, whom = resource_of(request.resource), resource_of(request.principal)
    asked = f"`{request.action}` {answer} to `{whom}` on `{what}`"
    return f"{asked}: {reason_text(decision.reasons[0], request.resource)}" if decision.reasons else asked


def failure_text(entry: TrailEntry) -> str:
    """A denial in a line short enough for the summary of a run: kms:Decrypt denied to mounika: no grant
    allows it. Names lose what the lab adds to make them unique."""
    request, reasons = entry.request, entry.decision.reasons
    # `assumed-role/ROLE/SESSION` names the role first; a user's or role's own name comes after its path.
    kind, _, path = resource_of(request.principal).partition("/")
    name = path.partition("/")[0] if kind == "assumed-role" else name_in(path)
    denied = f"{request.action} denied to {OURS.sub('', name or kind)}"
    return f"{denied}: {reason_text(reasons[0], request.resource)}" if reasons else denied


def reason_text(reason: Reason, resource: str) -> str:
    """One reason as a clause, such as `no identity-based policy allows it`."""
    kind = reason.policy_type.value
    # A grant has no statements: its id stands in their place.
    if reason.policy_type is PolicyType.GRANT and reason.statement:
        return f"grant `{reason.statement}` allows it"
    if reason.effect is Effect.ALLOW and not reason.statement:
        return "the root user needs no policy"
    policy = f"its {kind}" if reason.policy == resource else f"{kind} `{reason.policy}`"
    return REASONS[reason.effect].format(statement=f"`{reason.statement}`", policy=policy, kind=kind)


def explanation_of(entry: TrailEntry) -> str:
    """Why a decision was made so, in several lines; of one without its policies the reasons alone."""
    if entry.policies is None:
        reasons = entry.decision.reasons
        return "\n".join(reason_text(reason, entry.request.resource) for reason in reasons)
    from pytest_kmslab.authz.explain.explanation import explain

    return explain(entry.request, entry.policies, entry.grants, entry.decision)
