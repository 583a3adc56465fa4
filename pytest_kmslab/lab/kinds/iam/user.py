"""IAM users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.iam.credentials_file import (
    CREDENTIALS_FILE,
    ConsoleAccess,
    credentials_path,
    new_password,
    write_credentials,
)
from pytest_kmslab.lab.kinds.iam.entity import IamEntityKind
from pytest_kmslab.lab.kinds.iam.permissions import Permissions, give_permissions
from pytest_kmslab.lab.kinds.iam.requests import bounded_by, check_groups, check_iam_request
from pytest_kmslab.lab.kinds.iam.user_removal import delete_user
from pytest_kmslab.lab.resource_kind import (
    Client,
    ResourceRef,
    tag_list,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.creation import Creation

ADMINISTRATOR_ACCESS = "AdministratorAccess"


@dataclass(frozen=True, slots=True)
class IamUser:
    """An IAM user with an access key, and console access where that was asked for.

    The methods call IAM as the lab's administrator and let IAM's own error through.
    """

    name: str
    arn: str
    credentials: Credentials = field(repr=False)
    _iam: IAMClient = field(repr=False, compare=False)
    policies: tuple[str, ...] = ()
    """The ARNs of the managed policies it was made with."""
    console: ConsoleAccess | None = None

    def delete(self) -> None:
        """Delete the user with everything that blocks it, and its credentials file; idempotent."""
        if self.console:
            self.console.forget()
        delete_user(self._iam, self.name)


class ExistingUser(IamUser):
    """Somebody who was there before the lab, and is not the lab's to delete."""

    def delete(self) -> None:
        """Raises ResourceError: nothing was made here that could be removed."""
        raise ResourceError(f"`{self.arn}` was not made by the lab, which deletes only what it made")


@dataclass(frozen=True, slots=True)
class UserRequest:
    """What a user is made with."""

    permissions: Permissions
    tags: Mapping[str, str] = field(default_factory=dict)
    """Beside the run's own, which win."""
    groups: tuple[str, ...] = ()
    """The names of groups that are there."""
    path: str = "/"
    console: bool = False
    """Whether the user can sign in to the console."""


def create_user(creation: Creation, base: str, request: UserRequest) -> IamUser:
    """Make a user with an access key.

    With console access it can sign in with a new strong password that need not be reset; the credentials
    file is recorded before the user is made.
    """
    check_iam_request(creation, "user", base, request.tags, Path=("path", request.path))
    check_groups(creation, request.groups)
    name = creation.context.naming.name(base)
    directory = creation.context.credentials_directory if request.console else None
    if directory is not None:
        # In the ledger first: the file has a password in it.
        path = credentials_path(directory, name)
        ref = ResourceRef(CREDENTIALS_FILE, str(path))
        step = creation.teardown.intend(ref, lambda: path.unlink(missing_ok=True))
        creation.teardown.confirm(step, str(path))
    with (
        bounded_by(creation, base, request.permissions.boundary) as boundary,
        creation.of(USER, base, name=name) as made,
    ):
        user = _create(creation.client("iam"), name, made.tags, request, boundary, directory)
    made.confirm(user.arn, user.delete)
    return user


def _create(
    iam: IAMClient,
    name: str,
    tags: Mapping[str, str],
    request: UserRequest,
    boundary: Any,
    directory: Path | None,
) -> IamUser:
    permissions = request.permissions
    answer = iam.create_user(
        UserName=name, Path=request.path, Tags=tag_list({**request.tags, **tags}), **boundary
    )
    arn = answer["User"]["Arn"]
    give_permissions(iam, "user", name, permissions)
    for group in request.groups:
        iam.add_user_to_group(GroupName=group, UserName=name)
    access_key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])
    console = None
    if directory is not None:
        password = new_password()
        iam.create_login_profile(UserName=name, Password=password, PasswordResetRequired=False)
        console = write_credentials(directory, name, password, account_of(arn))
    return IamUser(name, arn, credentials, iam, permissions.managed, console)


class UserKind(IamEntityKind):
    """IAM users."""

    name = "iam-user"
    title = "IAM user"
    entity = "User"
    create_operation = "CreateUser"
    may_remove = ("kms-key", "cloudformation-stack")
    removal_commands = (
        "iam list-access-keys --user-name {name}",
        "iam delete-access-key --access-key-id ACCESS-KEY-ID --user-name {name}",
        "iam list-attached-user-policies --user-name {name}",
        "iam detach-user-policy --policy-arn POLICY-ARN --user-name {name}",
        "iam list-user-policies --user-name {name}",
        "iam delete-user-policy --policy-name POLICY-NAME --user-name {name}",
        "iam list-groups-for-user --user-name {name}",
        "iam remove-user-from-group --group-name GROUP-NAME --user-name {name}",
        "iam delete-login-profile --user-name {name}",
        "iam delete-user --user-name {name}",
    )

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The user and all that blocks it."""
        delete_user(client("iam"), ref.name)


USER = UserKind()
