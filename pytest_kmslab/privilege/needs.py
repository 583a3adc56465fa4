"""What a request needs: a permission in an identity-based policy, in its resource's policy, in both, or none.

No rule of AWS is written down here: the engine is asked which of them lets the request through.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_kmslab.privilege.conditions import conditions_of, literal
from pytest_kmslab.privilege.statements import IDENTITY, Permission, policies_of
from pytest_kmslab.privilege.use import PolicySet, Use


def permissions_of(use: Use) -> tuple[Permission, ...] | None:
    """The permissions by which a request is allowed: the first of the ways to allow it that the engine takes.

    Empty where it needs none; None where no way was found.
    """
    if use.is_allowed_by(PolicySet()):
        return ()
    for way in _ways(use):
        if use.is_allowed_by(policies_of(way)):
            return way
    return None


def _ways(use: Use) -> Iterator[tuple[Permission, ...]]:
    request, conditions = use.request, conditions_of(use.request)
    own = Permission(IDENTITY, "", conditions, request.action, pattern_of(request.resource))
    yield (own,)
    if use.brings_its_policy:
        return
    for principal in dict.fromkeys((use.actor, request.principal)):
        theirs = Permission(request.resource, principal, conditions, request.action, "*")
        yield (theirs,)
        yield own, theirs


def pattern_of(resource: str) -> str:
    """A resource as a policy writes it: nothing in it is a wildcard or a variable, but for a last `*`, which
    stands in the resource of a call that is about all of a kind."""
    if resource == "*":
        return resource
    body, last = (resource[:-1], "*") if resource.endswith(("/*", ":*")) else (resource, "")
    return literal(body).replace("*", "${*}").replace("?", "${?}") + last
