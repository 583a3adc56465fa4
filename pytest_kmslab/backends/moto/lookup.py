"""Where moto keeps what an ARN names: its own objects, found by plain reads of its dictionaries.

moto's own lookups make what is missing, take a lock and go through every Region. What an ARN's text says
is kept by its text; the objects themselves are looked up every time, because moto changes them in place.
Whoever goes through one of moto's dictionaries goes through a copy: other threads change it meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import Role, iam_backends
from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES

from pytest_kmslab.backends.moto.aws_keys import aws_managed_key
from pytest_kmslab.backends.moto.patches.multi_region_ciphertexts import key_id_of
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.sse.specification import OWN_ALIAS

COLLECTIONS = {"user": "users", "role": "roles", "group": "groups", "instance-profile": "instance_profiles"}


class ResourceLocation(NamedTuple):
    """What an ARN says. `rest` is its last part, which begins with `kind/name` and ends with `last`."""

    partition: str = ""
    service: str = ""
    region: str = ""
    account: str = ""
    rest: str = ""
    kind: str = ""
    name: str = ""
    last: str = ""


@lru_cache(maxsize=4096)
def place_of(arn: str) -> ResourceLocation:
    """What an ARN says; a Place of empty texts for what is none."""
    if not arn.startswith("arn:") or arn.count(":") < 5:
        return ResourceLocation()
    partition, service, region, account, rest = arn.split(":", 5)[1:]
    kind, _, path = rest.partition("/")
    return ResourceLocation(
        partition, service, region, account, rest, kind, path.split("/", 1)[0], path.rsplit("/", 1)[-1]
    )


# moto's own dictionaries of backends make what is asked for; a plain `dict.get` does not.
_NOTHING: dict[Any, Any] = {}


def backend_of(backends: Any, account: str, region: str) -> Any:
    """moto's backend of an account and Region (of IAM: partition), None where nothing was ever made there."""
    return dict.get(dict.get(backends, account, _NOTHING), region)


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
    backend = dict.get(dict.get(kms_backends, account, _NOTHING), region)
    return None if backend is None else backend.keys.get(key_id)


def maker_of(ciphertext: bytes, region: str, account: str) -> Any:
    """Moto's own key that made a ciphertext, in a Region: the account's, or else another's."""
    key_id = key_id_of(ciphertext) or ""
    found = (key_of(key_id, region, owner) for owner in (account, *list(kms_backends)) if key_id)
    return next((key for key in found if key is not None), None)


def _key_of_alias(alias: str, region: str, account: str) -> Any:
    made = aws_managed_key(account, region, alias) if alias in RESERVED_ALIASES else ""
    backend = backend_of(kms_backends, account, region)
    if backend is None:
        return None
    named = (key for key in list(backend.keys.values()) if alias in key.aliases)
    return backend.keys.get(made) or next(named, None)


def table_of(arn: str) -> Any:
    """Moto's own table object of the ARN of a table, an index or a stream, or None."""
    place = place_of(arn)
    if place.service != "dynamodb" or place.kind != "table":
        return None
    backend = dict.get(dict.get(dynamodb_backends, place.account, _NOTHING), place.region)
    found = None if backend is None else backend.tables.get(place.name)
    if found is not None and found.sse_specification and "SSEEnabled" in found.sse_specification:
        _encrypt_as_by_api(found)
    return found


def _encrypt_as_by_api(table: Any) -> None:
    """A table that CloudFormation made has its template's words, of which moto understands none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-ssespecification.html
    """
    specification = table.sse_specification
    table.sse_specification = None
    if str(specification["SSEEnabled"]).lower() == "true":
        named = str(specification.get("KMSMasterKeyId") or OWN_ALIAS)
        key = key_of(named, table.region_name, table.account_id)
        if key is not None and OWN_ALIAS in key.aliases:
            key = key_of(OWN_ALIAS, table.region_name, table.account_id)
        arn = named if key is None else key.arn
        table.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn}


def entity_of(arn: str) -> Any:
    """Moto's own user or role of an ARN, path included; None where there is none of that very ARN."""
    place = place_of(arn)
    collection = COLLECTIONS.get(place.kind) if place.service == "iam" else None
    backend = dict.get(dict.get(iam_backends, place.account, _NOTHING), place.partition)
    if backend is None or collection is None:
        return None
    entities: Mapping[str, Any] = getattr(backend, collection)
    found = entities.get(place.last) or by_name(entities, place.last)
    if found is None:
        return None
    if place.kind == "user":  # moto's own property goes through all partitions to find the one known here
        return found if f"user{found.path}{found.name}" == place.rest else None
    return found if found.arn == arn else None


def tags_in(tagger: Any, resource: str) -> dict[str, str]:
    """The tags that one of moto's taggers has of a resource."""
    return dict(tagger.tags.get(resource) or {})


def document_text(document: Any) -> str:
    """The text of a policy document of moto's; a stack made before the lab began left it as an object."""
    if isinstance(document, str):
        return document
    return json.dumps(document, default=str)


def named_entity(call: ApiCall, kind: str, member: str) -> Any:
    """Moto's own user, role or group of the name that a member of the call holds, in the caller's account."""
    entities: Mapping[str, Any] = getattr(iam_backends[call.account][call.partition], COLLECTIONS[kind])
    name = str(call.params[member])
    return entities.get(name) or by_name(entities, name)


def by_name(entities: Mapping[str, Any], name: str) -> Any:
    """The entity of a name, which IAM compares without case; None where there is none."""
    wanted = name.lower()
    return next((one for one in list(entities.values()) if one.name.lower() == wanted), None)


def unique_id(entity: Any) -> str:
    """The unique id of a user or role, with the prefix that AWS gives it."""
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
