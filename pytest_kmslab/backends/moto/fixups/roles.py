"""Roles where moto forgets what AWS keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.fixups.linked_role_names import linked_role_name
from pytest_kmslab.backends.moto.principals import by_name, named_entity
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


BOUNDARY_TYPE = "Policy"
"""As recorded (LocalStack: test_create_user_with_permission_boundary); the API reference has another word."""
UNTOLD: Mapping[str, tuple[str, ...]] = {
    "CreateRole": ("MaxSessionDuration", "RoleLastUsed"),
    "ListRoles": ("PermissionsBoundary", "RoleLastUsed", "Tags"),
}
"""Members of a role that an operation does not answer, recorded (LocalStack) and, of ListRoles, documented:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html. What CreateRole was told, it tells."""


def show_members(call: ApiCall, role: dict[str, Any]) -> None:
    """Leave in a role what the operation answers, in AWS's words."""
    for member in UNTOLD.get(call.operation, ()):
        if member not in call.params:
            role.pop(member, None)
    if role.get("PermissionsBoundary"):
        role["PermissionsBoundary"]["PermissionsBoundaryType"] = BOUNDARY_TYPE


def keep_unchanged(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateRole: what it does not say stays.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
    """
    role = named_entity(call, "role", "RoleName")
    before = (
        {}
        if role is None
        else {"MaxSessionDuration": role.max_session_duration, "Description": role.description}
    )
    # moto would set an hour, and no description.
    return {name: value for name, value in before.items() if value and name not in call.params}


def refuse_second_linked(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """CreateServiceLinkedRole: a service has one role of each suffix.

    Recorded by LocalStack (test_service_role_already_exists).
    """
    name = _linked_name(call)
    if named_entity(call._replace(params={"RoleName": name}), "role", "RoleName") is not None:
        text = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise ServiceError("InvalidInput", text)
    return {}


def name_linked(_reader: MotoAccountReader, call: ApiCall, response: dict[str, Any]) -> None:
    """CreateServiceLinkedRole: the role's name and trust policy are AWS's."""
    shown, name = response["Role"], _linked_name(call)
    role = by_name(iam_backends[call.account][call.partition].roles, shown["RoleName"])
    role.name = name
    role.assume_role_policy_document = _trust(str(call.params["AWSServiceName"]))
    shown.update(RoleName=name, Arn=role.arn)


def _linked_name(call: ApiCall) -> str:
    return linked_role_name(str(call.params["AWSServiceName"]), str(call.params.get("CustomSuffix") or ""))


def make_service_linked(call: ApiCall, service: str, name: str) -> None:
    """Make the role that a service makes for the caller's account, unless it is there.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    """
    backend = iam_backends[call.account][call.partition]
    if by_name(backend.roles, name) is None:
        path = f"/aws-service-role/{service}/"
        backend.create_role(name, _trust(service), path, None, "", [], "3600", linked_service=service)


def _trust(service: str) -> str:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}
    return json.dumps({"Statement": [statement], "Version": "2012-10-17"})
