"""Users where moto keeps less of them than AWS: their boundary, what stands in the way of deleting them,
and whose access keys are whose after a change of name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.fixups.roles import BOUNDARY_TYPE
from pytest_kmslab.backends.moto.fixups.service_credentials import KEPT as SERVICE_CREDENTIALS_KEPT
from pytest_kmslab.backends.moto.fixups.service_credentials import called_user
from pytest_kmslab.backends.moto.lookup import tags_in
from pytest_kmslab.backends.moto.principals import BOUNDARY, entity_of, unique_id
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.rules.attachments import check_user_is_bare

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]

TAGGED = "kmslab_tags_before"
"""On a user who is being renamed: the ARN and tags until now."""

_KEPT: Mapping[str, str] = {
    "login profile": "password",
    "access keys": "access_keys",
    "signing certificates": "signing_certificates",
    "SSH public keys": "ssh_public_keys",
    "MFA devices": "mfa_devices",
}
"""Where moto keeps what blocks DeleteUser and moto lets pass."""


def check_deletable(_view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """DeleteUser."""
    backend = iam_backends[call.account][call.partition]
    user = backend.users.get(str(call.params.get("UserName")))
    groups = any(user in group.users for group in list(backend.groups.values()))
    # moto deletes users with access keys, devices and the like, which IAM refuses.
    if user is not None:
        check_user_is_bare(lambda kind: groups if kind == "groups" else getattr(user, _KEPT[kind]))
        if vars(user).get(SERVICE_CREDENTIALS_KEPT):
            # Recorded from AWS: LocalStack's test_delete_user_after_service_credential_created.
            text = "Cannot delete entity, must remove referenced objects first."
            raise ServiceError("DeleteConflict", text, 409)
    return {}


def put_boundary(call: ApiCall) -> Response:
    """PutUserPermissionsBoundary, which moto lacks."""
    setattr(called_user(call), BOUNDARY, call.params["PermissionsBoundary"])
    return {}


def delete_boundary(call: ApiCall) -> Response:
    """DeleteUserPermissionsBoundary, which moto lacks."""
    setattr(called_user(call), BOUNDARY, None)
    return {}


def keep_boundary(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """CreateUser with a boundary, and with a unique id."""
    user = entity_of(response["User"]["Arn"])
    if user is None:  # somebody has deleted them already
        return
    # moto drops the boundary, and writes the id otherwise than AWS.
    user.id = response["User"]["UserId"] = unique_id(user)
    if call.params.get("PermissionsBoundary"):
        put_boundary(call)
    show_boundary(view, call, response)


def show_boundary(_reader: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """GetUser answers the boundary too, and so does what answers all users with their details."""
    for user in response["UserDetailList"] if "UserDetailList" in response else [response["User"]]:
        arn = getattr(entity_of(user["Arn"]), BOUNDARY, None)
        if arn is not None:
            user["PermissionsBoundary"] = {
                "PermissionsBoundaryType": BOUNDARY_TYPE,
                "PermissionsBoundaryArn": arn,
            }


def note_tags(_view: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateUser, about to rename somebody."""
    backend = iam_backends[call.account][call.partition]
    user: Any = backend.users.get(str(call.params["UserName"]))
    if user is not None:
        # moto keeps tags by the ARN that the user has until now.
        setattr(user, TAGGED, (user.arn, tags_in(backend.tagger, user.arn)))
    return {}


def keep_renamed(_view: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """UpdateUser.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    backend = iam_backends[call.account][call.partition]
    user: Any = backend.users.get(str(call.params.get("NewUserName") or call.params["UserName"]))
    if user is None:
        return
    # What moto keeps by the old name on the user's keys has to follow, and so have the tags.
    for key in user.access_keys:
        key.user_name = user.name
    before, tags = user.__dict__.pop(TAGGED, (user.arn, {}))
    if before != user.arn:
        backend.tagger.delete_all_tags_for_resource(before)
        backend.tagger.tag_resource(user.arn, [{"Key": key, "Value": tags[key]} for key in tags])


def move_group(_view: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """UpdateGroup with another path."""
    name = str(call.params.get("NewGroupName") or call.params["GroupName"])
    group: Any = iam_backends[call.account][call.partition].groups.get(name)
    # moto changes a group's path only where it changes its name too.
    if group is not None and call.params.get("NewPath"):
        group.path = str(call.params["NewPath"])


def keep_profile(_reader: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateLoginProfile without a password.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
    """
    user = iam_backends[call.account][call.partition].users.get(str(call.params["UserName"]))
    if user is None or not user.password or "Password" in call.params:
        return {}
    # The old one stays, where moto removes the profile.
    profile = {"Password": user.password, "PasswordResetRequired": user.password_reset_required}
    return {name: value for name, value in profile.items() if name not in call.params}
