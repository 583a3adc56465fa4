"""One thing that a policy has to allow somebody."""

from __future__ import annotations

from typing import NamedTuple

from pytest_kmslab.privilege.conditions import Conditions

IDENTITY = ""
"""The place of what an identity-based policy has to allow; any other place is the ARN of a resource."""


class Permission(NamedTuple):
    """One action on one resource that a policy has to allow somebody."""

    place: str
    """IDENTITY, or the ARN of the resource whose policy allows it."""
    principal: str
    """Whom a resource's policy names; empty in an identity-based policy."""
    conditions: Conditions
    action: str
    resource: str
    """As a policy writes it; in the policy of a resource `*`, which is that resource."""
