"""Managed policies that are named: AWS's own are put there, and one that is not there is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto import managed_policies
from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.backends.moto.principals import BOUNDARY, named_entity
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules import attachments as attaching

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def found(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A policy that is asked for."""
    arn = str(call.params["PolicyArn"])
    if not _exists(arn, call.account):
        raise attaching.not_found(arn)
    return {}


def deletable(view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DeletePolicy. Raises DeleteConflict where somebody has the policy, or has it as boundary.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    found(view, call)
    backend, arn = iam_backends[call.account][call.partition], str(call.params["PolicyArn"])
    # Whoever has it as permissions boundary counts too.
    holders: tuple[Any, ...] = (*backend.users.values(), *backend.roles.values(), *backend.groups.values())
    if any(arn in holder.managed_policies or getattr(holder, BOUNDARY, None) == arn for holder in holders):
        raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    return {}


def attached(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A policy that is to be attached."""
    arn = str(call.params["PolicyArn"])
    if not _exists(arn, call.account):
        raise attaching.not_attachable(arn)
    kind, member, _ = attaching.ATTACHED[call.operation]
    holder = named_entity(call, kind, member)
    attaching.check_attached(call, () if holder is None else holder.managed_policies)
    return {}


def bounding(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A policy that is to be a permissions boundary, where a call names one.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
    """
    arn = call.params.get("PermissionsBoundary")
    if arn and not _exists(str(arn), call.account):
        raise attaching.not_attachable(str(arn), boundary=True)
    return {}


def passed(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Policies that are to limit a session: they are of the account of the role, or of the federated user."""
    account = place_of(str(call.params.get("RoleArn") or "")).account or call.account
    for policy in call.params.get("PolicyArns") or ():
        arn = str(policy.get("arn") if isinstance(policy, Mapping) else policy)
        if not _exists(arn, account):
            raise attaching.not_passable(arn)
    return {}


def joining(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A user who is to join a group."""
    user = named_entity(call, "user", "UserName")
    groups = list(iam_backends[call.account][call.partition].groups.values())
    # moto lets a user join any number of groups:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    attaching.check_groups(call, [group.name for group in groups if user in group.users])
    return {}


def emptied(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """A group that is to be deleted."""
    group = named_entity(call, "group", "GroupName")
    if group is not None:
        attaching.check_empty(
            users=bool(group.users), attached=bool(group.managed_policies), inline=bool(group.policies)
        )
    return {}


def _exists(arn: str, account: str) -> bool:
    # Of AWS's own only those are put there that are asked for: all of them cost half a second.
    managed_policies.seed(arn, account)
    return any(arn in backend.managed_policies for backend in list(iam_backends[account].values()))
