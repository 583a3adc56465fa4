"""An endpoint's KMS: keys by every form of their name, their policies and the grants on them."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from pytest_kmslab.account.model import Key
from pytest_kmslab.authz.arn import parts_of, root_arn
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.backends.endpoint.cache import ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients, unless_refused
from pytest_kmslab.backends.endpoint.iam_snapshot import Snapshot
from pytest_kmslab.backends.endpoint.meant_principals import MeantPrincipals
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import Store
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.calls.rules.aws_managed_key_policy import fixed_policy

NOT_FOUND = frozenset({"NotFoundException", "ValidationException", "InvalidArnException", "InvalidAliasName"})
GONE = frozenset({*NOT_FOUND, "KMSInvalidStateException"})
OF_AWS = "alias/aws/"
MADE_HERE = frozenset(f"{OF_AWS}{service}" for service in ("dynamodb", "s3", "sqs", "ssm", "secretsmanager"))
"""AWS managed keys that are made when somebody asks for one, as KMS does."""

KEY_ID = re.compile(rb"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""LocalStack, ministack and moto write a key's id at the head of what it encrypts."""

GRANTS_A_PAGE = 100

GRANT_PRINCIPALS = ("GranteePrincipal", "RetiringPrincipal")
SOURCE = "SourceArn"
"""The constraint of a grant to requests on behalf of one resource."""


class DatedKey(NamedTuple):
    """A key as the endpoint tells of it, whose clock nobody moves on."""

    key: Key
    deleted_at: float
    """When its waiting period ends, in seconds since the epoch; infinite where none runs."""
    expires_at: float
    """When its imported material expires."""

    def at(self, now: float) -> Key | None:
        """The key as it is at a time; None where it has been deleted by then."""
        if self.deleted_at <= now:
            return None
        # Whatever else the endpoint says of it: without material it can do nothing.
        expired = self.expires_at <= now and self.key.state in ("Enabled", "Disabled")
        return replace(self.key, state="PendingImport") if expired else self.key


class ApiKeys:
    """Keys of one account, whose root user signs what is asked here."""

    def __init__(
        self,
        clients: EndpointClients,
        identities: ApiIdentities,
        store: Store,
        cache: ReadCache,
        now: Callable[[], float] = time.time,
        meant: MeantPrincipals | None = None,
    ) -> None:
        self._now = now
        self._meant = meant or MeantPrincipals(store, self._own_snapshot)
        self._clients = clients
        self._identities = identities
        self._store = store
        self._cache = cache

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, key ARN, alias name or alias ARN."""
        if key_id.startswith("arn:"):
            arn = parts_of(key_id)
            if arn.service != "kms" or not arn.region or not arn.account:
                return None
            region, account, key_id = arn.region, arn.account, arn.resource.removeprefix("key/")
        if account != self._identities.account or not key_id or not region:
            return None
        known = self._cache.get(("key", region, key_id), lambda: self._read(key_id, region))
        return None if known is None else known.at(self._now())

    def by_arn(self, arn: str) -> Key | None:
        """A key by its ARN, and by nothing else."""
        return self.key(arn, "", "") if arn.startswith("arn:") and ":alias/" not in arn else None

    def of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id stands at the head of the ciphertext."""
        key_id = KEY_ID.match(ciphertext)
        return self.key(key_id.group().decode(), region, account) if key_id else None

    def policy_text(self, key: Key) -> str:
        """A key's policy as KMS keeps it: a principal that was deleted since stands there by its unique id.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        """
        return self._cache.get(("key policy", key.arn), lambda: self._read_policy(key))

    def grants(self, key: Key) -> tuple[Grant, ...]:
        """The grants on a key, said to be issued by its account where the endpoint does not say."""
        return self._cache.get(("grants", key.arn), lambda: self._read_grants(key))

    def keep_token(self, token: str, key: Key, grant_id: str) -> None:
        """Remember which grant a token was given out for."""
        self._store.put(token_name(token), {"key": key.arn, "grant": grant_id})

    def keep_grant(self, grant_id: str, grant: Mapping[str, Any]) -> None:
        """Remember whom a grant means now, and the resource that it is for."""
        # KMS stores a principal by its unique id.
        principals = {member: str(grant.get(member) or "") for member in GRANT_PRINCIPALS}
        ids = self._meant.ids_of(principals.values())
        meant = {member: ids[arn] for member, arn in principals.items() if arn in ids}
        # An endpoint drops this constraint where its model of KMS is older.
        source = (grant.get("Constraints") or {}).get("SourceArn")
        if meant or source:
            self._store.put(_grant_name(grant_id), {**meant, **({SOURCE: source} if source else {})})

    def kept_of_grant(self, grant: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a grant that an endpoint does not keep: its source, and whom it names now."""
        kept = dict(self._store.lasting(_grant_name(str(grant["GrantId"]))) or {})
        source = kept.pop(SOURCE, None)
        # Renamed since by the ARN, deleted since by the unique id, whoever has the name now.
        principals: dict[str, Any] = {
            member: self._meant.name_of(str(grant.get(member) or ""), unique_id)
            for member, unique_id in kept.items()
        }
        if source:
            principals["Constraints"] = {**(grant.get("Constraints") or {}), SOURCE: source}
        return principals

    def keep_principals(self, key: Key) -> None:
        """Remember whom each ARN of a key policy means now."""
        self._meant.keep(_principals_name(key), self._given_policy(key))

    def _own_snapshot(self, account: str) -> Snapshot | None:
        own = account in ("", self._identities.account)
        return self._identities.snapshot if own else None

    def keep_deletion(self, key: Key, later: timedelta) -> None:
        """Remember by how much later than the endpoint says a key is deleted: the clock had been moved on."""
        name = _deletion_name(key)
        if later or self._store.get(name) is not None:
            self._store.put(name, {"later": later.total_seconds()})

    def _read(self, key_id: str, region: str) -> DatedKey | None:
        metadata = self._describe(key_id, region)
        if metadata is None and key_id in MADE_HERE:
            metadata = self._make_managed(key_id, region)
        if metadata is None:
            return None
        aliases = self._aliases(metadata["KeyId"], region)
        key = Key(
            arn=metadata["Arn"],
            key_id=metadata["KeyId"],
            account=self._identities.account,
            region=region,
            state=metadata["KeyState"],
            spec=metadata.get("KeySpec", "SYMMETRIC_DEFAULT"),
            usage=metadata.get("KeyUsage", "ENCRYPT_DECRYPT"),
            origin=metadata.get("Origin", "AWS_KMS"),
            manager="AWS" if any(alias.startswith(OF_AWS) for alias in aliases) else "CUSTOMER",
            multi_region=bool(metadata.get("MultiRegion")),
            multi_region_type=(metadata.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType", ""),
            aliases=aliases,
            tags=self._tags(metadata["KeyId"], region),
        )
        expires = metadata.get("ExpirationModel") == "KEY_MATERIAL_EXPIRES" and metadata.get("ValidTo")
        return DatedKey(key, self._deleted_at(key, metadata), expires.timestamp() if expires else math.inf)

    def _deleted_at(self, key: Key, metadata: Mapping[str, Any]) -> float:
        date = metadata.get("DeletionDate") if key.state == "PendingDeletion" else None
        if date is None:
            return math.inf
        later = (self._store.get(_deletion_name(key)) or {}).get("later", 0.0)
        return float(date.timestamp() + later)

    def _describe(self, key_id: str, region: str) -> dict[str, Any] | None:
        kms = self._clients.of("kms", region)
        return unless_refused(NOT_FOUND, lambda: dict(kms.describe_key(KeyId=key_id)["KeyMetadata"]), None)

    def _make_managed(self, alias: str, region: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        kms = self._clients.of("kms", region)
        made = kms.create_key(Description=f"Default key of {alias.removeprefix(OF_AWS)}")["KeyMetadata"]
        # Two processes may do it at once: the alias is one's, and the other's key goes.
        try:
            kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
        except ClientError as error:
            if error_code(error) != "AlreadyExistsException":
                raise
            kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
        return self._describe(alias, region)

    def _aliases(self, key_id: str, region: str) -> tuple[str, ...]:
        pages = self._clients.of("kms", region).get_paginator("list_aliases").paginate(KeyId=key_id)
        return tuple(alias["AliasName"] for page in pages for alias in page["Aliases"])

    def _tags(self, key_id: str, region: str) -> Mapping[str, str]:
        pages = self._clients.of("kms", region).get_paginator("list_resource_tags").paginate(KeyId=key_id)
        # Between the two reads somebody may have deleted the key; one without tags is as good.
        tags: list[Any] = unless_refused(
            GONE, lambda: [tag for page in pages for tag in page.get("Tags") or ()], []
        )
        return {tag["TagKey"]: tag["TagValue"] for tag in tags}

    def _read_policy(self, key: Key) -> str:
        if key.manager == "AWS":
            # An emulator gives an AWS managed key the policy of a customer's.
            alias = next(alias for alias in key.aliases if alias.startswith(OF_AWS))
            return json.dumps(fixed_policy(alias.removeprefix(OF_AWS), key.account, key.region))
        return self._meant.present(_principals_name(key), self._given_policy(key))

    def _given_policy(self, key: Key) -> str:
        kms = self._clients.of("kms", key.region)
        return str(kms.get_key_policy(KeyId=key.key_id, PolicyName="default")["Policy"])

    def _read_grants(self, key: Key) -> tuple[Grant, ...]:
        pages = (
            self._clients.of("kms", key.region)
            .get_paginator("list_grants")
            .paginate(KeyId=key.key_id, PaginationConfig={"PageSize": GRANTS_A_PAGE})
        )
        issuer = {"IssuingAccount": root_arn(parts_of(key.arn).partition, key.account)}
        grants = [grant for page in pages for grant in page["Grants"]]
        return tuple(Grant.from_json({**issuer, **grant, **self.kept_of_grant(grant)}) for grant in grants)


def token_name(token: str) -> str:
    """The name of what is kept of a grant token."""
    return f"grant-tokens/{hashlib.sha256(token.encode()).hexdigest()}"


def _grant_name(grant_id: str) -> str:
    return f"grant-principals/{grant_id}"


def _deletion_name(key: Key) -> str:
    return f"key-deletions/{key.region}/{key.key_id}"


def _principals_name(key: Key) -> str:
    return f"key-principals/{key.region}/{key.key_id}"
