"""Who signs, and what they are allowed by IAM: read from moto's IAM and STS objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import lru_cache
from itertools import chain
from typing import Any

from moto.iam.models import Role, User, iam_backends
from moto.sts.models import sts_backends

from pytest_kmslab.account.model import Caller, Credential, Identity
from pytest_kmslab.authz.arn import ACCOUNT_ID, root_arn
from pytest_kmslab.authz.policy import NamedPolicy, named_policy
from pytest_kmslab.backends.moto.lookup import NOTHING, backend_of, document_text, place_of
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.calls.rules.policy_principals import is_unique_id, principals_of, renamed
from pytest_kmslab.calls.sts.sessions import merged_tags, of_renamed

BOUNDARY = "permissions_boundary_arn"
"""moto keeps a role's boundary under this name; a user's, which moto drops, is kept under it too."""
SESSION_CONTEXT = "kmslab_context"
SESSION_POLICY_ARNS = "kmslab_policy_arns"
SESSION_ISSUED = "kmslab_issued_at"
SESSION_ROLE = "kmslab_role_id"
SESSION_SOURCE = "kmslab_source_identity"
SESSION_TAGS = "kmslab_tags"
SESSION_TRANSITIVE = "kmslab_transitive"
KEY_PRINCIPALS = "kmslab_principals"
ISSUED = "kmslab_issued"
"""On an access key of moto's: the caller, session token and expiry of a session that we issued with it."""


COLLECTIONS = {"user": "users", "role": "roles", "group": "groups", "instance-profile": "instance_profiles"}
"""Where a backend of moto's IAM keeps each kind of entity."""


class IdentityReader:
    """Callers and their policies. Accounts are told apart; the root user is the home account's, and that of
    each account by its twelve digits as access key, as LocalStack has it, and the same secret."""

    def __init__(self, account: str, root: Credentials, *, partition: str) -> None:
        self._account = account
        self._partition = partition
        self._root = root

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id, active or not."""
        if access_key_id == self._root.access_key_id:
            return self._root_credential(access_key_id, self._account)
        if ACCOUNT_ID.fullmatch(access_key_id):
            return self._root_credential(access_key_id, access_key_id)
        for account, partitions in list(iam_backends.items()):
            for partition, backend in list(partitions.items()):
                key = backend.access_keys.get(access_key_id)
                if key is not None:
                    if hasattr(key, ISSUED):
                        return _issued_credential(key)
                    user = _user_credential(backend, partition, key)
                    return user or _session_credential(account, partition, access_key_id)
        return None

    def _root_credential(self, access_key_id: str, account: str) -> Credential:
        arn = root_arn(self._partition, account)
        caller = Caller(arn=arn, account=account, principal_arn=arn, user_id=account, kind="Account")
        return Credential(access_key_id, self._root.secret_access_key, caller)

    def arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        """The ARN of a user, role, group, instance profile or server certificate by its name."""
        backend = backend_of(iam_backends, account, partition)
        if kind == "server-certificate":
            certificates = () if backend is None else list(backend.certificates.values())
            return next((str(one.arn) for one in certificates if one.cert_name.lower() == name.lower()), None)
        entities: Mapping[str, Any] = getattr(backend, COLLECTIONS[kind], NOTHING)
        entity = entities.get(name) or by_name(entities, name)
        return None if entity is None else str(entity.arn)

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user or role."""
        entity = entity_of(arn)
        return {} if entity is None else _tags(entity)

    def has_arn(self, arn: str) -> bool:
        """Whether there is a user or role of an ARN."""
        return entity_of(arn) is not None

    def has_unique_id(self, identifier: str) -> bool:
        """Whether there is a user or role of a unique id."""
        return any(unique_id(entity) == identifier for entity in _entities())

    def has_role(self, name: str, account: str, partition: str) -> bool:
        """Whether an account has a role of a name."""
        return self.arn("role", name, account, partition) is not None

    def policies(self, caller: Caller) -> Identity:
        """The identity-based policies and the permissions boundary of a caller."""
        entity = entity_of(caller.identity_arn or caller.principal_arn)
        if entity is None:
            return (), None
        partition = place_of(caller.arn).partition
        backend: Any = dict.get(dict.get(iam_backends, caller.account, NOTHING), partition)
        groups = list(backend.groups.values()) if isinstance(entity, User) else []
        policies = _policies_of(entity)
        for group in groups:
            if entity in group.users:
                policies += _policies_of(group)
        # moto has an attribute for a role's boundary; a user's is ours, and groups have none.
        boundary = getattr(entity, BOUNDARY, None)
        return tuple(policies), named_policy(boundary, document_of(backend, boundary)) if boundary else None


def record_principals(holder: Any, text: str) -> None:
    """Remember on moto's own object whom each ARN of a resource-based policy meant when it was put."""
    # AWS stores a principal by its unique id:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    principals = principals_of(text)
    recorded = {arn: identifier for arn in principals if (identifier := principal_id(arn))}
    recorded.update((identifier, identifier) for identifier in principals if is_unique_id(identifier))
    setattr(holder, KEY_PRINCIPALS, recorded)


def present_principals(holder: Any, text: str) -> str:
    """The policy's text with the principals as AWS shows them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    recorded: Mapping[str, str] = getattr(holder, KEY_PRINCIPALS, {})
    names = {}
    for arn, identifier in recorded.items():
        # A user or role made again under the same name is another principal and has no access.
        if principal_id(arn) != identifier:
            names[arn] = present_name(identifier)
    return renamed(text, names) if names else text


def principal_id(arn: str) -> str:
    """The unique id of a user or role, of a session that of its role; empty where there is none."""
    place = place_of(arn)
    if place.kind == "assumed-role":
        backend = backend_of(iam_backends, place.account, place.partition)
        role = None if backend is None else by_name(backend.roles, place.name)
        return "" if role is None else unique_id(role)
    entity = entity_of(arn)
    return "" if entity is None else unique_id(entity)


def present_name(identifier: str) -> str:
    """The ARN of a principal that was renamed, otherwise its unique id."""
    return next((str(entity.arn) for entity in _entities() if unique_id(entity) == identifier), identifier)


def _entities() -> Iterator[Any]:
    for partitions in list(iam_backends.values()):
        for backend in list(partitions.values()):
            yield from chain(list(backend.users.values()), list(backend.roles.values()))


def _user_credential(backend: Any, partition: str, key: Any) -> Credential | None:
    user = backend.users.get(key.user_name)
    if user is None or key not in user.access_keys:
        # moto leaves the old name on the keys of a user who was renamed.
        user = next(
            (candidate for candidate in list(backend.users.values()) if key in candidate.access_keys), None
        )
    if user is None:
        return None
    # moto's own property `arn` goes through all partitions to find the one that is known here.
    arn = f"arn:{partition}:iam::{user.account_id}:user{user.path}{user.name}"
    tags = tuple((backend.tagger.tags.get(arn) or {}).items())
    secret, active = key.secret_access_key, key.status == "Active"
    return _of_user(key.access_key_id, secret, active, arn, user.account_id, unique_id(user), user.name, tags)


@lru_cache(maxsize=1024)
def _of_user(
    key_id: str,
    secret: str,
    active: bool,
    arn: str,
    account: str,
    user_id: str,
    name: str,
    tags: tuple[tuple[str, str], ...],
) -> Credential:
    """A user's credential; the same one for the same key of the same user."""
    caller = Caller(
        arn, account, principal_arn=arn, user_id=user_id, kind="User", username=name, tags=dict(tags)
    )
    return Credential(key_id, secret, caller, active)


def _issued_credential(key: Any) -> Credential:
    kept: tuple[Caller, str, datetime, str] = getattr(key, ISSUED)
    caller, token, expiration, owner = kept
    user = entity_of(caller.identity_arn or caller.principal_arn)
    if owner and (user is None or unique_id(user) != owner):
        user = next((entity for entity in _entities() if unique_id(entity) == owner), None)
        caller = caller if user is None else of_renamed(caller, user.arn)
    # The tags of the user as they are now, and those of the session over them.
    caller = replace(caller, tags=merged_tags(_tags(user) if user is not None else {}, caller.tags))
    return Credential(
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        caller=caller,
        active=owner == owner_id(caller),
        session_token=token,
        expires_at=expiration.timestamp(),
    )


def owner_id(caller: Caller) -> str:
    """The unique id of the user that stands behind a caller now; empty for the root user."""
    entity = entity_of(caller.identity_arn or caller.principal_arn)
    return "" if entity is None else unique_id(entity)


def _session_credential(account: str, partition: str, access_key_id: str) -> Credential | None:
    session = sts_backends[account][partition].get_assumed_role_from_access_key(access_key_id)
    if session is None:
        return None
    role = entity_of(session.role_arn)
    source = getattr(session, SESSION_SOURCE, "")
    caller = Caller(
        arn=session.arn,
        account=account,
        principal_arn=session.role_arn,
        user_id=f"{unique_id(role)}:{session.session_name}" if role is not None else session.user_id,
        kind="AssumedRole",
        tags=merged_tags(_tags(role) if role is not None else {}, getattr(session, SESSION_TAGS, {})),
        token_issued=getattr(session, SESSION_ISSUED, ""),
        session_policies=_session_texts(session, iam_backends[account][partition]),
        context={
            **getattr(session, SESSION_CONTEXT, {}),
            **({"aws:SourceIdentity": source} if source else {}),
        },
        transitive=getattr(session, SESSION_TRANSITIVE, ()),
    )
    return Credential(
        access_key_id=access_key_id,
        secret_access_key=session.secret_access_key,
        caller=caller,
        # A role that was made again under the same name is another: the sessions of the old one are over.
        active=role is not None and unique_id(role) == getattr(session, SESSION_ROLE, unique_id(role)),
        session_token=session.session_token,
        expires_at=session.expiration.replace(tzinfo=timezone.utc).timestamp(),
    )


def _session_texts(session: Any, backend: Any) -> tuple[str, ...]:
    inline = (session.policy,) if session.policy else ()
    managed = tuple(document_of(backend, arn) for arn in getattr(session, SESSION_POLICY_ARNS, ()))
    return (*inline, *managed)


def _tags(entity: Any) -> dict[str, str]:
    return tags_by_key(entity.tags)


def _policies_of(holder: Any) -> list[NamedPolicy]:
    inline = [named_policy(name, document_text(text)) for name, text in list(holder.policies.items())]
    managed = list(holder.managed_policies.values())
    return inline + [named_policy(policy.name, _default_text(policy)) for policy in managed]


def document_of(backend: Any, arn: str) -> str:
    """The text of a managed policy."""
    policy = backend.managed_policies.get(arn)
    # One that does not exist reads as broken, and so denies.
    return "" if policy is None else _default_text(policy)


def _default_text(policy: Any) -> str:
    for version in policy.versions:
        if version.is_default:
            document = version.document
            return document if isinstance(document, str) else document_text(document)
    return ""


def entity_of(arn: str) -> Any:
    """Moto's own user or role of an ARN, path included; None where there is none of that very ARN."""
    place = place_of(arn)
    collection = COLLECTIONS.get(place.kind) if place.service == "iam" else None
    backend = dict.get(dict.get(iam_backends, place.account, NOTHING), place.partition)
    if backend is None or collection is None:
        return None
    entities: Mapping[str, Any] = getattr(backend, collection)
    entity = entities.get(place.last) or by_name(entities, place.last)
    if entity is None:
        return None
    if place.kind == "user":  # moto's own property goes through all partitions to find the one known here
        return entity if f"user{entity.path}{entity.name}" == place.rest else None
    return entity if entity.arn == arn else None


def named_entity(call: ApiCall, kind: str, member: str) -> Any:
    """Moto's own user, role or group of the name that a member of the call holds, in the caller's account."""
    entities: Mapping[str, Any] = getattr(iam_backends[call.account][call.partition], COLLECTIONS[kind])
    name = str(call.params[member])
    return entities.get(name) or by_name(entities, name)


def by_name(entities: Mapping[str, Any], name: str) -> Any:
    """The entity of a name; None where there is none."""
    # IAM compares names without case:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    wanted = name.lower()
    return next((entity for entity in list(entities.values()) if entity.name.lower() == wanted), None)


def unique_id(entity: Any) -> str:
    """The unique id of a user or role, with the prefix that AWS gives it."""
    # moto writes a user's id in small letters and without the prefix.
    prefix = "AROA" if isinstance(entity, Role) else "AIDA"
    identifier = str(entity.id).upper()
    return identifier if identifier.startswith(prefix) else prefix + identifier


def mfa_seed(user_arn: str, serial: str) -> str | None:
    """The base32 seed of a user's virtual MFA device; None where it is not enabled for them."""
    user, place = entity_of(user_arn), place_of(user_arn)
    backend = backend_of(iam_backends, place.account, place.partition)
    device = None if backend is None else backend.virtual_mfa_devices.get(serial)
    if user is None or device is None or serial not in user.mfa_devices:
        return None
    return str(device.base32_string_seed)
