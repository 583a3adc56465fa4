"""KMS grants: they only ever allow.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.principal import Identity, PrincipalKind

_CONTEXT_PREFIX = "kms:encryptioncontext:"
_EQUALS = "EncryptionContextEquals"
_UNCONSTRAINED = frozenset(("DescribeKey", "RetireGrant", "GetPublicKey"))
"""Operations without an encryption context, on which constraints have no say."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant on a KMS key, with the fields of `ListGrants`."""

    grantee_principal: str
    operations: frozenset[str]
    grant_id: str = ""
    retiring_principal: str = ""
    encryption_context_equals: Mapping[str, str] | None = None
    encryption_context_subset: Mapping[str, str] | None = None
    name: str = ""
    issuing_account: str = ""
    source_arn: str = ""
    token: str = field(default="", repr=False)

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


class Grants(tuple[Grant, ...]):
    """Grants with an index by grantee, so that the grants of others cost a decision nothing.

    Passing it to `authorize` in place of a plain sequence changes the speed and nothing else.
    """

    _by_grantee: Mapping[str, tuple[Grant, ...]]

    def __new__(cls, grants: Iterable[Grant] = ()) -> Grants:
        """Index the grants once."""
        self = super().__new__(cls, grants)
        found: dict[str, list[Grant]] = {}
        for grant in self:
            found.setdefault(grant.grantee_principal, []).append(grant)
        self._by_grantee = {grantee: tuple(held) for grantee, held in found.items()}
        return self

    def held_by(self, names: Iterable[str]) -> list[Grant]:
        """The grants whose grantee is one of these."""
        return [grant for name in names for grant in self._by_grantee.get(name, ())]


def allowing_grants(
    operation: str, identity: Identity, context: Context, grants: Sequence[Grant]
) -> list[Grant]:
    """The grants that allow the caller an operation on the key; never RetireGrant, see `may_retire`.

    A grant to a role is every session's. A grant to an account is the root user's: whether it is also
    that of the account's users is not documented.
    """
    held = grants_to(identity, grants)
    return held and [
        grant
        for grant in held
        if operation in grant.operations and operation != "RetireGrant" and _meets(grant, operation, context)
    ]


def grants_to(identity: Identity, grants: Sequence[Grant]) -> list[Grant]:
    """The grants whose grantee is the caller, or the role whose session it is."""
    if isinstance(grants, Grants):
        return grants.held_by(identity.names)
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
    return bool(identity.account) and (
        identity.account == key_account or grant.retiring_principal in (identity.root, identity.account)
    )


def _meets(grant: Grant, operation: str, context: Context) -> bool:
    """Whether the constraints are met. A source ARN asks for a request on behalf of that resource.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
    """
    if grant.source_arn and context.get("aws:SourceArn") != (grant.source_arn,):
        return False
    if operation == "CreateGrant":
        return _covers_child(grant, context)
    if operation in _UNCONSTRAINED or _unconstrained(grant):
        return True
    pairs = _encryption_context(context)
    return pairs is not None and _equals(grant, pairs) and _contains(grant, pairs)


def _covers_child(parent: Grant, context: Context) -> bool:
    """A grant made on the strength of a grant has no more operations and is no less constrained.

    https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html
    """
    operations = context.get("kms:GrantOperations")
    if not operations or not parent.operations.issuperset(operations):
        return False
    if _unconstrained(parent):
        return True
    constraint = context.get("kms:GrantConstraintType", ())
    pairs = _encryption_context(context)
    if len(constraint) != 1 or pairs is None:
        return False
    if parent.encryption_context_equals is not None and constraint != (_EQUALS,):
        return False
    return _equals(parent, pairs) and _contains(parent, pairs)


def _unconstrained(grant: Grant) -> bool:
    return grant.encryption_context_equals is None and grant.encryption_context_subset is None


def _equals(grant: Grant, pairs: Mapping[str, str]) -> bool:
    wanted = grant.encryption_context_equals
    return wanted is None or dict(wanted) == pairs


def _contains(grant: Grant, pairs: Mapping[str, str]) -> bool:
    wanted = grant.encryption_context_subset
    return wanted is None or all(pairs.get(name) == value for name, value in wanted.items())


def _encryption_context(context: Context) -> dict[str, str] | None:
    """The encryption context of the request, case kept; None where it is not whole."""
    pairs: dict[str, str] = {}
    for name, values in context.pairs():
        if name.lower().startswith(_CONTEXT_PREFIX):
            if len(values) != 1:
                return None
            pairs[name[len(_CONTEXT_PREFIX) :]] = values[0]
    names = context.get("kms:EncryptionContextKeys")
    return pairs if names is None or set(names) == set(pairs) else None
