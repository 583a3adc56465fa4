"""Users where moto keeps less of them than AWS: their boundary, what stands in the way of deleting them,
and whose access keys are whose after a change of name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.lookup import entity_of, unique_id
from pytest_kmslab.backends.moto.principals import BOUNDARY
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]

CONFLICTS: tuple[tuple[str, str], ...] = (
    ("password", "must delete login profile first"),
    ("access_keys", "must delete access keys first"),
    ("signing_certificates", "must delete signing certificates first"),
    ("ssh_public_keys", "must delete SSH public keys first"),
    ("mfa_devices", "must delete MFA device first"),
)
"""What blocks DeleteUser and moto lets pass.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html"""


def check_deletable(_facts: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise DeleteConflict for a user who still has something that must go first."""
    backend = iam_backends[call.account]["aws"]
    user = backend.users.get(str(call.params.get("UserName")))
    if user is None:
        return {}
    if any(user in group.users for group in backend.groups.values()):
        raise _conflict("must remove users from group first")
    for attribute, text in CONFLICTS:
        if getattr(user, attribute):
            raise _conflict(text)
    return {}


def _conflict(text: str) -> ServiceError:
    return ServiceError("DeleteConflict", f"Cannot delete entity, {text}.", 409)


def _user(call: ApiCall) -> Any:
    user = iam_backends[call.account]["aws"].users.get(str(call.params.get("UserName")))
    if user is None:
        name = call.params.get("UserName")
        raise ServiceError("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
    return user


def put_boundary(call: ApiCall) -> Response:
    """PutUserPermissionsBoundary, which moto lacks."""
    setattr(_user(call), BOUNDARY, call.params["PermissionsBoundary"])
    return {}


def delete_boundary(call: ApiCall) -> Response:
    """DeleteUserPermissionsBoundary, which moto lacks."""
    setattr(_user(call), BOUNDARY, None)
    return {}


def keep_boundary(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """CreateUser with a boundary, which moto drops, and with a unique id that moto writes otherwise."""
    user = entity_of(response["User"]["Arn"])
    user.id = response["User"]["UserId"] = unique_id(user)
    if call.params.get("PermissionsBoundary"):
        put_boundary(call)
    show_boundary(view, call, response)


def show_boundary(_facts: MotoAccountReader, _call: ApiCall, response: Response) -> None:
    """GetUser answers the boundary too."""
    arn = getattr(entity_of(response["User"]["Arn"]), BOUNDARY, None)
    if arn is not None:
        response["User"]["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": arn,
        }


def check_name(_facts: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise EntityAlreadyExists for a name that differs from another's by case alone.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
    """
    kind = call.operation.removeprefix("Create")
    name = str(call.params[f"{kind}Name"])
    entities = getattr(iam_backends[call.account]["aws"], f"{kind.lower()}s").values()
    if any(entity.name.lower() == name.lower() for entity in entities):
        raise ServiceError("EntityAlreadyExists", f"{kind} with name {name} already exists.", 409)
    return {}


def check_detached(_facts: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """Raise DeleteConflict for a managed policy that somebody has, or has as boundary.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    backend, arn = iam_backends[call.account]["aws"], str(call.params["PolicyArn"])
    holders: tuple[Any, ...] = (
        *backend.users.values(),
        *backend.roles.values(),
        *backend.groups.values(),
    )
    if any(arn in one.managed_policies or getattr(one, BOUNDARY, None) == arn for one in holders):
        raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    return {}


def rename_keys(_facts: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """UpdateUser: moto leaves the old name on the user's keys, and then neither finds nor deletes them."""
    name = call.params.get("NewUserName")
    user: Any = iam_backends[call.account]["aws"].users.get(str(name)) if name else None
    for key in user.access_keys if user is not None else ():
        key.user_name = user.name


def keep_profile(_facts: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateLoginProfile without a password: the old one stays, where moto removes the profile.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
    """
    user = iam_backends[call.account]["aws"].users.get(str(call.params["UserName"]))
    if user is None or not user.password or "Password" in call.params:
        return {}
    held = {"Password": user.password, "PasswordResetRequired": user.password_reset_required}
    return {name: value for name, value in held.items() if name not in call.params}
