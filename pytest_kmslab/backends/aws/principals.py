"""Who signs in a real account, and what IAM allows them: asked one user or role at a time.

`iam:GetAccountAuthorizationDetails` would tell all at once, which in an account of thousands of roles takes
longer than a test: these reads cost the same however large the account is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients, unless_refused
from pytest_kmslab.backends.endpoint.iam_snapshot import Entity, Snapshot, as_text, tags_of
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import Store
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import UnreadError

KINDS = ("user", "role", "group")


class EntitiesOnDemand(Mapping[str, Entity]):
    """Users, roles and groups by ARN, each read when it is asked for; nobody can list them."""

    def __init__(self, clients: EndpointClients, cache: ReadCache, account: str) -> None:
        self._clients = clients
        self._cache = cache
        self._account = account

    def __getitem__(self, arn: str) -> Entity:
        kind, name = self._named_by(arn)
        entity = self.named(kind, name)
        # A name is found whatever its path: the ARN that is asked for may be of somebody deleted.
        if entity is None or entity.arn != arn:
            raise KeyError(arn)
        return entity

    def __contains__(self, arn: object) -> bool:
        return self.about(str(arn)) is not None

    def __iter__(self) -> Iterator[str]:
        raise UnreadError("users and roles are not listed")

    def __len__(self) -> int:
        raise UnreadError("users and roles are not listed")

    def named(self, kind: str, name: str) -> Entity | None:
        """A user, role or group by its name."""
        return self._cache.get((kind, name), lambda: self._read(kind, name))

    def about(self, arn: str) -> Mapping[str, Any] | None:
        """What IAM tells of a user, role or group itself, without the policies; None where there is none."""
        try:
            kind, name = self._named_by(arn)
        except KeyError:
            return None
        detail = self.detail(kind, name)
        return detail if detail is not None and detail["Arn"] == arn else None

    def detail(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """The same by name."""
        if kind not in KINDS:
            raise UnreadError(f"an IAM {kind} is not looked up")
        parameters = {f"{kind.title()}Name": name}
        return self._cache.get(
            (f"{kind} itself", name), lambda: self._detail(f"get_{kind}", kind.title(), parameters)
        )

    def _named_by(self, arn: str) -> tuple[str, str]:
        """The kind and name in an ARN; raises KeyError for nobody's, UnreadError for another account's."""
        parts = parts_of(arn)
        kind = parts.kind
        if kind not in KINDS:
            raise KeyError(arn)
        if parts.account != self._account:
            raise UnreadError(f"`{arn}` is of another account")
        return kind, parts.name

    def _read(self, kind: str, name: str) -> Entity | None:
        detail = self.detail(kind, name)
        if detail is None:
            return None
        title = kind.title()
        parameters = {f"{title}Name": name}
        return Entity(
            kind=kind,
            name=detail[f"{title}Name"],
            arn=detail["Arn"],
            unique_id=detail[f"{title}Id"],
            tags=tags_of(detail),
            inline={
                str(policy): self._inline(kind, parameters, policy)
                for policy in self._listed(f"list_{kind}_policies", "PolicyNames", parameters)
            },
            attached=tuple(
                policy["PolicyArn"]
                for policy in self._listed(f"list_attached_{kind}_policies", "AttachedPolicies", parameters)
            ),
            groups=tuple(
                group["GroupName"]
                for group in (
                    self._listed("list_groups_for_user", "Groups", parameters) if kind == "user" else ()
                )
            ),
            trust=as_text(detail.get("AssumeRolePolicyDocument")),
        )

    def _detail(self, operation: str, title: str, parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
        ask = getattr(self._clients.of("iam"), operation)
        return unless_refused({"NoSuchEntity"}, lambda: dict(ask(**parameters)[title]), None)

    def _inline(self, kind: str, parameters: Mapping[str, str], policy: str) -> str:
        iam = self._clients.of("iam")
        return as_text(getattr(iam, f"get_{kind}_policy")(**parameters, PolicyName=policy)["PolicyDocument"])

    def _listed(self, operation: str, member: str, parameters: Mapping[str, str]) -> list[Any]:
        pages = self._clients.of("iam").get_paginator(operation).paginate(**parameters)
        return [item for page in pages for item in page.get(member) or ()]


class DocumentsOnDemand(Mapping[str, str]):
    """Managed policies by ARN, in their default version, each read when it is asked for."""

    def __init__(self, identities: AwsIdentities, cache: ReadCache) -> None:
        self._identities = identities
        self._cache = cache

    def __getitem__(self, arn: str) -> str:
        text = self._cache.get(("document", arn), lambda: self._identities.read_document(arn))
        if not text:
            raise KeyError(arn)
        return text

    def __iter__(self) -> Iterator[str]:
        raise UnreadError("managed policies are not listed")

    def __len__(self) -> int:
        raise UnreadError("managed policies are not listed")


@dataclass(frozen=True, slots=True)
class OnDemand(Snapshot):
    """What looks like everything that IAM holds, and is read as it is asked for."""

    entities: EntitiesOnDemand = field(kw_only=True)

    def named(self, kind: str, name: str) -> Entity | None:
        """A user, role or group by its name."""
        return self.entities.named(kind, name)

    def of_id(self, unique_id: str) -> Entity | None:
        """IAM finds nobody by a unique id."""
        raise UnreadError(f"whose unique id `{unique_id}` is")


class AwsIdentities(ApiIdentities):
    """Callers of a real account and their policies."""

    def __init__(self, clients: EndpointClients, store: Store, cache: ReadCache, account: str) -> None:
        super().__init__(clients, store, cache)
        self._account = account
        entities = EntitiesOnDemand(clients, cache, account)
        self._everything = OnDemand(documents=DocumentsOnDemand(self, cache), entities=entities)
        self._told: dict[Credentials, Mapping[str, str]] = {}

    @property
    def snapshot(self) -> Snapshot:
        """Everything that IAM holds, read on demand."""
        return self._everything

    def caller(self, credentials: Credentials) -> Caller:
        """Who holds these credentials; raises UnreadError or botocore's errors where that cannot be told.

        Access keys and sessions that were made through the seam are known from the answer that made them.
        STS tells of others, asked with those very credentials, which everybody may do.
        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        """
        record = self._store.lasting(f"credentials/{credentials.access_key_id}")
        if record is not None and "caller" in record:
            return self._session(credentials.access_key_id, record).caller
        user = self.snapshot.named("user", record["user"]) if record is not None else None
        return self._caller(user) if user is not None else self._told_by_sts(credentials)

    def about(self, arn: str) -> Mapping[str, Any]:
        """What IAM tells of a user or role itself; nothing where there is none."""
        return self._everything.entities.about(arn) or {}

    def arn_of(self, kind: str, name: str) -> str | None:
        """The ARN of a user, role or group by its name."""
        detail = self._everything.entities.detail(kind, name)
        return None if detail is None else str(detail["Arn"])

    def _boundary(self, entity: Entity) -> str:
        boundary = self.about(entity.arn).get("PermissionsBoundary") or {}
        return str(boundary.get("PermissionsBoundaryArn", ""))

    def _told_by_sts(self, credentials: Credentials) -> Caller:
        if credentials not in self._told:
            self._told[credentials] = self._clients.with_credentials("sts", credentials).get_caller_identity()
        identity = self._told[credentials]
        arn, account = identity["Arn"], identity["Account"]
        kind, _, rest = parts_of(arn).resource.partition("/")
        if kind == "root":
            return Caller(arn, account, arn, identity["UserId"], "Account")
        if account != self.account or kind not in ("user", "assumed-role"):
            raise UnreadError(f"the policies of `{arn}`")
        # The session of a role is named after the role's name without its path; a user's ARN has the path.
        name = rest.split("/", 1)[0] if kind == "assumed-role" else rest.rsplit("/", 1)[-1]
        holder = self.snapshot.named("role" if kind == "assumed-role" else "user", name)
        if holder is None:
            raise UnreadError(f"who `{arn}` is")
        if kind == "user":
            return self._caller(holder)
        return Caller(arn, account, holder.arn, identity["UserId"], "AssumedRole", tags=holder.tags)

    def read_document(self, arn: str) -> str:
        """The text of a managed policy's default version; empty for one that does not exist."""
        return self._read_document(arn)
