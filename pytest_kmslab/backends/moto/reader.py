"""Reads moto's own objects in memory: nothing is copied, so nothing can be stale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.kms.models import kms_backends

from pytest_kmslab.account.model import Caller, Credential, Key, Table
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.partitions import partition_of
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, named_policy, read_policy
from pytest_kmslab.backends.moto import grants as moto_grants
from pytest_kmslab.backends.moto import organizations as moto_organizations
from pytest_kmslab.backends.moto.iam_tags import tags_of
from pytest_kmslab.backends.moto.lookup import (
    backend_of,
    document_text,
    entity_of,
    key_of,
    maker_of,
    mfa_seed,
    place_of,
    table_of,
    tags_in,
)
from pytest_kmslab.backends.moto.principals import IdentityReader, present_principals
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.rules.policy_principals import principal_exists
from pytest_kmslab.calls.sts.sessions import LASTING


class MotoAccountReader:
    """`AccountView` of every account that this process's moto holds."""

    def __init__(
        self, account: str, root: Credentials, *, partition: str = "aws", every_root: bool = False
    ) -> None:
        self._account = account
        self._identities = IdentityReader(account, root, partition=partition, every_root=every_root)

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id: the root user's, an IAM user's or a role session's."""
        found = self._identities.credential(access_key_id)
        known = {} if found is None else moto_organizations.context(found.caller.account)
        if found is None or not known:
            return found
        return replace(found, caller=replace(found.caller, context={**found.caller.context, **known}))

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""
        found = self.moto_key(key_id, region, account)
        return None if found is None else _key(found)

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id moto wrote at the head of the ciphertext."""
        found = maker_of(ciphertext, region, account)
        return None if found is None else _key(found)

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name, or by the ARN of the table, of an index or of a stream."""
        return table_named(name, region, account)

    def streamed_table(self, shard_iterator: str) -> Table | None:
        """The table that moto reads for the iterator: its own object, which outlives the table's name."""
        place = place_of(shard_iterator.partition("|")[0])
        backend = backend_of(dynamodbstreams_backends, place.account, place.region)
        found = None if backend is None else backend.shard_iterators.get(shard_iterator)
        return None if found is None else _table(found.stream_shard.table)

    def backup(self, arn: str) -> Table | None:
        """The table as it was at the time of a backup: moto keeps a copy."""
        place = place_of(arn)
        backend = backend_of(dynamodb_backends, place.account, place.region)
        found = None if backend is None else backend.backups.get(arn)
        return None if found is None else _table(found.table)

    def iam_arn(self, kind: str, name: str, account: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        return self._identities.arn(kind, name, account)

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of what IAM has."""
        return self._identities.tags(arn) or tags_of(arn)

    def resource_organization(self, account: str) -> Mapping[str, str | tuple[str, ...]]:
        """In which organization what an account owns is."""
        return moto_organizations.resource_context(account)

    def principal_exists(self, principal: str) -> bool:
        """Whether AWS could resolve a principal."""
        return principal_exists(principal, self._identities)

    def max_session_duration(self, role_arn: str) -> int:
        """What moto keeps as text, or as nothing where none was said."""
        role = entity_of(role_arn)
        return int(getattr(role, "max_session_duration", None) or LASTING)

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """The seed of a device that moto made and that is enabled for the user."""
        return mfa_seed(user_arn, serial)

    def policies(self, caller: Caller, resource: str) -> Policies:
        """The caller's policies, and the policy that hangs on the resource."""
        identity, boundary = self._identities.policies(caller)
        return Policies(
            identity=identity,
            resource=self.resource_policy(resource),
            permissions_boundary=boundary,
            session=self._identities.session_policies(caller),
            service_control=moto_organizations.levels(caller.account, moto_organizations.SERVICE_CONTROL),
            resource_control=self.resource_control(resource),
        )

    def resource_control(self, resource: str) -> moto_organizations.Levels:
        """The resource control policies on a resource."""
        owner = account_of(resource)
        return moto_organizations.levels(owner, moto_organizations.RESOURCE_CONTROL) if owner else ()

    def key_policy(self, key_arn: str) -> Policy | None:
        """The key policy of a key."""
        key = self._key_by_arn(key_arn)
        return None if key is None else read_policy(self._identities.key_policy_text(key))

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        key = self._key_by_arn(key_arn)
        return () if key is None else moto_grants.every(key)

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants whose grantee is the caller, its role or its account."""
        key = self._key_by_arn(key_arn)
        return () if key is None or not key.grants else moto_grants.to_caller(key, caller)

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant of a token; a token is good in the Region that gave it out."""
        for key in self.every_key():
            for grant in moto_grants.every(key) if key.region == region else ():
                if grant.token == token:
                    return _key(key), grant
        return None

    def key_policy_text(self, key: Any) -> str:
        """The text of the policy of moto's own key object, as GetKeyPolicy answers it."""
        return self._identities.key_policy_text(key)

    moto_key = staticmethod(key_of)
    moto_table = staticmethod(table_of)

    def every_key(self) -> Iterator[Any]:
        """Moto's own key objects, of every account and Region."""
        for regions in list(kms_backends.values()):
            for backend in list(regions.values()):
                yield from list(backend.keys.values())

    def _key_by_arn(self, arn: str) -> Any:
        return self.moto_key(arn, "", "") if arn.startswith("arn:") else None

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        """The policy that hangs on a resource."""
        reader = self._RESOURCE_POLICIES.get(place_of(resource).service)
        text = reader(self, resource) if reader else None
        return named_policy(resource, text) if text else None

    def _key_policy_text(self, arn: str) -> str | None:
        key = None if ":alias/" in arn else key_of(arn, "", "")
        return None if key is None else present_principals(key, document_text(key.policy))

    def table_policy(self, arn: str) -> Any:
        """Moto's own object of the policy of a table or stream, or None."""
        place = place_of(arn)
        backend = backend_of(dynamodb_backends, place.account, place.region)
        if backend is None or place.kind != "table" or place.name not in backend.tables:
            return None
        return backend.resource_policies.get(_own_arn(arn)) if backend.resource_policies else None

    def _table_policy_text(self, arn: str) -> str | None:
        policy = self.table_policy(arn)
        return None if policy is None else present_principals(policy, document_text(policy.policy_doc))

    def _trust_policy_text(self, arn: str) -> str | None:
        role = entity_of(arn)
        if role is None or ":role/" not in arn:
            return None
        return present_principals(role, document_text(role.assume_role_policy_document))

    _RESOURCE_POLICIES: ClassVar = {
        "kms": _key_policy_text,
        "dynamodb": _table_policy_text,
        "iam": _trust_policy_text,
    }


def _own_arn(arn: str) -> str:
    """The ARN that carries the resource policy: a stream has its own, an index its table's."""
    return arn if "/stream/" in arn else "/".join(arn.split("/")[:2])


def _key(found: Any) -> Key:
    backend = backend_of(kms_backends, found.account_id, found.region)
    tags = tags_in(backend.tagger, found.id)
    return _shared_key(
        found.arn,
        found.id,
        found.account_id,
        found.region,
        found.key_state,
        found.key_spec,
        found.key_usage or "ENCRYPT_DECRYPT",
        found.origin,
        found.key_manager,
        bool(found.multi_region),
        _multi_region_type(found) if found.multi_region else "",
        tuple(found.aliases),
        tuple(tags.items()),
    )


@lru_cache(maxsize=1024)
def _shared_key(*fields: Any) -> Key:
    """A Key by its fields in order, its tags as pairs; the same one for the same fields."""
    *others, tags = fields
    every = (*others, dict(tags))
    return Key(*every)


def _multi_region_type(found: Any) -> str:
    return "PRIMARY" if found.arn == found.multi_region_configuration["PrimaryKey"]["Arn"] else "REPLICA"


def table_named(name: str, region: str, account: str) -> Table | None:
    """A table by name, or by the ARN of the table, of an index or of a stream."""
    arn = name
    if not name.startswith("arn:"):
        arn = f"arn:{partition_of(region).name}:dynamodb:{region}:{account}:table/{name}"
    found = table_of(arn)
    return None if found is None else _table(found)


def _table(found: Any) -> Table:
    specification = found.sse_specification or {}
    return _shared_table(
        found.table_arn,
        found.name,
        found.account_id,
        found.region_name,
        specification.get("KMSMasterKeyId") if specification.get("Enabled") else None,
        tuple([(tag["Key"], tag["Value"]) for tag in found.tags]),
        found.hash_key_attr,
        _index_keys(found.global_indexes) + _index_keys(found.indexes),
        found.range_key_attr or "",
        f"{found.table_arn}/stream/{found.latest_stream_label}" if found.latest_stream_label else "",
        bool((found.stream_specification or {}).get("StreamEnabled")),
        tuple([index.name for index in found.indexes]),
        found.billing_mode == "PAY_PER_REQUEST",
        tuple([kind for kind in (found.hash_key_type, found.range_key_type) if kind]),
        _projected(found.global_indexes),
    )


@lru_cache(maxsize=1024)
def _shared_table(*fields: Any) -> Table:
    """A Table by its fields in order, its mappings as pairs; the same one for the same fields."""
    *first, tags, hash_key, index_keys = fields[:8]
    every = (*first, dict(tags), hash_key, dict(index_keys), *fields[8:])
    return Table(*every)


def _projected(indexes: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        [
            (index.name, (*_named_keys(index), *(index.projection.get("NonKeyAttributes") or ())))
            for index in indexes
            if index.projection.get("ProjectionType") != "ALL"
        ]
    )


def _named_keys(index: Any) -> list[str]:
    return [key["AttributeName"] for key in index.schema]


def _index_keys(indexes: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        [
            (index.name, next((key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH"), ""))
            for index in indexes
        ]
    )
