"""What the cells of a matrix are decided from: principals and resources with all their policies, as plain
data.

They are read once, before the first cell, so that cells can be decided in other processes, and so that a
matrix made from policy files is decided as one of a lab is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_kmslab import arguments
from pytest_kmslab.account.model import Caller, Key, Table
from pytest_kmslab.authz.arn import parse_arn
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy, print_policy
from pytest_kmslab.enforcement.matching import Named
from pytest_kmslab.errors import KmslabError

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.authz.grant import Grant

NO_TAGS: Mapping[str, str] = {}
SESSION_NAME = "kmslab"
"""The name of the session in which a role is taken to act."""


class MatrixError(KmslabError, ValueError):
    """A principal, action or resource that no cell can be made of."""


def arn_of(argument: str, named: Named) -> str:
    """The ARN of something named; raises MatrixError for a text that is none, TypeError for what has none."""
    arn = arguments.arn_of(argument, named)
    if not arn.startswith("arn:") or arn.count(":") < 5:
        raise MatrixError(
            f"`{argument}`: `{arn}` is not an ARN: name principals and resources by their ARN, or give the "
            "lab's object"
        )
    return arn


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as text, which can be sent to another process, and the name that it goes by."""

    name: str
    text: str

    def parsed(self) -> NamedPolicy:
        """The policy; parsed once for each text."""
        return NamedPolicy(self.name, parse_policy(self.text))


@dataclass(frozen=True, slots=True)
class PrincipalSubject:
    """Somebody who may ask, with the policies that are theirs."""

    arn: str
    """As it was named: a role's own ARN."""
    caller: Caller
    """Who signs: a session of the role."""
    identity: tuple[PolicyText, ...] = ()
    permissions_boundary: PolicyText | None = None
    session: tuple[PolicyText, ...] = ()
    service_control: tuple[tuple[PolicyText, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceSubject:
    """Something that may be used, with the policy that hangs on it."""

    arn: str
    policy: PolicyText | None = None
    resource_control: tuple[tuple[PolicyText, ...], ...] = ()
    grants: tuple[Grant, ...] = ()
    """The grants on a key."""
    key: Key | None = None
    """The key itself, where the resource is one."""
    table: Table | None = None
    """The table itself, where the resource is one or is an index of one."""
    table_key: ResourceSubject | None = None
    """The key that the table is encrypted with; None under the AWS owned key."""
    stream: ResourceSubject | None = None
    """The table's latest stream."""
    is_known: bool = True
    """Whether the key itself was looked at: of one in a policy file nothing is known but its policy."""


def read_principal(view: AccountView, named: Named) -> PrincipalSubject:
    """A user or role of an account with its policies; raises MatrixError where there is none."""
    arn = arn_of("principals", named)
    caller = _caller(view, named, arn)
    # On `*`: the policies of a principal, none of any resource, which each cell adds by itself.
    policies = view.policies(caller, "*")
    return PrincipalSubject(
        arn,
        caller,
        _texts(policies.identity),
        None if policies.permissions_boundary is None else _text(policies.permissions_boundary),
        _texts(policies.session),
        tuple(_texts(level) for level in policies.service_control),
    )


def read_resource(view: AccountView, named: Named) -> ResourceSubject:
    """A resource of an account with its policy; raises MatrixError for a key or table that does not exist."""
    arn = arn_of("resources", named)
    service = parse_arn(arn).service
    policy = view.resource_policy(arn)
    subject = ResourceSubject(
        arn,
        None if policy is None else _text(policy),
        tuple(_texts(level) for level in view.resource_control(arn)),
    )
    if service == "kms":
        key = view.key(arn, "", "")
        if key is None:
            # A key that is not there denies everybody: a misspelt ARN would pass for a safe one.
            raise MatrixError(f"there is no key `{arn}`")
        return replace(subject, arn=key.arn, key=key, grants=view.grants(key.arn))
    table = view.table(arn, "", "") if service == "dynamodb" and ":table/" in arn else None
    if service == "dynamodb" and ":table/" in arn and table is None:
        raise MatrixError(f"there is no table `{arn}`")
    table_key = None if table is None or table.key_arn is None else read_resource(view, table.key_arn)
    stream = read_resource(view, table.stream_arn) if table and table.stream_arn not in ("", arn) else None
    return replace(subject, table=table, table_key=table_key, stream=stream)


def policies_of(principal: PrincipalSubject, resource: ResourceSubject) -> Policies:
    """All policies that bear on a principal's use of a resource."""
    boundary, policy = principal.permissions_boundary, resource.policy
    return Policies(
        identity=_parsed(principal.identity),
        resource=None if policy is None else policy.parsed(),
        permissions_boundary=None if boundary is None else boundary.parsed(),
        session=_parsed(principal.session),
        service_control=tuple(_parsed(level) for level in principal.service_control),
        resource_control=tuple(_parsed(level) for level in resource.resource_control),
    )


def _caller(view: AccountView, named: Named, arn: str) -> Caller:
    # A session that somebody holds has tags and policies of its own, which its role has not.
    credentials = getattr(named, "credentials", None)
    known = None if credentials is None else view.credential(credentials.access_key_id)
    if known is not None:
        return known.caller
    parsed = parse_arn(arn)
    kind = parsed.kind
    if parsed.service != "iam" or kind not in ("user", "role") or not view.principal_exists(arn):
        raise MatrixError(f"there is no user or role `{arn}`")
    return caller_of(arn, view.iam_tags(arn))


def caller_of(arn: str, tags: Mapping[str, str] = NO_TAGS) -> Caller:
    """Who signs for a user, or for a role in a session of it."""
    parsed = parse_arn(arn)
    if parsed.resource.startswith("user/"):
        return Caller(arn, parsed.account, arn, "", "User", username=parsed.name, tags=tags)
    # A role never signs itself. A session's ARN has the name of its role without the path.
    session = replace(parsed, service="sts", resource=f"assumed-role/{parsed.name}/{SESSION_NAME}")
    return Caller(str(session), parsed.account, arn, "", "AssumedRole", tags=tags)


def _texts(policies: Sequence[NamedPolicy]) -> tuple[PolicyText, ...]:
    return tuple(_text(policy) for policy in policies)


def _text(policy_named: NamedPolicy) -> PolicyText:
    # A parsed policy holds functions made for its patterns, which cannot be sent to another process.
    return PolicyText(policy_named.name, print_policy(policy_named.policy))


def _parsed(texts: Sequence[PolicyText]) -> tuple[NamedPolicy, ...]:
    return tuple([text.parsed() for text in texts])
