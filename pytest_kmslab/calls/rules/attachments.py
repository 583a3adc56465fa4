"""What stands in the way of attaching a managed policy, joining a group or deleting one: how IAM words it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

ATTACHED: Mapping[str, tuple[str, str, str]] = {
    "AttachUserPolicy": ("user", "UserName", "PoliciesPerUser"),
    "AttachGroupPolicy": ("group", "GroupName", "PoliciesPerGroup"),
    "AttachRolePolicy": ("role", "RoleName", "PoliciesPerRole"),
}
"""To whom each attaches, the member that names them, and what the quota is called."""
MOST: Mapping[str, int] = {
    "PoliciesPerUser": 10,
    "PoliciesPerGroup": 10,
    "PoliciesPerRole": 20,
    "GroupsPerUser": 10,
}
"""The default of each quota; that of roles was measured (cdk-preflight, pf-iam-managed-policy-count)."""

MOST_PASSED = 10
"""Managed policies that limit one session."""

ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
"""What IAM and STS take for an ARN, of whatever it may be."""
_UNREAD = "Invalid ARN:  Could not be parsed!"
BOUNDED = frozenset({"CreateRole", "CreateUser", "PutRolePermissionsBoundary", "PutUserPermissionsBoundary"})


def check_policy_arns(call: ApiCall) -> None:
    """Raise ServiceError for what cannot be the ARN of a managed policy, before it is looked for.

    Texts were recorded by LocalStack (test_role_attach_policy, non_existent_malformed_policy_arn), and
    measured by cdk-preflight (pf-iam-policy-arn-partition, pf-iam-permissions-boundary-policy-arn).
    """
    if call.params.get("PolicyArn") is not None:
        _check_policy_arn(call, str(call.params["PolicyArn"]))
    if call.operation in BOUNDED and call.params.get("PermissionsBoundary"):
        _check_policy_arn(call, str(call.params["PermissionsBoundary"]))


def _check_policy_arn(call: ApiCall, arn: str) -> None:
    if ARN.fullmatch(arn) is None:
        raise ServiceError("ValidationError", _UNREAD)
    policy = parts_of(arn)
    if policy.partition != call.partition:
        raise ServiceError("ValidationError", "Invalid ARN partition")
    if policy.service != "iam" or not policy.resource.startswith("policy/"):
        raise ServiceError("InvalidInput", f"ARN {arn} is not valid.")


def not_attachable(arn: str, *, boundary: bool = False) -> ServiceError:
    """Of a managed policy that is to be attached, or to be a boundary, and is not there."""
    what = "Scope ARN:" if boundary else "Policy"
    return ServiceError("NoSuchEntity", f"{what} {arn} does not exist or is not attachable.", 404)


def not_found(arn: str) -> ServiceError:
    """Of a managed policy that is asked for and is not there."""
    return ServiceError("NoSuchEntity", f"Policy {arn} was not found.", 404)


def not_passable(arn: str) -> ServiceError:
    """Of a managed policy that is to limit a session and is not there.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    # Code and text are inferred.
    return ServiceError("MalformedPolicyDocument", f"Policy {arn} does not exist or is not attachable.")


def check_passed_policies(call: ApiCall) -> None:
    """Raise ServiceError for managed policies that cannot limit a session: more than ten, or of another
    partition.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    passed = [
        policy.get("arn") if isinstance(policy, Mapping) else policy
        for policy in call.params.get("PolicyArns") or ()
    ]
    # The number is documented; codes and texts are inferred.
    if len(passed) > MOST_PASSED:
        text = f"Member must have length less than or equal to {MOST_PASSED}"
        raise ServiceError(
            "ValidationError",
            f"1 validation error detected: Value at 'policyArns' failed to satisfy constraint: {text}",
        )
    for arn in map(str, passed):
        if not arn.startswith(f"arn:{call.partition}:"):
            raise not_passable(arn)


def check_attached(call: ApiCall, attached: Collection[str]) -> None:
    """Raise LimitExceeded for a managed policy too many."""
    quota = ATTACHED[call.operation][2]
    # One that is attached already may be attached again.
    if len(attached) >= MOST[quota] and call.params["PolicyArn"] not in attached:
        raise _too_many(quota)


def check_number(kind: str, number: int) -> None:
    """Raise LimitExceeded for more managed policies than a `user`, `role` or `group` may have."""
    quota = f"PoliciesPer{kind.capitalize()}"
    if number > MOST[quota]:
        raise _too_many(quota)


def check_groups(call: ApiCall, groups: Collection[str]) -> None:
    """Raise LimitExceeded for a group too many of a user."""
    if len(groups) >= MOST["GroupsPerUser"] and call.params["GroupName"] not in groups:
        # The text is inferred.
        raise _too_many("GroupsPerUser")


def check_empty(*, users: bool, attached: bool, inline: bool) -> None:
    """Raise DeleteConflict for a group that has any of these.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
    """
    for there, text in (
        (users, "must remove users from group first"),
        (attached, "must detach all policies first"),
        (inline, "must delete policies first"),
    ):
        if there:
            raise ServiceError("DeleteConflict", f"Cannot delete entity, {text}.", 409)


_USER_HAS: Mapping[str, str] = {
    "groups": "must remove users from group first",
    "login profile": "must delete login profile first",
    "access keys": "must delete access keys first",
    "signing certificates": "must delete signing certificates first",
    "SSH public keys": "must delete SSH public keys first",
    "MFA devices": "must delete MFA device first",
}
"""What blocks DeleteUser, and what IAM says of each."""


def check_user_is_bare(has: Callable[[str], Any]) -> None:
    """Raise DeleteConflict for a user who still has something that must go first.

    `has` answers whether the user has what `_USER_HAS` names; it is asked for one after another.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
    """
    for kind, text in _USER_HAS.items():
        if has(kind):
            raise ServiceError("DeleteConflict", f"Cannot delete entity, {text}.", 409)


def _too_many(quota: str) -> ServiceError:
    return ServiceError("LimitExceeded", f"Cannot exceed quota for {quota}: {MOST[quota]}", 409)
