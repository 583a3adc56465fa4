"""KMS grants: they only ever allow.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.principal import Identity, PrincipalKind

_CONTEXT_PREFIX = "kms:encryptioncontext:"
_EQUALS = "EncryptionContextEquals"
_UNCONSTRAINED = frozenset(("DescribeKey", "RetireGrant", "GetPublicKey"))
"""Operations without an encryption context, which constraints do not limit."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant on a KMS key, with the fields of `ListGrants`."""

    grantee_principal: str
    """Who has the permission: an ARN, or a service principal."""
    operations: frozenset[str]
    """The KMS operations it allows."""
    grant_id: str = ""
    """Its id, by which it is named in reasons."""
    retiring_principal: str = ""
    """Who may retire it besides those that may by themselves."""
    encryption_context_equals: Mapping[str, str] | None = None
    """The constraint that the request's encryption context is exactly this."""
    encryption_context_subset: Mapping[str, str] | None = None
    """The constraint that the request's encryption context has these pairs."""
    name: str = ""
    """Its name, if it was given one."""
    issuing_account: str = ""
    """The ARN of the root user of the account that made it."""
    source_arn: str = ""
    """The constraint that the request is made on behalf of this resource."""
    token: str = field(default="", repr=False)
    """The grant token that CreateGrant answered."""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Grant:
        """A grant from an entry of `ListGrants`; raises KeyError where grantee or operations are missing."""
        constraints = entry.get("Constraints") or {}
        return cls(
            grantee_principal=entry["GranteePrincipal"],
            operations=frozenset(entry["Operations"]),
            grant_id=entry.get("GrantId", ""),
            retiring_principal=entry.get("RetiringPrincipal", ""),
            encryption_context_equals=constraints.get(_EQUALS),
            encryption_context_subset=constraints.get("EncryptionContextSubset"),
            name=entry.get("Name", ""),
            issuing_account=entry.get("IssuingAccount", ""),
            source_arn=constraints.get("SourceArn", ""),
        )


def allowing_grants(
    operation: str, identity: Identity, context: Context, grants: Sequence[Grant]
) -> list[Grant]:
    """The grants that allow the caller an operation on the key; never RetireGrant, see `may_retire`.

    A grant to a role is one to each of its sessions. A grant to an account is one to its root user: AWS does
    not document whether it is also one to the account's users.
    """
    return [
        grant
        for grant in grants_to(identity, grants)
        if operation in grant.operations
        and operation != "RetireGrant"
        and _constraints_hold(grant, operation, context)
    ]


def grants_to(identity: Identity, grants: Sequence[Grant]) -> list[Grant]:
    """The grants whose grantee is the caller, or the role whose session it is."""
    return [grant for grant in grants if grant.grantee_principal in identity.names]


def may_retire(identity: Identity, grant: Grant) -> bool:
    """Whether the grant itself lets the caller retire it: its retiring principal, its grantee if
    RetireGrant is among the operations, and the root user of the account that made it.

    https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
    """
    names = identity.names
    return (
        grant.retiring_principal in names
        or (grant.grantee_principal in names and "RetireGrant" in grant.operations)
        or (identity.kind is PrincipalKind.ROOT and identity.root == grant.issuing_account)
    )


def may_delegate_retiring(identity: Identity, grant: Grant, key_account: str) -> bool:
    """Whether an IAM policy of the caller's account can let it retire the grant: that of the key's
    owner, or of the account that is the retiring principal."""
    # A service has no account whose IAM policies could let it.
    return bool(identity.account) and (
        identity.account == key_account or grant.retiring_principal in (identity.root, identity.account)
    )


def _constraints_hold(grant: Grant, operation: str, context: Context) -> bool:
    """Whether the constraints are met. A source ARN asks for a request on behalf of that resource.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
    """
    if grant.source_arn and context.get("aws:SourceArn") != (grant.source_arn,):
        return False
    # A CreateGrant request has no encryption context of its own: that of the new grant's constraint counts.
    if operation == "CreateGrant":
        return _covers_child(grant, context)
    if operation in _UNCONSTRAINED or _is_unconstrained(grant):
        return True
    pairs = _encryption_context(context)
    return pairs is not None and _allows_encryption_context(grant, pairs)


def _covers_child(parent: Grant, context: Context) -> bool:
    """Whether a grant lets its grantee make another one, which must have no operation that it lacks, and be
    constrained at least as much.

    https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html
    """
    operations = context.get("kms:GrantOperations")
    if not operations or not parent.operations.issuperset(operations):
        return False
    if _is_unconstrained(parent):
        return True
    constraint = context.get("kms:GrantConstraintType", ())
    pairs = _encryption_context(context)
    if len(constraint) != 1 or pairs is None:
        return False
    # A child that asks for a subset would take more contexts than a parent that asks for exactly one.
    if parent.encryption_context_equals is not None and constraint != (_EQUALS,):
        return False
    return _allows_encryption_context(parent, pairs)


def _is_unconstrained(grant: Grant) -> bool:
    return grant.encryption_context_equals is None and grant.encryption_context_subset is None


def _allows_encryption_context(grant: Grant, pairs: Mapping[str, str]) -> bool:
    """Whether an encryption context is one that the grant is for."""
    exactly, at_least = grant.encryption_context_equals, grant.encryption_context_subset
    if exactly is not None and dict(exactly) != pairs:
        return False
    return at_least is None or all(pairs.get(name) == value for name, value in at_least.items())


def _encryption_context(context: Context) -> dict[str, str] | None:
    """The encryption context of the request, case kept; None where the context tells only part of it, of
    which no constraint can be said to be met."""
    pairs: dict[str, str] = {}
    for name, values in context.pairs():
        if name.lower().startswith(_CONTEXT_PREFIX):
            if len(values) != 1:
                return None
            pairs[name[len(_CONTEXT_PREFIX) :]] = values[0]
    names = context.get("kms:EncryptionContextKeys")
    return pairs if names is None or set(names) == set(pairs) else None
