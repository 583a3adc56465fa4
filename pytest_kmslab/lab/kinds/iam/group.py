"""IAM groups. IAM keeps no tags of them: their name says of which run they are, their path that a lab
made them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_kmslab.lab.arguments import names_of
from pytest_kmslab.lab.kinds.iam.permissions import Permissions, give_permissions, take_permissions
from pytest_kmslab.lab.kinds.iam.requests import check_iam_request
from pytest_kmslab.lab.naming import NAME_TAG, OURS, RUN_TAG, WORKER_TAG
from pytest_kmslab.lab.resource_kind import Client, Found, ResourceKind, ResourceRef, Unseen, unless_gone
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.creation import Creation

PATH = "/kmslab/"
"""Of every group that a lab makes: nobody else's is ever taken for one."""


@dataclass(frozen=True, slots=True)
class IamGroup:
    """An IAM group, to give to `create_user(groups=…)`."""

    name: str
    arn: str
    _iam: IAMClient = field(repr=False, compare=False)

    def add(self, user: Any) -> None:
        """Let a user of the lab be a member."""
        (name,) = names_of("user", [user])
        self._iam.add_user_to_group(GroupName=self.name, UserName=name)

    def delete(self) -> None:
        """Delete the group with its policies; its members stay. One that is gone is no error."""
        delete_group(self._iam, self.name)


def create_group(creation: Creation, base: str, permissions: Permissions) -> IamGroup:
    """Make a group with its policies."""
    check_iam_request(creation, "group", base)
    iam: IAMClient = creation.client("iam")
    with creation.of(GROUP, base) as made:
        arn = iam.create_group(GroupName=made.name, Path=PATH)["Group"]["Arn"]
        give_permissions(iam, "group", made.name, permissions)
    group = IamGroup(made.name, arn, iam)
    made.confirm(arn, group.delete)
    return group


def take_members(iam: IAMClient, name: str) -> None:
    """Take all users out of a group; one that is gone has none."""
    with suppress(iam.exceptions.NoSuchEntityException):
        for users in iam.get_paginator("get_group").paginate(GroupName=name):
            for user in users["Users"]:
                iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])


def delete_group(iam: IAMClient, name: str) -> None:
    """Remove what blocks the deletion of a group, and delete it; one that is gone is no error."""
    with suppress(iam.exceptions.NoSuchEntityException):
        # A group with members or policies cannot be deleted:
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
        take_members(iam, name)
        take_permissions(iam, "group", name)
        iam.delete_group(GroupName=name)


class GroupKind(ResourceKind):
    """IAM groups by path and name. They are in no Region, and cannot be tagged as kept."""

    name = "iam-group"
    title = "IAM group"
    create_operation = "CreateGroup"
    is_regional = False
    removal_commands = (
        "iam list-attached-group-policies --group-name {name}",
        "iam detach-group-policy --policy-arn POLICY-ARN --group-name {name}",
        "iam list-group-policies --group-name {name}",
        "iam delete-group-policy --policy-name POLICY-NAME --group-name {name}",
        "iam get-group --group-name {name}",
        "iam remove-user-from-group --user-name USER-NAME --group-name {name}",
        "iam delete-group --group-name {name}",
    )

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All of the labs' path whose names a lab gave."""
        for page in client("iam").get_paginator("list_groups").paginate(PathPrefix=PATH):
            for group in page["Groups"]:
                resource = self._found(group, region)
                if resource.tags:
                    yield resource

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its name; one that no lab made has no tags."""
        iam = client("iam")
        return unless_gone(lambda: self._found(iam.get_group(GroupName=ref.name)["Group"], ref.region))

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """Nothing: IAM keeps no tags of groups."""

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The group and all that blocks it."""
        delete_group(client("iam"), ref.name)

    def _found(self, group: Any, region: str) -> Found:
        """With the tags that its path and name stand for; none where a lab gave it neither."""
        name = group["GroupName"]
        tags = {}
        if group["Path"] == PATH and OURS.search(name):
            # `Naming` puts the run, the worker and a number at the end of every name.
            run, worker, _ = name.rsplit("-", 3)[1:]
            tags = {RUN_TAG: run, WORKER_TAG: worker, NAME_TAG: name}
        ref = ResourceRef(self, name, region, group["Arn"], group["GroupId"])
        return Found(ref, tags, group.get("CreateDate"))


GROUP = GroupKind()
