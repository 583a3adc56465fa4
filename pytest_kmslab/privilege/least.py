"""The smallest policies that allow what somebody did, and the proof that they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.privilege.proof import Proof, prove
from pytest_kmslab.privilege.statements import (
    Permission,
    documents_of,
    permissions_of,
    policies_of,
    statements_of,
)
from pytest_kmslab.privilege.use import Document, Use, all_allowed


@dataclass(frozen=True, slots=True)
class LeastPrivilege:
    """What somebody needs at least.

    The two kinds of policy belong together: attach the one to the user or role, and add the statements of the
    others to the policies of the resources.
    """

    principal: str
    """The ARN of the user or role."""
    identity_policy: Document | None
    """The identity-based policy that it needs; None where it needs none."""
    resource_policies: dict[str, Document]
    """By the ARN of a resource (a key, a role to assume, a table of another account) a policy whose
    statements its own policy has to have."""
    grants: tuple[str, ...]
    """The ids of grants that allowed something which no policy has to allow while they last."""
    proof: Proof
    """That everything is allowed under these policies, and that nothing of them can be taken out."""
    uses: tuple[Use, ...] = field(default=(), repr=False, compare=False)
    """The requests that were allowed."""
    denials: int = field(default=0, compare=False)
    """How many of its requests were denied; no policy allows those."""

    @property
    def note(self) -> str:
        """Says of somebody who was allowed nothing that nothing is proven; empty of others."""
        if self.uses:
            return ""
        number = "its one request was" if self.denials == 1 else f"all {self.denials} requests were"
        return f"`{self.principal}` was allowed nothing, as {number} denied: there is no policy to be proven"

    def as_json(self) -> dict[str, Any]:
        """All of it, as `json.dumps` takes it."""
        return {
            "principal": self.principal,
            "identity_policy": self.identity_policy,
            "resource_policies": self.resource_policies,
            "grants": list(self.grants),
            "denials": self.denials,
            "proof": self.proof.as_json(),
            **({"note": self.note} if self.note else {}),
        }

    def __str__(self) -> str:
        return json.dumps(self.as_json(), indent=2)


def least_privilege(principal: str, uses: Iterable[Use], denials: int = 0) -> LeastPrivilege:
    """The smallest policies under which everything that one principal did is allowed; `denials` is how many
    of its requests were not."""
    kept = tuple(uses)
    needs = [(use, permissions_of(use)) for use in kept]
    distinct = _distinct(needs)
    permissions = _needed([one for _, found in needs for one in found or ()], distinct)
    statements = statements_of(permissions)
    identity, resources = documents_of(statements)
    # What needs no policy at all was allowed by a grant, which ends some day: it is told.
    grants: set[str] = set()
    for use in (use for use, found in needs if found == ()):
        bare = use.policies._replace(identity=(), resource=use.emptied_resource)
        reasons = authorize(use.request, bare, use.grants).reasons
        grants.update(reason.statement for reason in reasons if reason.policy_type is PolicyType.GRANT)
    proof = prove(statements, kept, distinct)
    return LeastPrivilege(principal, identity, resources, tuple(sorted(grants)), proof, kept, denials)


def _distinct(needs: Sequence[tuple[Use, tuple[Permission, ...] | None]]) -> tuple[Use, ...]:
    """One of all requests that these policies cannot tell apart; a limit may tell them by anything."""
    kept: dict[Any, Use] = {}
    for use, found in needs:
        limits = use.policies._replace(identity=(), resource=None)
        is_limited = any(limits)
        key = (found, use.request.principal, use.request.resource, use.request.action, use.request.grant_id)
        kept.setdefault(id(use) if is_limited or use.brings_its_policy else key, use)
    return tuple(kept.values())


def _needed(permissions: Iterable[Permission], uses: Sequence[Use]) -> list[Permission]:
    """The permissions without those that others make needless: who may use a key directly may do so through
    DynamoDB too. The ones with most conditions are looked at first, so that those with fewer stay."""
    distinct = sorted(set(permissions))
    kept = list(distinct)
    for permission in sorted(distinct, key=lambda one: -len(one.conditions)):
        # Asking the engine costs a decision of every use: it is asked only about permissions that another of
        # the same action, under no more conditions, might be enough for.
        if not any(_covers(other, permission) for other in kept):
            continue
        others = [one for one in kept if one is not permission]
        if all_allowed(uses, policies_of(others)):
            kept = others
    return kept


def _covers(one: Permission, other: Permission) -> bool:
    """Whether a permission could be enough for what another is there for: worth asking the engine."""
    alike = one.action == other.action and one is not other
    return alike and len(one.conditions) <= len(other.conditions)
