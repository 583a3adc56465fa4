"""Managed policies that are named: AWS's own are put there, and one that is not there is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.authz.arn import parts_of
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
    """DeletePolicy. Raises DeleteConflict where somebody has the policy, or where it has older versions.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    found(view, call)
    arn = str(call.params["PolicyArn"])
    # Whoever has it as permissions boundary counts too.
    if _bounded(call, arn) or any(arn in holder.managed_policies for holder in _holders(call)):
        raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if len(iam_backends[call.account][call.partition].managed_policies[arn].versions) > 1:
        # As ACK's iam-controller (policy/hooks) quotes it.
        raise ServiceError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy.",
            409,
        )
    return {}


def count_bounded(_view: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """GetPolicy: how many have the policy as their permissions boundary."""
    count = len(_bounded(call, str(call.params["PolicyArn"])))
    response["Policy"]["PermissionsBoundaryUsageCount"] = count


def show_bounded(_view: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """ListEntitiesForPolicy: who has the policy as permissions boundary too, of whom moto knows nothing.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    params = call.params
    usage, kind = params.get("PolicyUsageFilter"), params.get("EntityFilter")
    if usage == "PermissionsBoundary":
        response.update(PolicyUsers=[], PolicyRoles=[], PolicyGroups=[])
    if usage == "PermissionsPolicy":
        return
    for holder in _bounded(call, str(params["PolicyArn"])):
        of = parts_of(holder.arn).kind.capitalize()
        row = {f"{of}Name": holder.name, f"{of}Id": holder.id}
        if kind in (None, of) and holder.path.startswith(params.get("PathPrefix") or "/"):
            listed = response[f"Policy{of}s"]
            listed.extend([] if row in listed else [row])


def _bounded(call: ApiCall, arn: str) -> list[Any]:
    """moto's users and roles that have a policy as their permissions boundary."""
    return [holder for holder in _holders(call) if getattr(holder, BOUNDARY, None) == arn]


def _holders(call: ApiCall) -> tuple[Any, ...]:
    backend = iam_backends[call.account][call.partition]
    return (*backend.users.values(), *backend.roles.values(), *backend.groups.values())


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
