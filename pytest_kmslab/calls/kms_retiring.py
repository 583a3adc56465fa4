"""RetireGrant: the grant itself says who may retire it.

The retiring principal may, the grantee if the grant lets it, and the account that made the grant. The
key policy has no part in it; an IAM policy of the key's account can delegate kms:RetireGrant or deny it.
https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
"""

from __future__ import annotations

from dataclasses import replace

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.base import ApiCall, Asks, ServiceError
from pytest_kmslab.calls.kms_context import constraint_keys, key_ask
from pytest_kmslab.calls.kms_keys import find_key, partition, refuse_dry_run
from pytest_kmslab.calls.kms_policies import delegation, entitlement
from pytest_kmslab.facts import Facts, Key


def retire_grant(call: ApiCall, facts: Facts) -> Asks:
    """Whether an explicit Deny is in the way, for whom the grant entitles; IAM permission for others."""
    key, grant = _grant(call, facts)
    constraints = {
        "EncryptionContextEquals": grant.encryption_context_equals,
        "EncryptionContextSubset": grant.encryption_context_subset,
    }
    ask = key_ask(call, "kms:RetireGrant", key, constraint_keys(constraints))
    yield replace(ask, resource_policy=_policy(call, key, grant))
    refuse_dry_run(call)


def _grant(call: ApiCall, facts: Facts) -> tuple[Key, Grant]:
    key_id, grant_id = call.params.get("KeyId"), call.params.get("GrantId")
    if key_id is None or grant_id is None:
        raise ServiceError(
            "AccessDeniedException",
            f"`RetireGrant` by `GrantToken` cannot be decided for {call.caller.arn}: name the grant by "
            "`KeyId` and `GrantId`",
        )
    key = find_key(call, facts, key_id, "kms:RetireGrant", foreign=True)
    for grant in facts.grants(key.arn):
        if grant.grant_id == grant_id:
            return key, grant
    raise ServiceError("NotFoundException", f"Grant ID {grant_id} not found")


def _policy(call: ApiCall, key: Key, grant: Grant) -> Policy:
    """What stands in for the key policy, which has no part in retiring."""
    if _entitled({call.caller.arn, call.caller.principal_arn}, grant):
        return entitlement(call)
    own_account = f"arn:{partition(call)}:iam::{call.account}:root"
    trusted = call.account if _entitled({own_account, call.account}, grant) else key.account
    return delegation(partition(call), trusted)


def _entitled(names: set[str], grant: Grant) -> bool:
    if grant.retiring_principal in names:
        return True
    return grant.grantee_principal in names and "RetireGrant" in grant.operations
