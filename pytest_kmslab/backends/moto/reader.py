"""Reads moto's own objects in memory: nothing is copied, so nothing can be stale."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES

from pytest_kmslab.account.model import Caller, GlobalTable, Key, Organization, Table, further_keys
from pytest_kmslab.authz.arn import partition_of, parts_of, table_arn_of
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.backends.moto import grants as moto_grants
from pytest_kmslab.backends.moto.iam_tags import tags_of
from pytest_kmslab.backends.moto.lookup import NOTHING, backend_of, document_text, place_of
from pytest_kmslab.backends.moto.organizations import ORGANIZATIONS, organization_of
from pytest_kmslab.backends.moto.patches.keys import key_id_of
from pytest_kmslab.backends.moto.principals import IdentityReader, entity_of, mfa_seed, present_principals
from pytest_kmslab.backends.moto.table_groups import GROUP
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.backends.stream_tags import KEPT as STREAM_TAGS
from pytest_kmslab.backends.stream_tags import as_pairs
from pytest_kmslab.calls.dynamodb.sse.specification import OWN_ALIAS
from pytest_kmslab.calls.rules.aws_managed_key_policy import DESCRIPTIONS, fixed_policy
from pytest_kmslab.calls.rules.new_tables import UNITS
from pytest_kmslab.calls.rules.policy_principals import principal_exists
from pytest_kmslab.calls.sts.sessions import LASTING

PREFIX = "alias/aws/"


def aws_managed_key(account: str, region: str, alias: str) -> str:
    """The id of the AWS managed key of an alias; empty where there is no such Region."""
    regions = kms_backends[account]
    if region not in regions:
        return ""
    # moto makes the key when it is looked up first, as AWS does at its first use.
    key_id = str(regions[region].get_key_id_from_alias(alias) or "")
    key = regions[region].keys.get(key_id)
    if key is not None and key.key_manager != "AWS":
        # moto makes these when they are asked for, but as if a customer had.
        key.key_manager = "AWS"
        key.description = DESCRIPTIONS.get(alias, key.description)
        key.policy = json.dumps(fixed_policy(alias.removeprefix(PREFIX), account, region))
    return key_id


def key_of(key_id: str, region: str, account: str) -> Any:
    """Moto's own key object of an id, ARN, alias name or alias ARN, or None."""
    if key_id.startswith("arn:"):
        place = place_of(key_id)
        if place.service != "kms" or not place.region or not place.account:
            return None
        region, account = place.region, place.account
        key_id = place.rest.removeprefix("key/")
    if key_id.startswith("alias/"):
        return _key_of_alias(key_id, region, account)
    backend = dict.get(dict.get(kms_backends, account, NOTHING), region)
    return None if backend is None else backend.keys.get(key_id)


def maker_of(ciphertext: bytes, region: str, account: str) -> Any:
    """Moto's own key that made a ciphertext, in a Region: the account's, or else another's."""
    key_id = key_id_of(ciphertext) or ""
    # Any account's key may have made it: KMS finds it by the ciphertext alone.
    makers = (key_of(key_id, region, owner) for owner in (account, *list(kms_backends)) if key_id)
    return next((key for key in makers if key is not None), None)


def _key_of_alias(alias: str, region: str, account: str) -> Any:
    made = aws_managed_key(account, region, alias) if alias in RESERVED_ALIASES else ""
    backend = backend_of(kms_backends, account, region)
    if backend is None:
        return None
    keys = (key for key in list(backend.keys.values()) if alias in key.aliases)
    return backend.keys.get(made) or next(keys, None)


def table_of(arn: str) -> Any:
    """Moto's own table object of the ARN of a table, an index or a stream, or None."""
    place = place_of(arn)
    if place.service != "dynamodb" or place.kind != "table":
        return None
    backend = dict.get(dict.get(dynamodb_backends, place.account, NOTHING), place.region)
    table = None if backend is None else backend.tables.get(place.name)
    if table is not None and table.sse_specification and "SSEEnabled" in table.sse_specification:
        _encrypt_as_by_api(table)
    return table


def _encrypt_as_by_api(table: Any) -> None:
    """A table that CloudFormation made has its template's words, of which moto understands none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-ssespecification.html
    """
    specification = table.sse_specification
    # Without this the table would count as unencrypted.
    table.sse_specification = None
    if str(specification["SSEEnabled"]).lower() == "true":
        key_id = str(specification.get("KMSMasterKeyId") or OWN_ALIAS)
        key = key_of(key_id, table.region_name, table.account_id)
        if key is not None and OWN_ALIAS in key.aliases:
            key = key_of(OWN_ALIAS, table.region_name, table.account_id)
        arn = key_id if key is None else key.arn
        table.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn}


def table_named(name: str, region: str, account: str) -> Table | None:
    """A table by name, or by the ARN of the table, of an index or of a stream."""
    if not name.startswith("arn:"):
        name = f"arn:{partition_of(region).name}:dynamodb:{region}:{account}:table/{name}"
    table = table_of(name)
    return None if table is None else _table(table)


class MotoAccountReader:
    """Reads every account that this process's moto holds."""

    def __init__(self, account: str, root: Credentials, *, partition: str = "aws") -> None:
        self._identities = IdentityReader(account, root, partition=partition)
        self.credential = self._identities.credential
        self.identity = self._identities.policies

    def organization(self, account: str, partition: str) -> Organization | None:
        """The organization that an account is in."""
        # Until somebody calls the service there is none, and moto's is not loaded for the question.
        return organization_of(account, partition) if ORGANIZATIONS in sys.modules else None

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""
        moto_key = key_of(key_id, region, account)
        return None if moto_key is None else _key(moto_key)

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id moto wrote at the head of the ciphertext."""
        moto_key = maker_of(ciphertext, region, account)
        return None if moto_key is None else _key(moto_key)

    def streamed_table(self, shard_iterator: str) -> Table | None:
        """The table that an iterator reads."""
        # moto's own object, which outlives the table's name.
        place = place_of(shard_iterator.partition("|")[0])
        backend = backend_of(dynamodbstreams_backends, place.account, place.region)
        stream = None if backend is None else backend.shard_iterators.get(shard_iterator)
        return None if stream is None else _table(stream.stream_shard.table)

    def backup(self, arn: str) -> Table | None:
        """The table as it was at the time of a backup."""
        # moto keeps a copy.
        place = place_of(arn)
        backend = backend_of(dynamodb_backends, place.account, place.region)
        backup = None if backend is None else backend.backups.get(arn)
        return None if backup is None else _table(backup.table)

    def iam_arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        return self._identities.arn(kind, name, account, partition)

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of what IAM has."""
        return self._identities.tags(arn) or tags_of(arn)

    def principal_exists(self, principal: str) -> bool:
        """Whether AWS could resolve a principal."""
        return principal_exists(principal, self._identities)

    def max_session_duration(self, role_arn: str) -> int:
        """The longest session of a role, in seconds."""
        role = entity_of(role_arn)
        # moto keeps a text, or nothing where none was said.
        return int(getattr(role, "max_session_duration", None) or LASTING)

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """The seed of a device that moto made and that is enabled for the user."""
        return mfa_seed(user_arn, serial)

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        key = key_of(key_arn, "", "") if key_arn.startswith("arn:") else None
        return () if key is None else moto_grants.every(key)

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants whose grantee is the caller, its role or its account."""
        key = key_of(key_arn, "", "") if key_arn.startswith("arn:") else None
        # Most keys have no grants, and their index is not asked for.
        return () if key is None or not key.grants else _grants_to(key, caller)

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant of a token."""
        # A token is good in the Region that gave it out, whoever's key it is of.
        for key in self.every_key():
            for grant in moto_grants.every(key) if key.region == region else ():
                if grant.token == token:
                    return _key(key), grant
        return None

    def key_policy_text(self, key: Any) -> str:
        """The text of the policy of moto's own key object, as GetKeyPolicy answers it."""
        return present_principals(key, document_text(key.policy))

    table = staticmethod(table_named)
    moto_key = staticmethod(key_of)
    moto_table = staticmethod(table_of)

    def every_key(self) -> Iterator[Any]:
        """Moto's own key objects, of every account and Region."""
        for regions in list(kms_backends.values()):
            for backend in list(regions.values()):
                yield from list(backend.keys.values())

    def resource_policy_text(self, resource: str) -> str | None:
        """The text of the policy that hangs on a resource."""
        row = _RESOURCE_POLICIES.get(place_of(resource).service)
        holder = None if row is None else row[0](resource)
        if row is None or holder is None:
            return None
        document = getattr(holder, row[1])
        return present_principals(holder, document if isinstance(document, str) else document_text(document))


def table_policy(arn: str) -> Any:
    """Moto's own object of the policy of a table or stream, or None."""
    place = place_of(arn)
    backend = dict.get(dict.get(dynamodb_backends, place.account, {}), place.region)
    if backend is None or not backend.resource_policies:
        return None
    if place.kind != "table" or place.name not in backend.tables:
        return None
    is_stream = parts_of(arn).part == "stream"
    return backend.resource_policies.get(arn if is_stream else table_arn_of(arn))


_RESOURCE_POLICIES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "kms": (lambda arn: None if ":alias/" in arn else key_of(arn, "", ""), "policy"),
    "dynamodb": (table_policy, "policy_doc"),
    "iam": (
        lambda arn: entity_of(arn) if place_of(arn).kind == "role" else None,
        "assume_role_policy_document",
    ),
}
"""How moto's object with the policy of a resource is found, and its attribute, by service. An alias has no
policy of its own, and a user none at all."""


def _key(key: Any) -> Key:
    backend: Any = dict.get(dict.get(kms_backends, key.account_id, NOTHING), key.region)
    tags = backend.tagger.tags.get(key.id) or {}
    multi_region_type = ""
    if key.multi_region:
        # moto's copies of a key share this object: the ARN tells which of them is the primary.
        primary = key.multi_region_configuration["PrimaryKey"]["Arn"]
        multi_region_type = "PRIMARY" if key.arn == primary else "REPLICA"
    return _shared_key(
        key.arn,
        key.id,
        key.account_id,
        key.region,
        key.key_state,
        key.key_spec,
        key.key_usage or "ENCRYPT_DECRYPT",
        key.origin,
        key.key_manager,
        bool(key.multi_region),
        multi_region_type,
        tuple(key.aliases),
        tuple(tags.items()),
    )


@lru_cache(maxsize=1024)
def _shared_key(*fields: Any) -> Key:
    """A Key by its fields in order, its tags as pairs; the same one for the same fields."""
    *others, tags = fields
    every = (*others, dict(tags))
    return Key(*every)


def _table(table: Any) -> Table:
    specification = table.sse_specification or {}
    return _shared_table(
        table.table_arn,
        table.name,
        table.account_id,
        table.region_name,
        specification.get("KMSMasterKeyId") if specification.get("Enabled") else None,
        tuple([(tag["Key"], tag["Value"]) for tag in table.tags]),
        table.hash_key_attr,
        _index_keys(*table.global_indexes, *table.indexes) if table.global_indexes or table.indexes else (),
        table.range_key_attr or "",
        f"{table.table_arn}/stream/{table.latest_stream_label}" if table.latest_stream_label else "",
        bool((table.stream_specification or {}).get("StreamEnabled")),
        tuple([index.name for index in table.indexes]),
        table.billing_mode == "PAY_PER_REQUEST",
        tuple([kind for kind in (table.hash_key_type, table.range_key_type) if kind]),
        _projected(table.global_indexes) if table.global_indexes else (),
        _index_schemas(table) if table.global_indexes or table.indexes else (),
        tuple([table.throughput[unit] for unit in UNITS if unit in (table.throughput or ())]),
        None if GROUP not in table.__dict__ else _global_table(table),
        () if STREAM_TAGS not in table.__dict__ else as_pairs(table.__dict__[STREAM_TAGS]),
        further_keys((index.name, index.schema) for index in table.global_indexes)
        if table.global_indexes
        else (),
    )


def _global_table(table: Any) -> GlobalTable:
    group = getattr(table, GROUP)
    others = tuple(group.others(table.region_name))
    return GlobalTable(others, group.is_strong, tuple(group.witness_regions))


@lru_cache(maxsize=1024)
def _shared_table(*fields: Any) -> Table:
    """A Table by its fields in order, its mappings as pairs; the same one for the same fields."""
    *first, tags, hash_key, index_keys = fields[:8]
    every = (*first, dict(tags), hash_key, dict(index_keys), *fields[8:])
    return Table(*every)


def _projected(indexes: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        [
            (
                index.name,
                (
                    *[key["AttributeName"] for key in index.schema],
                    *(index.projection.get("NonKeyAttributes") or ()),
                ),
            )
            for index in indexes
            if index.projection.get("ProjectionType") != "ALL"
        ]
    )


def _index_keys(*indexes: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        [
            (index.name, next((key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH"), ""))
            for index in indexes
        ]
    )


def _index_schemas(table: Any) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    kinds = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    indexes = (*table.global_indexes, *table.indexes)
    named = [(index.name, [key["AttributeName"] for key in index.schema]) for index in indexes]
    # Of a key whose type is not told nothing is said.
    return tuple(
        [
            (name, tuple([(key, kinds[key]) for key in keys]))
            for name, keys in named
            if kinds.keys() >= set(keys)
        ]
    )


def _grants_to(key: Any, caller: Caller) -> tuple[Grant, ...]:
    """The grants on a key whose grantee is the caller, its role or its account, whatever they are called now.

    The account's form of a grantee is its id or the ARN of its root user. Costs the same for one grant
    of others as for the 50,000 that KMS lets a key have.
    """
    by_grantee = _by_grantee(key)
    names = dict.fromkeys((*caller.grantee_names, caller.user_id.partition(":")[0]))
    grants = {grant.id: grant for name in names for grant in by_grantee.get(name, ())}
    return tuple(moto_grants.as_grant(key, grant) for grant in grants.values())


def _by_grantee(key: Any) -> Mapping[str, list[Any]]:
    # An index kept on moto's key, made anew when its grants changed: every change alters their number or the
    # last of them, because a grant is only ever added at the end and under a new id.
    state = _state(key.grants)
    kept: tuple[object, dict[str, list[Any]]] | None = getattr(key, moto_grants.INDEX, None)
    if kept is not None and kept[0] == state:
        return kept[1]
    index: dict[str, list[Any]] = {}
    for grant in list(key.grants.values()):
        recorded = getattr(grant, f"kmslab_{moto_grants.PRINCIPALS[0]}", None)
        for name in dict.fromkeys((grant.grantee_principal, recorded)):
            index.setdefault(name, []).append(grant)
    setattr(key, moto_grants.INDEX, (state, index))
    return index


def _state(grants: dict[str, Any]) -> tuple[int, str]:
    """How many grants there are and the last of them, read while other threads may change them."""
    while True:
        try:
            return len(grants), next(reversed(grants), "")
        except RuntimeError:
            continue
