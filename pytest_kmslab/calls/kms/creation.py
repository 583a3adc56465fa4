"""Operations that make a key or change its policy or its place.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.arn import in_region
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.context_keys import Keys, caller_context, request_tags, through_service
from pytest_kmslab.calls.kms.context import account_authorization, key_authorization, property_keys
from pytest_kmslab.calls.kms.key_stores import check_key_store
from pytest_kmslab.calls.kms.keys import (
    NOT_USABLE_STATES,
    PENDING_DELETION_STATES,
    check_tags,
    find_key_by_id,
    kms_arn,
    refuse_state,
)
from pytest_kmslab.calls.kms.policies import bypasses, delegation, lockout_check, read_key_policy
from pytest_kmslab.calls.kms.specs import ENCRYPT, SYMMETRIC, check_new_key

SYNCHRONIZER = ("mrk.kms.amazonaws.com", "AWSServiceRoleForKeyManagementServiceMultiRegionKeys")
"""The service that keeps multi-Region keys alike, and the role that KMS makes for it.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html"""

CLUSTER_WATCH = ("cks.kms.amazonaws.com", "AWSServiceRoleForKeyManagementServiceCustomKeyStores")
"""The service that looks after AWS CloudHSM key stores, and its role.
https://docs.aws.amazon.com/kms/latest/developerguide/authorize-kms.html"""

NEW_KEY_ID = "*"
"""Stands for the id of a key that has none yet: the permission to tag it must cover all keys.

https://docs.aws.amazon.com/kms/latest/developerguide/manage-tags-api.html
"""


def create_key(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:CreateKey by IAM alone; with tags kms:TagResource too, and for a multi-Region key
    iam:CreateServiceLinkedRole; then the new key policy is checked."""
    keys = {**new_key_keys(call), **_tags(call)}
    yield account_authorization(call, "kms:CreateKey", keys)
    authorization = account_authorization(call, "kms:PutKeyPolicy", keys, kms_arn(call, f"key/{NEW_KEY_ID}"))
    yield from _tag_authorization(call, authorization)
    if call.params.get("MultiRegion"):
        yield from service_linked_role(call, view, *SYNCHRONIZER)
    check_new_key(call.params, call.region)
    check_key_store(call.params)
    check_tags(call.params, {})
    yield from _policy_checks(call, view, authorization)


def put_key_policy(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:PutKeyPolicy under the present key policy, then under the new one."""
    key = find_key_by_id(call, view, call.params["KeyId"], "kms:PutKeyPolicy")
    authorization = key_authorization(call, "kms:PutKeyPolicy", key, _bypass(call))
    yield authorization
    yield from _policy_checks(call, view, authorization)


def replicate_key(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:ReplicateKey on the primary key, kms:CreateKey in the replica's Region, and as in CreateKey.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
    """
    region = call.params["ReplicaRegion"]
    key = find_key_by_id(call, view, call.params["KeyId"], "kms:ReplicateKey")
    yield key_authorization(call, "kms:ReplicateKey", key, {"kms:ReplicaRegion": region})
    keys = {**property_keys(key.spec, key.usage, key.origin, True, "REPLICA"), **_tags(call), **_bypass(call)}
    keys["kms:CallerAccount"] = call.account
    yield account_authorization(call, "kms:CreateKey", keys, region=region)
    authorization = account_authorization(call, "kms:PutKeyPolicy", keys, in_region(key.arn, region), region)
    yield from _tag_authorization(call, authorization)
    refuse_other_than_primary(key)
    refuse_state(key, NOT_USABLE_STATES)
    if region == key.region:
        # The text was measured by cdk-preflight (pf-kms-replica-primary-arn), the code is inferred.
        text = f"{region} cannot have a replica because it contains the primary."
        raise ServiceError("AlreadyExistsException", text)
    if view.key(key.key_id, region, key.account) is not None:
        raise ServiceError("AlreadyExistsException", f"{in_region(key.arn, region)} already exists")
    check_tags(call.params, {})
    yield from _policy_checks(call, view, authorization)


def update_primary_region(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:UpdatePrimaryRegion on the primary key and on the replica that takes its place."""
    region = call.params["PrimaryRegion"]
    action = "kms:UpdatePrimaryRegion"
    primary = find_key_by_id(call, view, call.params["KeyId"], action)
    yield key_authorization(call, action, primary, {"kms:PrimaryRegion": region})
    refuse_other_than_primary(primary)
    # Both keys take part: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-update.html
    replica = view.key(primary.key_id, region, primary.account)
    if replica is None:
        raise ServiceError("NotFoundException", f"Key '{in_region(primary.arn, region)}' does not exist")
    yield key_authorization(call, action, replica, {"kms:PrimaryRegion": region}, region=region)
    refuse_state(primary, PENDING_DELETION_STATES)


def refuse_other_than_primary(key: Key) -> None:
    """Raise UnsupportedOperationException for no multi-Region primary key."""
    if key.multi_region_type != "PRIMARY":
        # Recorded by LocalStack.
        text = f"{key.arn} is not a multi-region primary key."
        raise ServiceError("UnsupportedOperationException", text)


def _policy_checks(call: ApiCall, view: AccountView, authorization: Authorization) -> Authorizations:
    text = call.params.get("Policy")
    if text is None:
        return
    policy = read_key_policy(text, view, call.partition)
    # The caller must be able to put the policy again, or nobody could.
    if not bypasses(call):
        yield lockout_check(authorization, policy)


def _tag_authorization(call: ApiCall, authorization: Authorization) -> Authorizations:
    if call.params.get("Tags"):
        # With tags, kms:TagResource on the new key, by IAM alone.
        policy = delegation(call.partition, call.account)
        request = authorization.request._replace(action="kms:TagResource")
        yield authorization._replace(request=request, resource_policy=policy)


def create_custom_key_store(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:CreateCustomKeyStore; for one of AWS CloudHSM iam:CreateServiceLinkedRole too."""
    yield account_authorization(call, "kms:CreateCustomKeyStore", {"kms:CallerAccount": call.account})
    if call.params.get("CustomKeyStoreType") != "EXTERNAL_KEY_STORE":
        yield from service_linked_role(call, view, *CLUSTER_WATCH)


def service_linked_role(call: ApiCall, view: AccountView, service: str, role: str) -> Authorizations:
    """iam:CreateServiceLinkedRole for a role that KMS makes as the caller, unless the role is there.

    https://docs.aws.amazon.com/kms/latest/developerguide/create-primary-keys.html
    """
    if view.iam_arn("role", role, call.account, call.partition) is None:
        yield service_linked_role_authorization(call, service, role)


def service_linked_role_authorization(call: ApiCall, service: str, role: str) -> Authorization:
    """The question whether the caller may have KMS make the role of a service."""
    arn = f"arn:{call.partition}:iam::{call.account}:role/aws-service-role/{service}/{role}"
    keys: Keys = {
        **caller_context(call.caller, call.region, call.time),
        **through_service(call.caller, "kms.amazonaws.com"),
        "aws:ResourceAccount": call.account,
        "iam:AWSServiceName": service,
    }
    return call.requires("iam:CreateServiceLinkedRole", arn, keys, call.account)


def new_key_keys(call: ApiCall) -> Keys:
    """The condition keys of a key to be made."""
    params = call.params
    multi_region = params.get("MultiRegion", False)
    spec = params.get("KeySpec") or params.get("CustomerMasterKeySpec") or SYMMETRIC
    usage, origin = params.get("KeyUsage", ENCRYPT), params.get("Origin", "AWS_KMS")
    keys = property_keys(spec, usage, origin, multi_region, "PRIMARY" if multi_region else "")
    return {**keys, **_bypass(call), "kms:CallerAccount": call.account}


def _bypass(call: ApiCall) -> Keys:
    # Absent where the request does not say: the documentation tests it with `Null`.
    bypass = call.params.get("BypassPolicyLockoutSafetyCheck")
    return {} if bypass is None else {"kms:BypassPolicyLockoutSafetyCheck": bypass}


def _tags(call: ApiCall) -> Keys:
    return request_tags(call.params.get("Tags", ()), "TagKey", "TagValue")
