"""Customer managed policies: what a permissions boundary given as a document is made into."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import Arn, partition_of
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    NamedKind,
    ResourceRef,
    tag_list,
    tags_of_pages,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

    from pytest_kmslab.lab.creation import Creation, Made
    from pytest_kmslab.lab.policies.sources import PolicyDocument


def create_policy(creation: Creation, base: str, document: PolicyDocument) -> tuple[str, Made]:
    """Make a customer managed policy; returns its ARN, and what removes it before the lab's end."""
    iam: IAMClient = creation.client("iam")
    with creation.of(POLICY, document.name or base) as made:
        answer = iam.create_policy(
            PolicyName=made.name, PolicyDocument=document.text, Tags=tag_list(made.tags)
        )
    arn = answer["Policy"]["Arn"]
    remove = partial(POLICY.remove, creation.client, creation.waiter, replace(made.ref, arn=arn))
    made.confirm(arn, remove)
    return arn, made


class PolicyKind(NamedKind):
    """Customer managed policies. They are in no Region."""

    name = "iam-policy"
    title = "IAM policy"
    create_operation = "CreatePolicy"
    is_regional = False

    def listed(self, client: Client) -> Iterator[tuple[str, Any]]:
        """Those of the account, without AWS's own."""
        for page in client("iam").get_paginator("list_policies").paginate(Scope="Local"):
            yield from ((policy["PolicyName"], policy) for policy in page["Policies"])

    def record_of(self, client: Client, ref: ResourceRef) -> Any:
        """By its ARN, otherwise by its name: IAM looks one up by the ARN alone."""
        if ref.arn:
            return client("iam").get_policy(PolicyArn=ref.arn)["Policy"]
        return next((policy for name, policy in self.listed(client) if name == ref.name), None)

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("iam").tag_policy(PolicyArn=ref.arn, Tags=tag_list(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Its attachments and other versions first, which are in the way; whom it bounds stays bounded."""
        iam: IAMClient = client("iam")
        with suppress(iam.exceptions.NoSuchEntityException):
            # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html lists what has to go
            # first.
            detach_everywhere(iam, ref.arn)
            for version in iam.list_policy_versions(PolicyArn=ref.arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=ref.arn, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=ref.arn)

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """Where the ARN is not known, it has the account and the name."""
        arn = Arn(partition_of(ref.region).name, "iam", "", "ACCOUNT", f"policy/{ref.name}")
        return (f"iam delete-policy --policy-arn {shlex.quote(ref.arn or str(arn))}",)

    def look(self, client: Client, record: Any, region: str) -> Found:
        """With its tags, which a list leaves out."""
        pages = client("iam").get_paginator("list_policy_tags").paginate(PolicyArn=record["Arn"])
        ref = ResourceRef(self, record["PolicyName"], region, record["Arn"], record["PolicyId"])
        return Found(ref, tags_of_pages(pages), record.get("CreateDate"))


def detach_everywhere(iam: IAMClient, arn: str) -> None:
    """Take a policy from everybody who has it attached."""
    pages = iam.get_paginator("list_entities_for_policy").paginate(
        PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy"
    )
    for page in pages:
        for user in page["PolicyUsers"]:
            iam.detach_user_policy(UserName=user["UserName"], PolicyArn=arn)
        for group in page["PolicyGroups"]:
            iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=arn)
        for role in page["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)


POLICY = PolicyKind()
