"""The condition keys of KMS: those of the key, those of the caller, those of the request.

Each function of the third kind takes the parameters and the key and answers the condition keys that
they set. A parameter left out sets the key of its default where the documentation says that the value
in use counts, and no key at all where the documentation tests for its absence (ExpirationModel,
BypassPolicyLockoutSafetyCheck).
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from pytest_kmslab.account.model import Caller, Key
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Params
from pytest_kmslab.calls.context_keys import Keys, caller_context, request_tags, resource_tags, tag_keys
from pytest_kmslab.calls.kms.keys import request_alias
from pytest_kmslab.calls.kms.specs import SYMMETRIC

RequestKeys = Callable[[Params, Key], Keys]
CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset")


def key_authorization(
    call: ApiCall, action: str, key: Key, keys: Keys, via_ciphertext: bool = False, region: str = ""
) -> Authorization:
    """The question whether the caller may do `action` on the key; `keys` are the request's own."""
    # Made when a condition first asks for a key: most decisions meet none.
    make = partial(key_keys, call.caller, region or call.region, call.time, key, keys)
    return call.requires(action, key.arn, make, key.account, from_ciphertext=via_ciphertext)


def account_authorization(
    call: ApiCall, action: str, keys: Keys, resource: str = "*", region: str = "", account: str = ""
) -> Authorization:
    """The question whether the caller may do what involves no key, in their account or another."""
    owner = account or call.account
    own: Keys = {"aws:ResourceAccount": owner}
    every = {**caller_context(call.caller, region or call.region, call.time), **own, **keys}
    return call.requires(action, resource, every, owner)


def key_keys(caller: Caller, region: str, time: datetime | None, key: Key, own: Keys) -> Keys:
    """Who asks, what the key is like, and the request's own keys."""
    keys = caller_context(caller, region, time)
    keys["kms:CallerAccount"] = caller.account
    keys["aws:ResourceAccount"] = key.account
    keys.update(property_keys(key.spec, key.usage, key.origin, key.multi_region, key.multi_region_type))
    if key.aliases:
        keys["kms:ResourceAliases"] = key.aliases
    keys.update(resource_tags(key.tags))
    keys.update(own)
    return keys


def property_keys(spec: str, usage: str, origin: str, multi_region: bool, key_type: str) -> Keys:
    """The properties of a key, or of a key to be made; two of them have a deprecated second name."""
    keys: Keys = {
        "kms:KeySpec": spec,
        "kms:CustomerMasterKeySpec": spec,
        "kms:KeyUsage": usage,
        "kms:CustomerMasterKeyUsage": usage,
        "kms:KeyOrigin": origin,
        "kms:MultiRegion": multi_region,
    }
    if key_type:
        keys["kms:MultiRegionKeyType"] = key_type
    return keys


def encryption_context(pairs: Mapping[str, str] | None) -> Keys:
    """`kms:EncryptionContext:…` and `kms:EncryptionContextKeys`; absent where there are no pairs."""
    if not pairs:
        return {}
    # Condition keys compare without case, encryption contexts with it: pairs whose names differ in case alone
    # become two values of one key.
    keys: Keys = {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}
    keys["kms:EncryptionContextKeys"] = tuple(pairs)
    return keys


def of_encryption_context(params: Params, key: Key) -> Keys:
    """The encryption context of the request."""
    return encryption_context(params.get("EncryptionContext"))


def of_algorithm(params: Params, key: Key) -> Keys:
    """The algorithm in use, named or not."""
    # A data key is always made under SYMMETRIC_DEFAULT.
    return {"kms:EncryptionAlgorithm": params.get("EncryptionAlgorithm", SYMMETRIC)}


def of_alias(params: Params, key: Key) -> Keys:
    """The alias by which the request names the key, if it does."""
    return alias_keys(params.get("KeyId", ""))


def alias_keys(key_id: str) -> Keys:
    """`kms:RequestAlias` of a key identifier."""
    # Absent where the key is not named by an alias: policies test for that with `Null`.
    alias = request_alias(key_id)
    return {"kms:RequestAlias": alias} if alias else {}


def of_grant(params: Params, key: Key) -> Keys:
    """What a grant about to be made would allow, and to whom."""
    keys: Keys = {"kms:GrantIsForAWSResource": False, "kms:GrantOperations": tuple(params["Operations"])}
    principals = ("GranteePrincipal", "RetiringPrincipal", "GranteeServicePrincipal")
    for name in (*principals, "RetiringServicePrincipal"):
        if name in params:
            keys[f"kms:{name}"] = params[name]
    constraints = params.get("Constraints", {})
    # A grant for one resource of a service says so in a key of its own.
    if "SourceArn" in constraints:
        keys["kms:GrantConstraintSourceArn"] = constraints["SourceArn"]
    return {**keys, **constraint_keys({kind: constraints.get(kind) for kind in CONSTRAINTS})}


def constraint_keys(constraints: Mapping[str, Mapping[str, str] | None]) -> Keys:
    """The constraints of a grant: their types, and their pairs as an encryption context."""
    kinds = [kind for kind, pairs in constraints.items() if pairs]
    pairs = {name: value for kind in kinds for name, value in (constraints[kind] or {}).items()}
    return {**({"kms:GrantConstraintType": kinds} if kinds else {}), **encryption_context(pairs)}


def of_direct_grant_call(params: Params, key: Key) -> Keys:
    """A call about grants that no AWS service makes on the caller's behalf."""
    # An AWS service makes its own calls with this key true; no direct call does.
    return {"kms:GrantIsForAWSResource": False}


def of_tags(params: Params, key: Key) -> Keys:
    """The tags about to be put."""
    return request_tags(params.get("Tags", ()), "TagKey", "TagValue")


def of_tag_keys(params: Params, key: Key) -> Keys:
    """The names of the tags about to be taken off."""
    return tag_keys(params["TagKeys"])


def from_member(member: str, default: str | int | None = None, condition_key: str = "") -> RequestKeys:
    """What sets `kms:<member>` (or `condition_key`) to a parameter's value, or to its default."""

    def keys(params: Params, key: Key) -> Keys:
        value = params.get(member, default)
        return {} if value is None else {f"kms:{condition_key or member}": value}

    return keys
