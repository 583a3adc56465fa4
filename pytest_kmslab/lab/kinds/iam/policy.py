"""Customer managed policies: what a permissions boundary given as a document is made into."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    ResourceKind,
    ResourceRef,
    Unseen,
    is_named_by_us,
    seen_if_ours,
    tag_list,
    tags_of_pages,
    unless_gone,
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


class PolicyKind(ResourceKind):
    """Customer managed policies by name first. They are in no Region."""

    name = "iam-policy"
    title = "IAM policy"
    create_operation = "CreatePolicy"
    is_regional = False

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags."""
        for policy in _ours(client):
            what = f"IAM policy `{policy['PolicyName']}`"
            yield from seen_if_ours(what, partial(self._look, client, policy, region))

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its ARN, otherwise by its name."""
        if ref.arn:
            iam = client("iam")
            return unless_gone(
                lambda: self._look(client, iam.get_policy(PolicyArn=ref.arn)["Policy"], ref.region)
            )
        policies = (policy for policy in _ours(client) if policy["PolicyName"] == ref.name)
        policy = next(policies, None)
        return None if policy is None else unless_gone(lambda: self._look(client, policy, ref.region))

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        client("iam").tag_policy(PolicyArn=ref.arn, Tags=tag_list(tags))

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Its attachments and other versions first, which are in the way; whom it bounds stays bounded."""
        iam: IAMClient = client("iam")
        with suppress(iam.exceptions.NoSuchEntityException):
            detach_everywhere(iam, ref.arn)
            for version in iam.list_policy_versions(PolicyArn=ref.arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=ref.arn, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=ref.arn)

    def commands(self, ref: ResourceRef) -> tuple[str, ...]:
        """Where the ARN is not known, it has the account and the name."""
        partition = partition_of(ref.region).name
        arn = ref.arn or f"arn:{partition}:iam::ACCOUNT:policy/{ref.name}"
        return (f"iam delete-policy --policy-arn {shlex.quote(arn)}",)

    def _look(self, client: Client, policy: Any, region: str) -> Found:
        pages = client("iam").get_paginator("list_policy_tags").paginate(PolicyArn=policy["Arn"])
        ref = ResourceRef(self, policy["PolicyName"], region, policy["Arn"], policy["PolicyId"])
        return Found(ref, tags_of_pages(pages), policy.get("CreateDate"))


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


def _ours(client: Client) -> Iterator[Any]:
    for page in client("iam").get_paginator("list_policies").paginate(Scope="Local"):
        yield from (policy for policy in page["Policies"] if is_named_by_us(policy["PolicyName"]))


POLICY = PolicyKind()
