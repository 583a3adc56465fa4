"""What stands in the way of attaching a managed policy, joining a group or deleting one: how IAM words it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

ATTACHED: Mapping[str, tuple[str, str, str]] = {
    "AttachUserPolicy": ("user", "UserName", "PoliciesPerUser"),
    "AttachGroupPolicy": ("group", "GroupName", "PoliciesPerGroup"),
    "AttachRolePolicy": ("role", "RoleName", "PoliciesPerRole"),
}
"""To whom each attaches, the member that names them, and what the quota is called."""
MOST = 10
"""Managed policies of a user, group or role, and groups of a user."""


def not_attachable(arn: str, *, boundary: bool = False) -> ServiceError:
    """Of a managed policy that is to be attached, or to be a boundary, and is not there."""
    what = "Scope ARN:" if boundary else "Policy"
    return ServiceError("NoSuchEntity", f"{what} {arn} does not exist or is not attachable.", 404)


def not_found(arn: str) -> ServiceError:
    """Of a managed policy that is asked for and is not there."""
    return ServiceError("NoSuchEntity", f"Policy {arn} was not found.", 404)


def not_passable(arn: str) -> ServiceError:
    """Of a managed policy that is to limit a session and is not there; code and text are inferred.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    return ServiceError("MalformedPolicyDocument", f"Policy {arn} does not exist or is not attachable.")


def check_attached(call: ApiCall, attached: Collection[str]) -> None:
    """Raise LimitExceeded for a managed policy too many; one that is attached already may be again."""
    if len(attached) >= MOST and call.params["PolicyArn"] not in attached:
        raise _too_many(ATTACHED[call.operation][2])


def check_groups(call: ApiCall, groups: Collection[str]) -> None:
    """Raise LimitExceeded for a group too many of a user; the text is inferred."""
    if len(groups) >= MOST and call.params["GroupName"] not in groups:
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


def _too_many(quota: str) -> ServiceError:
    return ServiceError("LimitExceeded", f"Cannot exceed quota for {quota}: {MOST}", 409)
