"""What is known of an account: callers, keys, tables and their policies, read from a backend.

`AccountView` is the one protocol by which the rest of the package reads; a backend implements it.
Nothing here is mirrored: an implementation reads the backend at each call, or caches knowing what
it does (design: the policy store reads, it does not mirror).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs a request.

    `arn` is what `sts:GetCallerIdentity` answers; `principal_arn` is the value of the condition key
    `aws:PrincipalArn` (for a role session the role's ARN with its path, otherwise `arn`);
    `user_id` is `aws:userid`; `kind` is `aws:PrincipalType` (`User`, `AssumedRole`, `Account` for the
    root user, `FederatedUser`). `session_policies` holds the documents passed when the session was made,
    `token_issued` is the time of temporary credentials (`aws:TokenIssueTime`), empty for lasting ones,
    `identity_arn` the user or role whose identity-based policies count, where that is not `principal_arn`,
    `context` further condition keys of the caller (organization, source identity,
    multi-factor authentication), `transitive` the
    names of the session tags that the next session in a chain inherits,
    `address` the IP address that the request came from (`aws:SourceIp`), which only the gateway knows,
    `secure_transport` whether it came by TLS (`aws:SecureTransport`).
    """

    arn: str
    account: str
    principal_arn: str
    user_id: str
    kind: str
    username: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    session_policies: tuple[str, ...] = ()
    identity_arn: str = ""
    token_issued: str = ""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    address: str = ""
    transitive: tuple[str, ...] = ()
    secure_transport: bool = True

    @property
    def source_identity(self) -> str:
        """Of a session, whoever is behind it, which no later session of a chain can change; else empty."""
        return str(self.context.get("aws:SourceIdentity", ""))


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key as the account knows it: whose it is and what a signature must be made with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    caller: Caller
    active: bool = True
    session_token: str | None = field(default=None, repr=False)
    expires_at: float = math.inf
    """When temporary credentials end, in seconds since the epoch; those of a user never do."""


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key. `state` is KMS's KeyState, `manager` `CUSTOMER` or `AWS`; `aliases` are names with
    their `alias/` prefix; `multi_region_type` is `PRIMARY`, `REPLICA` or empty.
    """

    arn: str
    key_id: str
    account: str
    region: str
    state: str
    spec: str
    usage: str
    origin: str
    manager: str
    multi_region: bool = False
    multi_region_type: str = ""
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table. `key_arn` is the KMS key it is encrypted with, None for the AWS owned key;
    `hash_key` is its partition key, `index_keys` those of its secondary indexes by the index's name;
    `range_key` is its sort key, empty where it has none; `stream_arn` is its latest stream, empty where it
    never had one, `stream_enabled` whether that is written to; `local_indexes` are the names of its local
    indexes; `on_demand` is whether it is billed by request; `key_types` are the types (`S`, `N`, `B`) of its
    key attributes, partition key first, empty where they are not known; `projected` are, by their names,
    the attributes that its global indexes project which do not project all, their own keys among them."""

    arn: str
    name: str
    account: str
    region: str
    key_arn: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    hash_key: str = ""
    index_keys: Mapping[str, str] = field(default_factory=dict)
    range_key: str = ""
    stream_arn: str = ""
    stream_enabled: bool = False
    local_indexes: tuple[str, ...] = ()
    on_demand: bool = False
    key_types: tuple[str, ...] = ()
    projected: tuple[tuple[str, tuple[str, ...]], ...] = ()
    key_attributes: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The attributes of its primary key; empty where they are not known."""

    def __post_init__(self) -> None:
        names = tuple(name for name in (self.hash_key, self.range_key) if name)
        object.__setattr__(self, "key_attributes", names)


class AccountView(Protocol):
    """Reads an account. Every lookup answers None for what does not exist; none raises for it."""

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id, active or not."""

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, key ARN, alias name (`alias/…`) or alias ARN; region and account are the
        caller's, used where `key_id` does not name its own.
        """

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key that made a ciphertext, None where the blob is not one of the backend's."""

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name or ARN (an index or stream ARN answers its table)."""

    def iam_arn(self, kind: str, name: str, account: str) -> str | None:
        """The ARN, path included, of a `user`, `role`, `group` or `instance-profile` by its name."""

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user, role or managed policy, or of what else IAM has that is tagged, by its ARN;
        empty where it has none or does not exist."""

    def resource_organization(self, account: str) -> Mapping[str, str | tuple[str, ...]]:
        """The condition keys that say in which organization the owner of a resource is
        (`aws:ResourceOrgID`, `aws:ResourceOrgPaths`); none where the account is in no organization, or the
        backend does not tell."""

    def max_session_duration(self, role_arn: str) -> int:
        """For how many seconds a role's sessions may be asked for at most; an hour where nobody tells."""

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """The base32 seed of a virtual MFA device that is enabled for a user; None where it is not, or
        the backend does not tell."""

    def principal_exists(self, principal: str) -> bool:
        """Whether a principal named in a key policy (an ARN, an account id, a unique id) can be resolved.

        KMS refuses a key policy that names one which cannot.
        """

    def policies(self, caller: Caller, resource: str) -> Policies:
        """Every policy that bears on the caller's use of a resource (an ARN, or `*`)."""

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""

    def resource_control(self, resource: str) -> tuple[tuple[NamedPolicy, ...], ...]:
        """The resource control policies on a resource, from the organization's root to its account."""

    def key_policy(self, key_arn: str) -> Policy | None:
        """The key policy of a key, parsed."""

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants on a key whose grantee is the caller, its role or its account."""

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant that a grant token was given out for, and its key."""

    def streamed_table(self, shard_iterator: str) -> Table | None:
        """The table whose changes a shard iterator reads, as it was at its end where it has been deleted
        since: its stream stays for a day. None for an iterator that nobody was given."""

    def backup(self, arn: str) -> Table | None:
        """The table as it was when a backup of it was made, with the key it was under then."""
