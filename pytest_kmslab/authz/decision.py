"""What the engine answers: a decision and the reasons for it, as data; `explain` makes text of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class Outcome(str, Enum):
    """AWS's own three answers (EvalDecision of iam:SimulateCustomPolicy)."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class PolicyType(str, Enum):
    """The kinds of policy that take part; the values are the words AWS's denial texts use."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    PERMISSIONS_BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    VPC_ENDPOINT = "VPC endpoint policy"
    GRANT = "grant"

    # Enum's own hash is written in Python, and reasons are looked up by it for every decision.
    __hash__ = str.__hash__


class Effect(str, Enum):
    """How a reason bears on the decision."""

    ALLOW = "Allow"
    DENY = "Deny"
    MISSING = "missing"
    """No statement of this policy type allows the request, and one had to."""
    UNREADABLE = "unreadable"
    """The policy could not be parsed; it may hold a Deny, so the request is denied."""

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided: a statement, a grant, or the lack of one."""

    policy_type: PolicyType
    """The type of the policy."""
    effect: Effect
    """How it bears on the decision."""
    policy: str = ""
    """The policy's name, or the ARN of the resource it is attached to; empty where an Allow is missing."""
    statement: str = ""
    """The Sid of the statement, or `Statement[n]` (from 0), or the id of a grant; empty where an Allow
    is missing."""


@lru_cache(maxsize=8192)
def reason(kind: PolicyType, effect: Effect, policy: str = "", statement: str = "") -> Reason:
    """A Reason; the same one for the same values."""
    return Reason(kind, effect, policy, statement)


class Decision(NamedTuple):
    """The answer to one request, with every reason that led to it, the deciding one first."""

    decision: Outcome
    """AWS's word for the answer."""
    reasons: tuple[Reason, ...]
    """What decided; of an allowed request, what gave the permission."""

    @property
    def allowed(self) -> bool:
        """Whether the request goes through."""
        return self.decision is Outcome.ALLOWED
