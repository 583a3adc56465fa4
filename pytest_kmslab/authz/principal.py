"""Who asks, and whom a Principal element names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Any

from pytest_kmslab.authz.arn import ACCOUNT_ID, Arn, parse_arn, parts_of, root_arn
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.errors import ArnError, PolicyError

_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_WITH_DASHES = re.compile(r"\d{4}-\d{4}-\d{4}", re.ASCII)
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}", re.ASCII)
_SERVICE = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|aws\.internal)", re.ASCII)


class PrincipalKind(Enum):
    """What sort of principal asks."""

    USER = "user"
    ROLE = "role"
    """A session of a role, or the role itself."""
    FEDERATED = "federated user"
    ROOT = "root user"
    SERVICE = "service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. A service has neither account nor root nor entity."""

    arn: str
    """The principal as the request names it."""
    kind: PrincipalKind
    """What sort of principal it is."""
    account: str = ""
    """The id of the caller's account."""
    root: str = ""
    """The ARN of that account's root user, by which policies name the account."""
    entity: str = ""
    """The ARN of the IAM user or role behind the caller."""
    names: tuple[str, ...] = ()
    """The ARNs that name the caller: its own, and of a session that of its role."""

    @property
    def service_linked(self) -> bool:
        """Whether it is a service-linked role, to which SCPs and RCPs do not apply."""
        return parts_of(self.entity).resource.startswith("role/aws-service-role/")


class PrincipalMatch(IntEnum):
    """How a Principal element names a caller, which says what else limits the permission.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """

    NONE = 0
    ACCOUNT = 1
    """By the caller's account: the account's IAM policies decide."""
    ROLE = 2
    """By the role behind a session: a permissions boundary or session policy limits it."""
    EXACT = 3
    """By its own name or by `*`: no implicit deny of another policy of the account limits it."""


@lru_cache(maxsize=4096)
def identify(principal: str, principal_arn: str = "") -> Identity:
    """Who a request's principal is; `principal_arn` is the context key `aws:PrincipalArn`."""
    # A service principal has the form of a host name, so that it is told by its form from an ARN.
    if _SERVICE.fullmatch(principal):
        return Identity(principal, PrincipalKind.SERVICE, names=(principal,))
    try:
        arn = parse_arn(principal)
    except ArnError:
        return Identity(principal, PrincipalKind.UNKNOWN)
    kind = _kind(arn)
    if kind is PrincipalKind.UNKNOWN or not ACCOUNT_ID.fullmatch(arn.account):
        return Identity(principal, PrincipalKind.UNKNOWN)
    entity = (
        _entity(arn, principal, principal_arn) if kind in (PrincipalKind.USER, PrincipalKind.ROLE) else ""
    )
    root = root_arn(arn.partition, arn.account)
    names = (principal,) if entity in ("", principal) else (principal, entity)
    return Identity(principal, kind, arn.account, root, entity, names)


_KINDS = {
    ("iam", "root"): PrincipalKind.ROOT,
    ("iam", "user"): PrincipalKind.USER,
    ("iam", "role"): PrincipalKind.ROLE,
    ("sts", "assumed-role"): PrincipalKind.ROLE,
    ("sts", "federated-user"): PrincipalKind.FEDERATED,
}


def _kind(arn: Arn) -> PrincipalKind:
    head, slash, rest = arn.resource.partition("/")
    complete = bool(slash and rest) or arn.resource == "root"
    # IAM is global: an ARN of a principal has no Region.
    if arn.region or not complete:
        return PrincipalKind.UNKNOWN
    return _KINDS.get((arn.service, head), PrincipalKind.UNKNOWN)


def _entity(arn: Arn, principal: str, principal_arn: str) -> str:
    """The user or role itself. A session's ARN leaves out the path of its role: `aws:PrincipalArn` has it."""
    if arn.service == "iam":
        return principal
    role = arn.resource.split("/")[1]
    known = f"arn:{arn.partition}:iam::{arn.account}:role/"
    # The context key counts only where it fits the session: it is not to lend a session another role.
    if principal_arn.startswith(known) and principal_arn.rpartition("/")[2] == role:
        return principal_arn
    return known + role


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal or NotPrincipal element."""

    everybody: bool
    """Whether it is `*`."""
    names: frozenset[str]
    """The ARNs and account ids under `AWS`."""
    services: frozenset[str]
    """The service principals under `Service`."""

    def match_principal(self, identity: Identity) -> PrincipalMatch:
        """How the element names the caller."""
        if identity.kind is PrincipalKind.SERVICE:
            is_named = self.everybody or identity.arn in self.services
            return PrincipalMatch.EXACT if is_named else PrincipalMatch.NONE
        # `*` is not limited by a boundary or session policy: AWS treats it as naming the caller itself.
        if self.everybody:
            return PrincipalMatch.EXACT
        if identity.kind is PrincipalKind.ROLE and identity.entity in self.names:
            named_session = identity.arn != identity.entity and identity.arn in self.names
            return PrincipalMatch.EXACT if named_session else PrincipalMatch.ROLE
        if identity.arn in self.names:
            return PrincipalMatch.EXACT
        if identity.account in self.names or identity.root in self.names:
            # The account's ARN is also the root user's own.
            return PrincipalMatch.EXACT if identity.kind is PrincipalKind.ROOT else PrincipalMatch.ACCOUNT
        return PrincipalMatch.NONE

    def exempts(self, identity: Identity) -> bool:
        """Whether a NotPrincipal with this list exempts the caller.

        It does only where every name of the caller is listed: its account, the user or role, and
        the session. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if self.everybody:
            return True
        if identity.kind is PrincipalKind.SERVICE:
            return identity.arn in self.services
        account_listed = identity.account in self.names or identity.root in self.names
        if identity.kind is PrincipalKind.ROOT:
            return account_listed
        return account_listed and {identity.arn, identity.entity or identity.arn} <= self.names


def parse_principals(element: Any) -> Principals:
    """Read a Principal or NotPrincipal element; raises PolicyError, beginning with the place in it."""
    if element == "*":
        return Principals(everybody=True, names=frozenset(), services=frozenset())
    if not isinstance(element, Mapping):
        raise PolicyError(' not `"*"` and not an object such as {"AWS": …}')
    principals: dict[str, frozenset[str]] = {}
    for kind, values in element.items():
        if kind not in _TYPES:
            raise PolicyError(f".{kind}: unknown kind of principal: write one of {', '.join(_TYPES)}")
        principals[kind] = frozenset(map(plain_account, _parse_names(kind, values)))
    names = principals.get("AWS", frozenset())
    return Principals("*" in names, names, principals.get("Service", frozenset()))


def plain_account(name: str) -> str:
    """An account id without the dashes that IAM takes in it, as `1111-2222-3333`; any other name as it is."""
    return name.replace("-", "") if _WITH_DASHES.fullmatch(name) else name


def _parse_names(kind: str, values: Any) -> list[str]:
    names = as_list(values)
    for name in names:
        if not isinstance(name, str) or not name:
            raise PolicyError(f".{kind}: a principal is not text")
        if kind == "AWS":
            _check_name(name)
        elif "*" in name:
            raise PolicyError(f".{kind}: `{name}` has a wildcard: name each principal")
    return names


def _check_name(name: str) -> None:
    """Refuse what is no account id, ARN or unique id (`AIDA…`: what is left of a deleted user, and names
    nobody)."""
    if name == "*" or ACCOUNT_ID.fullmatch(plain_account(name)) or _UNIQUE_ID.fullmatch(name):
        return
    if "*" in name or "?" in name:
        raise PolicyError(f".AWS: `{name}` has a wildcard inside: use the condition key aws:PrincipalArn")
    try:
        parse_arn(name)
    except ArnError:
        raise PolicyError(f".AWS: `{name}` is not an ARN, an account id or `*`") from None
