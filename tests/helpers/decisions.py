"""Short ways to say what is decided, and to expect it."""

from __future__ import annotations

from typing import Any

from helpers.factories import (
    KEY,
    ROOT,
    allow,
    named,
    to,
)
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Decision, Outcome, PolicyType
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request

IDENTITY, RESOURCE, BOUNDARY = PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.PERMISSIONS_BOUNDARY
SESSION_POLICY, SCP, RCP = PolicyType.SESSION, PolicyType.SERVICE_CONTROL, PolicyType.RESOURCE_CONTROL
ENDPOINT = PolicyType.VPC_ENDPOINT
ALL = named(allow(Sid="All"), name="all")
NOTHING = named(allow("s3:GetObject"), name="narrow")
TRUST = to(ROOT, Sid="Trust")


def decide(request: Request, **policies: Any) -> Decision:
    """What is decided with these policies, given by their field."""
    return authorize(request, Policies(**policies))


def key(*statements: dict[str, Any]) -> NamedPolicy:
    return named(*statements, name=KEY)


def outcome(decision: Decision) -> tuple[Outcome, list[PolicyType]]:
    return decision.decision, [reason.policy_type for reason in decision.reasons]


def lacking(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.IMPLICIT_DENY, list(kinds)


def allowed(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.ALLOWED, list(kinds)


def denied(*kinds: PolicyType) -> tuple[Outcome, list[PolicyType]]:
    return Outcome.EXPLICIT_DENY, list(kinds)
