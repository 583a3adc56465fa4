"""Authorization cases: a request, every policy and grant that applies to it, and the decision AWS takes."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision, Effect, Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request

_DECIDING = {Outcome.ALLOWED: Effect.ALLOW, Outcome.EXPLICIT_DENY: Effect.DENY}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects of its decision."""

    decision: Outcome
    """The decision that AWS takes."""
    matched: frozenset[str] | None = None
    """The statements and grants that it rests on; None where the case does not say."""

    def holds_for(self, decision: Decision) -> bool:
        """Whether the decision is the expected one and, where said, rests on the expected statements."""
        if decision.decision is not self.decision:
            return False
        # Exactly these: a case that names one of two Allows would hold when the other is taken away.
        return self.matched is None or self.matched == matched_statements(decision)


@dataclass(frozen=True, slots=True)
class Case:
    """One authorization case."""

    name: str
    """What the case shows."""
    request: Request
    """Who asks for what."""
    policies: Policies
    """Every policy that applies to the request."""
    grants: tuple[Grant, ...] = ()
    """The grants on the key asked for."""
    expect: Expectation | None = None
    """What AWS decides; None where the case only asks."""
    source: str = ""
    """The AWS page, or the record of a run on AWS, that says so; empty where the case names none."""
    verified: str | None = None
    """The date on which it was last seen on AWS, as YYYY-MM-DD; None where it never was."""

    def decide(self) -> Decision:
        """What the engine answers."""
        return authorize(self.request, self.policies, self.grants)


def matched_statements(decision: Decision) -> frozenset[str]:
    """The statements (Sid, or `Statement[n]`) and grants (by id) that allowed or denied; none of
    them where the request is denied for want of an Allow."""
    # A request that nothing allows rests on no statement, though reasons name the policies that lack one.
    effect = _DECIDING.get(decision.decision)
    return frozenset(reason.statement for reason in decision.reasons if reason.effect is effect)
