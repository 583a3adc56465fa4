"""Reads moto's own objects in memory: nothing is copied, so nothing can be stale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, read_policy
from pytest_kmslab.backends import moto_grants
from pytest_kmslab.backends.base import Credentials
from pytest_kmslab.backends.moto_aws_keys import aws_managed_key
from pytest_kmslab.backends.moto_ciphertexts import key_id_of
from pytest_kmslab.backends.moto_identity import IdentityReader, entity_of, partition_of, present_principals
from pytest_kmslab.facts import Caller, Credential, Key, Table


class MotoFacts:
    """`Facts` of every account that this process's moto holds."""

    def __init__(self, account: str, root: Credentials) -> None:
        self._account = account
        self._identities = IdentityReader(account, root)

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id: the root user's, an IAM user's or a role session's."""
        return self._identities.credential(access_key_id)

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""
        found = self.moto_key(key_id, region, account)
        return None if found is None else _key(found)

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id moto wrote at the head of the ciphertext."""
        key_id = key_id_of(ciphertext)
        if key_id is None:
            return None
        for owner in (account, *kms_backends):
            key = self.key(key_id, region, owner)
            if key is not None:
                return key
        return None

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name, or by the ARN of the table, of an index or of a stream."""
        arn = (
            name
            if name.startswith("arn:")
            else f"arn:{partition_of(region)}:dynamodb:{region}:{account}:table/{name}"
        )
        found = self.moto_table(arn)
        return None if found is None else _table(found)

    def backup(self, arn: str) -> Table | None:
        """The table as it was at the time of a backup: moto keeps a copy."""
        parts = arn.split(":", 5)
        backend = _backend(dynamodb_backends, parts[4], parts[3]) if len(parts) == 6 else None
        found = None if backend is None else backend.backups.get(arn)
        return None if found is None else _table(found.table)

    def iam_arn(self, kind: str, name: str, account: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        return self._identities.arn(kind, name, account)

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user or role."""
        return self._identities.tags(arn)

    def principal_exists(self, principal: str) -> bool:
        """Whether KMS could resolve a principal: accounts are taken to exist, users and roles not."""
        return self._identities.exists(principal)

    def policies(self, caller: Caller, resource: str) -> Policies:
        """The caller's policies, and the policy that hangs on the resource."""
        identity, boundary = self._identities.policies(caller)
        return Policies(
            identity=identity,
            resource=self.resource_policy(resource),
            permissions_boundary=boundary,
            session=self._identities.session_policies(caller),
        )

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

    def moto_key(self, key_id: str, region: str, account: str) -> Any:
        """Moto's own key object, or None."""
        if key_id.startswith("arn:"):
            parts = key_id.split(":", 5)
            if len(parts) < 6 or parts[2] != "kms" or not parts[3] or not parts[4]:
                return None
            region, account, key_id = parts[3], parts[4], parts[5].removeprefix("key/")
        if key_id in RESERVED_ALIASES:
            key_id = aws_managed_key(account, region, key_id)
        backend = _backend(kms_backends, account, region)
        if backend is None:
            return None
        if key_id.startswith("alias/"):
            return next((key for key in backend.keys.values() if key_id in key.aliases), None)
        return backend.keys.get(key_id)

    def moto_table(self, arn: str) -> Any:
        """Moto's own table object, or None."""
        parts = arn.split(":", 5)
        path = parts[-1].split("/")
        if len(parts) < 6 or parts[2] != "dynamodb" or path[0] != "table" or len(path) < 2:
            return None
        backend = _backend(dynamodb_backends, parts[4], parts[3])
        return None if backend is None else backend.tables.get(path[1])

    def every_key(self) -> Iterator[Any]:
        """Moto's own key objects, of every account and Region."""
        for regions in list(kms_backends.values()):
            for backend in list(regions.values()):
                yield from list(backend.keys.values())

    def _key_by_arn(self, arn: str) -> Any:
        return self.moto_key(arn, "", "") if arn.startswith("arn:") else None

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        """The policy that hangs on a resource."""
        service = resource.split(":", 3)[2] if resource.startswith("arn:") else ""
        reader = self._RESOURCE_POLICIES.get(service)
        text = reader(self, resource) if reader else None
        return NamedPolicy(resource, read_policy(text)) if text else None

    def _key_policy_text(self, arn: str) -> str | None:
        key = None if ":alias/" in arn else self._key_by_arn(arn)
        return None if key is None else self._identities.key_policy_text(key)

    def table_policy(self, arn: str) -> Any:
        """Moto's own object of the policy of a table or stream, or None."""
        table = self.moto_table(arn)
        if table is None:
            return None
        return dynamodb_backends[table.account_id][table.region_name].resource_policies.get(_own_arn(arn))

    def _table_policy_text(self, arn: str) -> str | None:
        policy = self.table_policy(arn)
        return None if policy is None else present_principals(policy, str(policy.policy_doc))

    def _trust_policy_text(self, arn: str) -> str | None:
        role = entity_of(arn)
        if role is None or ":role/" not in arn:
            return None
        return present_principals(role, str(role.assume_role_policy_document))

    _RESOURCE_POLICIES: ClassVar = {
        "kms": _key_policy_text,
        "dynamodb": _table_policy_text,
        "iam": _trust_policy_text,
    }


def _backend(backends: Any, account: str, region: str) -> Any:
    """moto's backend of an account and Region, None where nothing was ever made there.

    Read as a plain dictionary: moto's own lookup makes what is missing, and goes through every Region.
    """
    regions = dict.get(backends, account)
    return None if regions is None else dict.get(regions, region)


def _own_arn(arn: str) -> str:
    """The ARN that carries the resource policy: a stream has its own, an index its table's."""
    return arn if "/stream/" in arn else "/".join(arn.split("/")[:2])


def _key(found: Any) -> Key:
    aliases = tuple(found.aliases)
    backend = kms_backends[found.account_id][found.region]
    arn = found.arn
    return Key(
        arn=arn,
        key_id=found.id,
        account=found.account_id,
        region=found.region,
        state=found.key_state,
        spec=found.key_spec,
        usage=found.key_usage or "ENCRYPT_DECRYPT",
        origin=found.origin,
        manager=found.key_manager,
        multi_region=bool(found.multi_region),
        multi_region_type=_multi_region_type(found) if found.multi_region else "",
        aliases=aliases,
        tags=backend.tagger.get_tag_dict_for_resource(found.id),
    )


def _multi_region_type(found: Any) -> str:
    return "PRIMARY" if found.arn == found.multi_region_configuration["PrimaryKey"]["Arn"] else "REPLICA"


def _table(found: Any) -> Table:
    specification = found.sse_specification or {}
    return Table(
        arn=found.table_arn,
        name=found.name,
        account=found.account_id,
        region=found.region_name,
        key_arn=specification.get("KMSMasterKeyId") if specification.get("Enabled") else None,
        tags={tag["Key"]: tag["Value"] for tag in found.tags},
        hash_key=found.hash_key_attr,
        index_keys=_index_keys(found),
    )


def _index_keys(found: Any) -> dict[str, str]:
    indexes = (*found.global_indexes, *found.indexes)
    return {
        index.name: next((key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH"), "")
        for index in indexes
    }
