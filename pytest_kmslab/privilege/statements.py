"""What a policy has to allow somebody, put together to as few statements as allow exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.authz.principal import PrincipalKind, identify
from pytest_kmslab.authz.variables import VERSION
from pytest_kmslab.privilege.conditions import Conditions, conditions_of, element_of, literal, merged
from pytest_kmslab.privilege.use import Document, PolicySet, Use, policy_owner

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
    """As a policy writes it; in the policy of a key or a role `*`, which is that key or role."""


class Statement(NamedTuple):
    """A statement of an identity-based policy or of a resource's."""

    place: str
    """IDENTITY, or the ARN of the resource whose policy has it."""
    principal: str
    """Whom it names; empty in an identity-based policy."""
    conditions: Conditions
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def document(self) -> Document:
        """The statement as a policy has it."""
        statement: Document = {"Effect": "Allow"}
        if self.place != IDENTITY:
            # A service stands in another member than an account's principals: IAM refuses it under `AWS`.
            is_service = identify(self.principal).kind is PrincipalKind.SERVICE
            statement["Principal"] = {"Service" if is_service else "AWS": self.principal}
        statement["Action"] = _one_or_list(self.actions)
        # A trust policy is about its role, and IAM takes no Resource in one.
        if parts_of(self.place).kind != "role":
            statement["Resource"] = _one_or_list(self.resources)
        if self.conditions:
            statement["Condition"] = element_of(self.conditions)
        return statement


def statements_of(permissions: Iterable[Permission]) -> list[Statement]:
    """As few statements as allow exactly these permissions, in an order that does not depend on theirs."""
    return sorted(_with_merged_conditions(_by_actions(permissions)))


def policies_of(permissions: Iterable[Permission]) -> PolicySet:
    """The policies that hold just these permissions."""
    return PolicySet.of(*documents_of(statements_of(permissions)))


def documents_of(statements: Iterable[Statement]) -> tuple[Document | None, dict[str, Document]]:
    """The identity-based policy, and the policies of resources by their ARNs."""
    places: dict[str, list[Document]] = {}
    for statement in statements:
        places.setdefault(statement.place, []).append(statement.document())
    identity = places.pop(IDENTITY, None)
    return (
        None if identity is None else document_of(identity),
        {place: document_of(found) for place, found in places.items()},
    )


def _by_actions(permissions: Iterable[Permission]) -> Iterator[Statement]:
    """A statement for all resources of which the same actions are needed under the same conditions."""
    actions: dict[tuple[str, str, Conditions, str], set[str]] = {}
    for one in permissions:
        actions.setdefault((one.place, one.principal, one.conditions, one.resource), set()).add(one.action)
    resources: dict[tuple[str, str, Conditions, tuple[str, ...]], list[str]] = {}
    for (place, principal, conditions, resource), found in actions.items():
        resources.setdefault((place, principal, conditions, tuple(sorted(found))), []).append(resource)
    for (place, principal, conditions, named), held in resources.items():
        yield Statement(place, principal, conditions, named, tuple(sorted(held)))


def _with_merged_conditions(statements: Iterable[Statement]) -> list[Statement]:
    """One in place of two that differ in the values of a single condition, as long as there are such two."""
    kept: list[Statement] = []
    for statement in sorted(statements):
        # Whatever was merged may go with a third: each is held against all that are kept so far.
        for index, other in enumerate(kept):
            alike = statement._replace(conditions=()) == other._replace(conditions=())
            both = merged(other.conditions, statement.conditions) if alike else None
            if both is not None:
                kept[index] = other._replace(conditions=both)
                break
        else:
            kept.append(statement)
    return kept


def document_of(statements: list[Document]) -> Document:
    """A policy of these statements."""
    return {"Version": VERSION, "Statement": statements}


def _one_or_list(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)


# What a request needs: a permission in an identity-based policy, in its resource's policy, in both, or
# none.
# No rule of AWS is written down here: the engine is asked which of them lets the request through.


def permissions_of(use: Use) -> tuple[Permission, ...] | None:
    """The permissions by which a request is allowed: the first of the ways to allow it that the engine takes.

    Empty where it needs none; None where no way was found.
    """
    if use.is_allowed_by(PolicySet()):
        return ()
    # An identity-based policy first: it is the caller's own, where a resource may be another's.
    for way in _ways(use):
        if use.is_allowed_by(policies_of(way)):
            return way
    return None


def _ways(use: Use) -> Iterator[tuple[Permission, ...]]:
    request, conditions = use.request, conditions_of(use.request)
    own = Permission(IDENTITY, "", conditions, request.action, pattern_of(request.resource))
    yield (own,)
    # A key that is about to be made has no policy but the one the call brings, which stays as it is.
    if use.brings_its_policy:
        return
    place = policy_owner(request.resource)
    # A table's policy is about its indexes too, each by its own ARN.
    resource = own.resource if ":table/" in place else "*"
    for principal in dict.fromkeys((use.actor, request.principal)):
        theirs = Permission(place, principal, conditions, request.action, resource)
        yield (theirs,)
        yield own, theirs


def pattern_of(resource: str) -> str:
    """A resource as a policy writes it: nothing in it is a wildcard or a variable, but for a last `*`, which
    stands in the resource of a call that is about all of a kind."""
    if resource == "*":
        return resource
    body, last = (resource[:-1], "*") if resource.endswith(("/*", ":*")) else (resource, "")
    return literal(body).replace("*", "${*}").replace("?", "${?}") + last
