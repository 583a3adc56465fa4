"""Operations that make a key or change its policy or its place.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from dataclasses import replace

from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.base import ApiCall, Ask, Asks, ServiceError
from pytest_kmslab.calls.context_keys import Keys, request_tags
from pytest_kmslab.calls.kms_context import SYMMETRIC, account_ask, key_ask, property_keys
from pytest_kmslab.calls.kms_keys import DOOMED, UNUSABLE, find_key, partition, refuse_state
from pytest_kmslab.calls.kms_policies import bypasses, delegation, lockout_check, read_key_policy
from pytest_kmslab.calls.kms_table import ENCRYPT
from pytest_kmslab.facts import Facts

UNBORN = "key/*"
"""Stands for the ARN of a key that has no id yet: policies on all keys match it, those on one do not."""


def create_key(call: ApiCall, facts: Facts) -> Asks:
    """kms:CreateKey by IAM alone; with tags kms:TagResource too; then the new key policy is checked."""
    keys = {**_new_key_keys(call), **_tags(call)}
    yield account_ask(call, "kms:CreateKey", keys)
    yield from _tag_ask(call, keys, call.region)
    yield from _policy_checks(call, facts, _unborn_ask(call, "kms:PutKeyPolicy", keys, call.region))


def put_key_policy(call: ApiCall, facts: Facts) -> Asks:
    """kms:PutKeyPolicy under the present key policy, then under the new one."""
    key = find_key(call, facts, call.params["KeyId"], "kms:PutKeyPolicy")
    ask = key_ask(call, "kms:PutKeyPolicy", key, _bypass(call))
    yield ask
    yield from _policy_checks(call, facts, ask)


def replicate_key(call: ApiCall, facts: Facts) -> Asks:
    """kms:ReplicateKey on the primary key, kms:CreateKey in the replica's Region, and as in CreateKey.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
    """
    region = call.params["ReplicaRegion"]
    key = find_key(call, facts, call.params["KeyId"], "kms:ReplicateKey")
    yield key_ask(call, "kms:ReplicateKey", key, {"kms:ReplicaRegion": region})
    keys = {**property_keys(key.spec, key.usage, key.origin, True, "REPLICA"), **_tags(call), **_bypass(call)}
    keys["kms:CallerAccount"] = call.account
    yield account_ask(call, "kms:CreateKey", keys, region=region)
    yield from _tag_ask(call, keys, region)
    refuse_state(key, UNUSABLE)
    yield from _policy_checks(call, facts, _unborn_ask(call, "kms:PutKeyPolicy", keys, region))


def update_primary_region(call: ApiCall, facts: Facts) -> Asks:
    """kms:UpdatePrimaryRegion on the primary key and on the replica that takes its place."""
    region = call.params["PrimaryRegion"]
    action = "kms:UpdatePrimaryRegion"
    primary = find_key(call, facts, call.params["KeyId"], action)
    yield key_ask(call, action, primary, {"kms:PrimaryRegion": region})
    replica = facts.key(primary.key_id, region, primary.account)
    if replica is None:
        arn = f"arn:{partition(call)}:kms:{region}:{primary.account}:key/{primary.key_id}"
        raise ServiceError("NotFoundException", f"Key '{arn}' does not exist")
    yield key_ask(call, action, replica, {"kms:PrimaryRegion": region}, region=region)
    refuse_state(primary, DOOMED)


def _policy_checks(call: ApiCall, facts: Facts, ask: Ask) -> Asks:
    text = call.params.get("Policy")
    if text is None:
        return
    policy = read_key_policy(text, facts)
    if not bypasses(call):
        yield lockout_check(ask, policy)


def _tag_ask(call: ApiCall, keys: Keys, region: str) -> Asks:
    if call.params.get("Tags"):
        yield _unborn_ask(call, "kms:TagResource", keys, region, delegation(partition(call), call.account))


def _unborn_ask(
    call: ApiCall, action: str, keys: Keys, region: str, resource_policy: Policy | None = None
) -> Ask:
    arn = f"arn:{partition(call)}:kms:{region}:{call.account}:{UNBORN}"
    return replace(account_ask(call, action, keys, arn, region), resource_policy=resource_policy)


def _new_key_keys(call: ApiCall) -> Keys:
    params = call.params
    multi_region = params.get("MultiRegion", False)
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or SYMMETRIC
    usage, origin = params.get("KeyUsage", ENCRYPT), params.get("Origin", "AWS_KMS")
    keys = property_keys(spec, usage, origin, multi_region, "PRIMARY" if multi_region else "")
    return {**keys, **_bypass(call), "kms:CallerAccount": call.account}


def _bypass(call: ApiCall) -> Keys:
    """Absent where the request does not say: the documentation tests it with `Null`."""
    given = call.params.get("BypassPolicyLockoutSafetyCheck")
    return {} if given is None else {"kms:BypassPolicyLockoutSafetyCheck": given}


def _tags(call: ApiCall) -> Keys:
    return request_tags(call.params.get("Tags", ()), "TagKey", "TagValue")
