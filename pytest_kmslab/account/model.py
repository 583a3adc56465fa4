"""What is known of an account: callers, keys, tables and their policies, read from a backend.

A backend has an `AccountReader`; the rest of the package reads by the one `AccountView` that composes what it
reads. Nothing here is mirrored: a reader reads the backend at each call, or caches knowing what it does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_kmslab.authz.arn import account_of, parts_of
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, named_policy, read_policy

if TYPE_CHECKING:
    from pytest_kmslab.authz.grant import Grant

Identity = tuple[tuple[NamedPolicy, ...], "NamedPolicy | None"]
"""Identity-based policies, and a permissions boundary."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs a request."""

    arn: str
    """What `sts:GetCallerIdentity` answers."""
    account: str
    principal_arn: str
    """The condition key `aws:PrincipalArn`: of a role session the role's ARN with its path, else `arn`."""
    user_id: str
    """The condition key `aws:userid`."""
    kind: str
    """The condition key `aws:PrincipalType`: `User`, `AssumedRole`, `FederatedUser`, for root `Account`."""
    username: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    session_policies: tuple[str, ...] = ()
    """The documents that were passed when the session was made."""
    identity_arn: str = ""
    """The user or role whose identity-based policies count, where that is not `principal_arn`."""
    token_issued: str = ""
    """The time of temporary credentials (`aws:TokenIssueTime`), empty for lasting ones."""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Further condition keys of the caller: organization, source identity, multi-factor authentication."""
    address: str = ""
    """The IP address that the request came from (`aws:SourceIp`), which only the gateway knows."""
    transitive: tuple[str, ...] = ()
    """The names of the session tags that the next session in a chain inherits."""
    secure_transport: bool = True
    """Whether the request came by TLS (`aws:SecureTransport`)."""

    @property
    def grantee_names(self) -> tuple[str, ...]:
        """The grantees whose grants serve them: the caller, its role, its account."""
        # A grant may be given to an account: by its number, or by the ARN of its root user.
        root = f"arn:{parts_of(self.arn).partition}:iam::{self.account}:root"
        return self.arn, self.principal_arn, root, self.account

    @property
    def source_identity(self) -> str:
        """Of a session, whoever is behind it; else empty."""
        # No later session of a chain can change it.
        return str(self.context.get("aws:SourceIdentity", ""))


def grants_to(grants: tuple[Grant, ...], caller: Caller) -> tuple[Grant, ...]:
    """Those of the grants whose grantee is the caller, its role or its account."""
    names = caller.grantee_names
    return tuple(grant for grant in grants if grant.grantee_principal in names)


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
    """A KMS key."""

    arn: str
    key_id: str
    """The last part of its ARN."""
    account: str
    region: str
    state: str
    """KMS's KeyState."""
    spec: str
    """Its KeySpec."""
    usage: str
    """Its KeyUsage."""
    origin: str
    """Where its material comes from: `AWS_KMS`, `EXTERNAL` …"""
    manager: str
    """`CUSTOMER` or `AWS`."""
    multi_region: bool = False
    multi_region_type: str = ""
    """`PRIMARY`, `REPLICA` or empty."""
    aliases: tuple[str, ...] = ()
    """Their names with the prefix `alias/`."""
    tags: Mapping[str, str] = field(default_factory=dict)


class GlobalTable(NamedTuple):
    """The tables of one name in several Regions that a table is one of."""

    regions: tuple[str, ...]
    """Those of the others."""
    is_strong: bool = False
    """Whether reading it in one Region shows what was written in another."""
    witness_regions: tuple[str, ...] = ()
    """The Regions that hold no table and only its log."""


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table."""

    arn: str
    name: str
    account: str
    region: str
    key_arn: str | None
    """The KMS key that it is encrypted with; None for the AWS owned key."""
    tags: Mapping[str, str] = field(default_factory=dict)
    hash_key: str = ""
    """Its partition key."""
    index_keys: Mapping[str, str] = field(default_factory=dict)
    """The partition keys of its secondary indexes, by the index's name."""
    range_key: str = ""
    """Its sort key; empty where it has none."""
    stream_arn: str = ""
    """Its latest stream; empty where it never had one."""
    stream_enabled: bool = False
    """Whether that is written to."""
    local_indexes: tuple[str, ...] = ()
    """The names of its local indexes."""
    on_demand: bool = False
    """Whether it is billed by request."""
    key_types: tuple[str, ...] = ()
    """The types (`S`, `N`, `B`) of its key attributes, partition key first; empty where not known."""
    projected: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By their names, the attributes that its global indexes project which do not project all, their own keys
    among them."""
    index_schemas: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """By their names, the key attributes of its indexes with their types, partition keys first."""
    units: tuple[int, ...] = ()
    """Those provisioned for reading and for writing; empty where they are not known."""
    global_table: GlobalTable | None = None
    """None for a table without replicas."""
    stream_tags: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """By their ARNs, the tags of its streams."""
    further_keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By the name of a global index, its partition key attributes after the first, where it has several."""
    key_attributes: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The attributes of its primary key; empty where they are not known."""

    def __post_init__(self) -> None:
        names = tuple(name for name in (self.hash_key, self.range_key) if name)
        # Frozen, and worked out once: every call about an item asks for them.
        object.__setattr__(self, "key_attributes", names)

    def tags_of(self, arn: str) -> Mapping[str, str]:
        """The tags of the table or of what hangs on it, by its ARN: an index has those of the table, a stream
        its own, a backup, an export and an import none.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html
        """
        if parts_of(arn).part in ("", "index"):
            return self.tags
        return dict(dict(self.stream_tags).get(arn, ()))


def further_keys(
    schemas: Iterable[tuple[str, Iterable[Mapping[str, str]]]],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`Table.further_keys` of indexes, given by their names and key schemas."""
    hashes = {
        name: tuple(key["AttributeName"] for key in schema if key["KeyType"] == "HASH")
        for name, schema in schemas
    }
    return tuple((name, keys[1:]) for name, keys in hashes.items() if keys[1:])


Levels = tuple[tuple["NamedPolicy", ...], ...]
"""Policies of an organization: a tuple for each level, from the root down to the account."""


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization that an account is in, as far as it bears on that account."""

    id: str
    path: str
    """From its id down to the unit that the account is in, as `aws:PrincipalOrgPaths` has it."""
    service_control: Levels
    """The service control policies above the account; none for the management account."""
    resource_control: Levels
    """Likewise the resource control policies."""


class AccountReader(Protocol):
    """Reads an account from one backend, as it is there: nothing is composed, changed or kept.

    Every lookup answers None for what does not exist; none raises for it.
    """

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id, active or not."""

    def identity(self, caller: Caller) -> Identity:
        """The identity-based policies of a caller, with those of its groups, and its permissions boundary."""

    def organization(self, account: str, partition: str) -> Organization | None:
        """The organization that an account is in; None too where the backend does not tell."""

    def resource_policy_text(self, resource: str) -> str | None:
        """The text of the policy that hangs on a resource, its principals as AWS shows them now: a deleted
        one by its unique id."""

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, key ARN, alias name (`alias/…`) or alias ARN; region and account are the
        caller's, used where `key_id` does not name its own.
        """

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key that made a ciphertext, None where the blob is not one of the backend's."""

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name or ARN (an index or stream ARN answers its table)."""

    def streamed_table(self, shard_iterator: str) -> Table | None:
        """The table whose changes a shard iterator reads, as it was at its end where it has been deleted
        since: its stream stays for a day. None for an iterator that nobody was given."""

    def backup(self, arn: str) -> Table | None:
        """The table as it was when a backup of it was made, with the key it was under then."""

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants on a key whose grantee is the caller, its role or its account."""

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant that a grant token was given out for, and its key."""

    def iam_arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        """The ARN, path included, of a `user`, `role`, `group`, `instance-profile` or `server-certificate` by
        its name."""

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user, role or managed policy, or of what else IAM has that is tagged, by its ARN;
        empty where it has none or does not exist."""

    def max_session_duration(self, role_arn: str) -> int:
        """For how many seconds a role's sessions may be asked for at most; an hour where nobody tells."""

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """The base32 seed of a virtual MFA device that is enabled for a user; None where it is not, or
        the backend does not tell."""

    def principal_exists(self, principal: str) -> bool:
        """Whether a principal named in a key policy (an ARN, an account id, a unique id) can be resolved.

        KMS refuses a key policy that names one which cannot.
        """


class Standing(NamedTuple):
    """What an account grants a caller whatever is used: the authorizations of one call share it."""

    account: str
    """The caller's."""
    organization: Organization | None
    """The one that the caller's account is in."""
    policies: Policies
    """Those of the caller itself: nothing of a resource is in them."""


class AccountView:
    """Answers what decisions are made from, composed of what a backend's reader reads.

    Nothing is kept between two questions: each is answered from what the reader reads now.
    """

    def __init__(self, reader: AccountReader) -> None:
        self.reader = reader
        # What is asked for just as it is read is the reader's own answer.
        self.key = reader.key
        self.key_of_ciphertext = reader.key_of_ciphertext
        self.table = reader.table
        self.streamed_table = reader.streamed_table
        self.backup = reader.backup
        self.grants = reader.grants
        self.grants_to = reader.grants_to
        self.grant_of_token = reader.grant_of_token
        self.iam_arn = reader.iam_arn
        self.iam_tags = reader.iam_tags
        self.max_session_duration = reader.max_session_duration
        self.mfa_seed = reader.mfa_seed
        self.principal_exists = reader.principal_exists
        self.organization = reader.organization

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id, active or not; its caller's context tells the organization.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        credential = self.reader.credential(access_key_id)
        if credential is None:
            return None
        organization = self.organization_of(credential.caller)
        if organization is None:
            return credential
        keys: dict[str, str | tuple[str, ...]] = {
            "aws:PrincipalOrgID": organization.id,
            "aws:PrincipalOrgPaths": (organization.path,),
        }
        caller = replace(credential.caller, context={**credential.caller.context, **keys})
        return replace(credential, caller=caller)

    def organization_of(self, caller: Caller) -> Organization | None:
        """The organization that a caller's account is in."""
        return self.organization(caller.account, parts_of(caller.arn).partition)

    def standing(self, caller: Caller) -> Standing:
        """What the account grants a caller, whatever is used."""
        identity, boundary = self.reader.identity(caller)
        organization = self.organization_of(caller)
        texts = enumerate(caller.session_policies)
        # Each of several session policies allows by itself: together they are one of the policies' kinds.
        session = [named_policy(f"session policy {number}", text) for number, text in texts]
        policies = Policies(
            identity=identity,
            permissions_boundary=boundary,
            session=tuple(session),
            service_control=() if organization is None else organization.service_control,
        )
        return Standing(caller.account, organization, policies)

    def policies(self, caller: Caller, resource: str) -> Policies:
        """Every policy that bears on the caller's use of a resource (an ARN, or `*`)."""
        return self.standing(caller).policies._replace(
            resource=self.resource_policy(resource), resource_control=self.resource_control(resource)
        )

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""
        # Most resources have none, and an empty text is no policy.
        text = self.reader.resource_policy_text(resource)
        return named_policy(resource, text) if text else None

    def key_policy(self, key_arn: str) -> Policy | None:
        """The key policy of a key, parsed."""
        # An empty policy is one that denies everybody, and no key is without one.
        text = self.reader.resource_policy_text(key_arn)
        return None if text is None else read_policy(text)

    def resource_control(self, resource: str) -> Levels:
        """The resource control policies on a resource, from the organization's root to its account."""
        # They are those of the organization that owns the resource, not of the caller's.
        owner = account_of(resource)
        organization = self.organization(owner, parts_of(resource).partition) if owner else None
        if organization is None or not organization.resource_control:
            return ()
        # They do not apply to AWS managed keys:
        # https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
        key = self.key(resource, "", "") if parts_of(resource).service == "kms" else None
        return () if key is not None and key.manager == "AWS" else organization.resource_control
