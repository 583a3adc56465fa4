"""Who signs, and what they are allowed by IAM: asked of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_kmslab.account.model import Caller, Credential
from pytest_kmslab.authz.arn import parts_of, root_arn
from pytest_kmslab.authz.policy import NamedPolicy, named_policy
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients, lacks, unless_refused
from pytest_kmslab.backends.endpoint.iam_snapshot import (
    Entity,
    Snapshot,
    as_text,
    read_snapshot,
    tags_of,
)
from pytest_kmslab.backends.endpoint.store import Record, Store
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.calls.sts.sessions import LASTING, merged_tags, of_renamed
from pytest_kmslab.errors import BackendError

ACCESS_KEY_ID = re.compile(r"\w{1,128}", re.ASCII)
OF_AWS = re.compile(r"arn:[a-z-]+:iam::aws:policy/")
NO_SUCH = frozenset({"NoSuchEntity", "AccessDenied"})
"""LocalStack answers AccessDenied where an access key is not known."""

LISTED_TAGS: Mapping[str, tuple[str, str]] = {
    "instance-profile": ("list_instance_profile_tags", "InstanceProfileName"),
    "mfa": ("list_mfa_device_tags", "SerialNumber"),
    "oidc-provider": ("list_open_id_connect_provider_tags", "OpenIDConnectProviderArn"),
    "policy": ("list_policy_tags", "PolicyArn"),
    "saml-provider": ("list_saml_provider_tags", "SAMLProviderArn"),
    "server-certificate": ("list_server_certificate_tags", "ServerCertificateName"),
}
"""How the tags of each kind are asked for, and by which member it is named."""

SHOWN: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "instance-profile": ("get_instance_profile", "InstanceProfileName", ("InstanceProfile",)),
    "server-certificate": (
        "get_server_certificate",
        "ServerCertificateName",
        ("ServerCertificate", "ServerCertificateMetadata"),
    ),
}
"""How each kind that the account's details leave out is asked for, by which member it is named, and in which
members of the answer its ARN stands."""

Identity = tuple[tuple[NamedPolicy, ...], NamedPolicy | None]


class ApiIdentities:
    """Callers of one account and their policies. Its root user signs what is asked here."""

    def __init__(self, clients: EndpointClients, store: Store, cache: ReadCache) -> None:
        self._clients = clients
        self._store = store
        self._cache = cache
        self._of_aws: dict[str, str] = {}
        self._account = ""

    @property
    def account(self) -> str:
        """The account that the root user's credentials belong to; raises BackendError for an endpoint that
        is in another partition than the Region."""
        if not self._account:
            identity = self._clients.of("sts").get_caller_identity()
            self._check_partition(parts_of(identity["Arn"]).partition)
            self._account = identity["Account"]
        return self._account

    def _check_partition(self, answered: str) -> None:
        # LocalStack is in `us-east-1` wherever it is called: nobody in `aws` would be known in `aws-cn`.
        region, partition = self._clients.region, self._clients.partition
        if answered != partition:
            raise BackendError(
                f"--kmslab-region is `{region}`, of the partition `{partition}`, and the endpoint answers in "
                f"`{answered}`: give a Region of that, or take moto"
            )

    @property
    def root(self) -> Credentials:
        """The root user's credentials."""
        return self._clients.root

    @property
    def snapshot(self) -> Snapshot:
        """Everything that IAM holds."""
        return self._cache.get("iam", lambda: read_snapshot(self._clients.of("iam")))

    def keep(self, access_key_id: str, record: Record) -> None:
        """Keep the secret of an access key of this account."""
        # Nobody is told it a second time.
        self._store.put(f"credentials/{access_key_id}", {**record, "account": self.account})

    def record(self, access_key_id: str) -> Record | None:
        """What was kept of an access key, of whichever account."""
        if not ACCESS_KEY_ID.fullmatch(access_key_id):
            return None
        return self._store.lasting(f"credentials/{access_key_id}")

    def root_credential(self, access_key_id: str) -> Credential:
        """The root user's, by the access key that it goes by."""
        arn = root_arn(self._clients.partition, self.account)
        caller = Caller(arn, self.account, arn, self.account, "Account")
        return Credential(
            access_key_id, self.root.secret_access_key, caller, session_token=self.root.session_token
        )

    def held(self, access_key_id: str, record: Record) -> Credential | None:
        """The credential of an access key of this account, by what was kept of it."""
        if "caller" in record:
            return self._session(access_key_id, record)
        return self._users(access_key_id, record)

    def _users(self, access_key_id: str, record: Record) -> Credential | None:
        credential = self._key_of(record["user"], access_key_id)
        if credential is None:
            # Its user may have been renamed: IAM tells whose it is now.
            last_used = self._clients.of("iam").get_access_key_last_used
            owner: dict[str, Any] = unless_refused(NO_SUCH, lambda: last_used(AccessKeyId=access_key_id), {})
            name = str(owner.get("UserName", ""))
            credential = self._key_of(name, access_key_id) if name else None
        user = self.snapshot.named("user", credential["UserName"]) if credential else None
        if credential is None or user is None:
            return None
        return Credential(
            access_key_id, record["secret"], self._caller(user), credential["Status"] == "Active"
        )

    def _caller(self, user: Entity) -> Caller:
        return Caller(
            arn=user.arn,
            account=self.account,
            principal_arn=user.arn,
            user_id=user.unique_id,
            kind="User",
            username=user.name,
            tags=user.tags,
        )

    def _key_of(self, user: str, access_key_id: str) -> dict[str, Any] | None:
        """The access key of that id among a user's, with the user's name."""
        iam = self._clients.of("iam")
        keys: list[dict[str, Any]] = self._cache.get(
            ("access keys", user),
            lambda: unless_refused(
                NO_SUCH, lambda: list(iam.list_access_keys(UserName=user)["AccessKeyMetadata"]), []
            ),
        )
        record = next((key for key in keys if key["AccessKeyId"] == access_key_id), None)
        return None if record is None else {**record, "UserName": user}

    def _session(self, access_key_id: str, record: Record) -> Credential:
        lists = {name: tuple(record["caller"][name]) for name in ("session_policies", "transitive")}
        caller = Caller(**{**record["caller"], **lists})
        holder = self.entity(caller)
        if holder is None or holder.unique_id != record["made_for"]:
            renamed = self.snapshot.of_id(record["made_for"])
            if renamed is not None and renamed.kind == "user":
                holder, caller = renamed, of_renamed(caller, renamed.arn)
        if holder is not None:
            caller = replace(caller, tags=merged_tags(holder.tags, caller.tags))
        # A session lives as long as the user or role that it was made for.
        made_for = holder.unique_id if holder is not None else self.account
        return Credential(
            access_key_id=access_key_id,
            secret_access_key=record["secret"],
            caller=caller,
            active=record["made_for"] == made_for,
            session_token=record["token"],
            expires_at=record["expiration"],
        )

    def session_record(self, made: Mapping[str, Any], caller: Caller) -> Record:
        """What to keep of a session: `made` is the `Credentials` of STS's answer."""
        holder = self.entity(caller)
        return {
            "secret": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiration": made["Expiration"].timestamp(),
            "made_for": holder.unique_id if holder is not None else self.account,
            "caller": asdict(replace(caller, tags=dict(caller.tags), address="")),
        }

    def entity(self, caller: Caller) -> Entity | None:
        """The user, role or group whose policies count for a caller; None for the root user."""
        return self.snapshot.entities.get(caller.identity_arn or caller.principal_arn)

    def policies(self, caller: Caller) -> Identity:
        """The identity-based policies and the permissions boundary of a caller."""
        entity = self.entity(caller)
        if entity is None:
            return (), None
        policies = tuple(policy for holder in self._holders(entity) for policy in self._policies_of(holder))
        boundary = self._cache.get(("boundary", entity.arn), lambda: self._boundary(entity))
        return policies, named_policy(boundary, self.document(boundary)) if boundary else None

    def document(self, arn: str) -> str:
        """The text of a managed policy's default version; empty for one that does not exist."""
        if OF_AWS.match(arn) is None:
            return self.snapshot.documents.get(arn, "")
        if arn not in self._of_aws:
            text = self._read_document(arn)
            if not text:
                return ""
            # AWS's own do not change during a run, and take two calls to read.
            self._of_aws[arn] = text
        return self._of_aws[arn]

    def _holders(self, entity: Entity) -> Iterator[Entity]:
        yield entity
        for name in entity.groups:
            group = self.snapshot.named("group", name)
            if group is not None:
                yield group

    def _policies_of(self, holder: Entity) -> Iterator[NamedPolicy]:
        for name, text in holder.inline.items():
            yield named_policy(name, text)
        for arn in holder.attached:
            yield named_policy(parts_of(arn).name, self.document(arn))

    def _boundary(self, entity: Entity) -> str:
        # Asked of the user or role itself: ministack leaves it out of the account's details.
        iam = self._clients.of("iam")
        reads: Mapping[str, Callable[[], dict[str, Any]]] = {
            "user": lambda: iam.get_user(UserName=entity.name)["User"],
            "role": lambda: iam.get_role(RoleName=entity.name)["Role"],
        }
        detail: dict[str, Any] = unless_refused({"NoSuchEntity"}, reads.get(entity.kind, dict), {})
        return str((detail.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""))

    def max_session_duration(self, role_arn: str) -> int:
        """The longest session of a role, in seconds."""
        # Asked of the role itself: the account's details leave it out.
        get_role, name = self._clients.of("iam").get_role, parts_of(role_arn).name
        role: dict[str, Any] = self._cache.get(
            ("session duration", role_arn),
            lambda: unless_refused({"NoSuchEntity"}, lambda: dict(get_role(RoleName=name)["Role"]), {}),
        )
        return int(role.get("MaxSessionDuration") or LASTING)

    def _read_document(self, arn: str) -> str:
        iam = self._clients.of("iam")

        def read() -> str:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            return as_text(document)

        return unless_refused({"NoSuchEntity"}, read, "")

    def arn(self, kind: str, name: str) -> str | None:
        """The ARN of what IAM has, by its name."""
        if kind not in SHOWN:
            entity = self.snapshot.named(kind, name)
            return None if entity is None else entity.arn
        return self._cache.get(("arn", kind, name), lambda: shown_arn(self._clients.of("iam"), kind, name))

    def tags_of_other(self, arn: str) -> Mapping[str, str]:
        """The tags of what is neither user nor role; none where the endpoint does not tell them."""
        kind = parts_of(arn).kind
        if kind not in LISTED_TAGS:
            return {}
        operation, member = LISTED_TAGS[kind]
        name = parts_of(arn).name if member.endswith("Name") else arn
        return self._cache.get(("tags", arn), lambda: self._read_tags(arn, operation, {member: name}))

    def _read_tags(self, arn: str, operation: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
        from botocore.exceptions import ClientError

        try:
            asked: Mapping[str, Any] = getattr(self._clients.of("iam"), operation)(**parameters)
        except ClientError as error:
            if lacks(error):
                return self.kept_tags(arn)
            if error_code(error) in NO_SUCH:
                return {}
            raise
        return tags_of(asked)

    def kept_tags(self, arn: str) -> Mapping[str, str]:
        """The tags that were kept of something in IAM, where the endpoint keeps none."""
        record: Mapping[str, Any] = self._store.get(f"tags/{arn}") or {}
        return dict(record.get("tags") or {})

    def keep_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Keep the tags of something in IAM."""
        self._store.put(f"tags/{arn}", {"tags": dict(tags)})
        self._cache.drop()

    def has_arn(self, arn: str) -> bool:
        """Whether there is a user or role of an ARN."""
        return arn in self.snapshot.entities

    def has_unique_id(self, identifier: str) -> bool:
        """Whether there is a user or role of a unique id."""
        return self.snapshot.of_id(identifier) is not None

    def has_role(self, name: str, account: str, partition: str) -> bool:
        """Whether the account has a role of a name."""
        role = self.snapshot.named("role", name) if account == self.account else None
        return role is not None and parts_of(role.arn).partition == partition


def shown_arn(iam: Any, kind: str, name: str) -> str | None:
    """The ARN of an instance profile or a server certificate; None where there is none."""
    from botocore.exceptions import ClientError

    operation, member, within = SHOWN[kind]
    try:
        shown: Any = getattr(iam, operation)(**{member: name})
    except ClientError as error:
        if lacks(error) or error_code(error) in NO_SUCH:
            return None
        raise
    for part in within:
        shown = shown[part]
    return str(shown["Arn"])
