"""Policies of IAM that are resources of their own, inline and managed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_kmslab.backends.moto.stacks.iam_holders import GROUP, HOLDERS, ROLE, USER, Holder
from pytest_kmslab.backends.moto.stacks.properties import (
    Properties,
    invalid,
    policy_text,
    without,
)
from pytest_kmslab.backends.moto.stacks.resource import Deployment, Made, ResourceType

MOST_VERSIONS = 5
"""Of a managed policy; a new one takes the place of the oldest.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def _held_by(properties: Properties) -> list[tuple[Holder, str]]:
    """Who has the policy: kind and name, each once."""
    holders = ((HOLDERS[list_], str(name)) for list_ in HOLDERS for name in properties.get(list_) or ())
    return list(dict.fromkeys(holders))


def _create_inline(where: Deployment, properties: Properties) -> Iterator[Made]:
    """`AWS::IAM::Policy`: the same inline policy of one or several."""
    holders = _holders(properties)
    yield Made(where.name, {"Id": where.name})
    _put_all(where, properties, holders)


def _holders(properties: Properties) -> list[tuple[Holder, str]]:
    """Who has an inline policy, which is there for somebody only; raises ServiceError for nobody."""
    holders = _held_by(properties)
    if not holders:
        raise invalid("At least one of [Groups,Roles,Users] must be non-empty.")
    return holders


def _put_all(where: Deployment, properties: Properties, holders: list[tuple[Holder, str]]) -> None:
    text = policy_text(properties["PolicyDocument"])
    for holder, name in holders:
        holder.call(where, "Put{}Policy", name, PolicyName=properties["PolicyName"], PolicyDocument=text)


def _update_inline(where: Deployment, policy_id: str, old: Properties, new: Properties) -> None:
    holders = _holders(new)
    _put_all(where, new, holders)
    # Under another name it is another policy: the one of the old name goes from everybody.
    kept = holders if old["PolicyName"] == new["PolicyName"] else []
    for holder, name in without(_held_by(old), kept):
        holder.delete(where, "Delete{}Policy", name, PolicyName=old["PolicyName"])


def _delete_inline(where: Deployment, policy_id: str, properties: Properties) -> None:
    for holder, name in _held_by(properties):
        holder.delete(where, "Delete{}Policy", name, PolicyName=properties["PolicyName"])


def _of_one(holder: Holder) -> ResourceType:
    """`AWS::IAM::UserPolicy`, `RolePolicy` or `GroupPolicy`: an inline policy of one."""

    def put(where: Deployment, properties: Properties) -> None:
        name, policy = properties[holder.member], properties["PolicyName"]
        text = policy_text(properties.get("PolicyDocument"))
        holder.call(where, "Put{}Policy", name, PolicyName=policy, PolicyDocument=text)

    def create(where: Deployment, properties: Properties) -> Iterator[Made]:
        put(where, properties)
        yield Made(f"{properties['PolicyName']}|{properties[holder.member]}", {})

    def update(where: Deployment, policy_id: str, old: Properties, new: Properties) -> None:
        put(where, new)

    def delete(where: Deployment, policy_id: str, properties: Properties) -> None:
        name, policy = properties[holder.member], properties["PolicyName"]
        holder.delete(where, "Delete{}Policy", name, PolicyName=policy)

    names = frozenset({"PolicyName", holder.member})
    return ResourceType(
        f"AWS::IAM::{holder.kind}Policy",
        create,
        update,
        delete,
        properties=names | {"PolicyDocument"},
        required=names,
        replaces=names,
    )


def _create_managed(where: Deployment, properties: Properties) -> Iterator[Made]:
    policy = where.call(
        "iam",
        "CreatePolicy",
        PolicyName=where.named(properties, "ManagedPolicyName", 128),
        Path=properties.get("Path"),
        Description=properties.get("Description"),
        PolicyDocument=policy_text(properties["PolicyDocument"]),
        Tags=properties.get("Tags"),
    )["Policy"]
    yield Made(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})
    _attach_all(where, policy["Arn"], _held_by(properties))


def _attach_all(where: Deployment, arn: str, holders: list[tuple[Holder, str]]) -> None:
    for holder, name in holders:
        holder.call(where, "Attach{}Policy", name, PolicyArn=arn)


def _update_managed(where: Deployment, arn: str, old: Properties, new: Properties) -> None:
    text = policy_text(new["PolicyDocument"])
    if text != policy_text(old["PolicyDocument"]):
        others = _versions(where, arn)
        # CreatePolicyVersion refuses a sixth version, and CloudFormation makes room for it.
        if len(others) >= MOST_VERSIONS - 1:
            where.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=others[0]["VersionId"])
        where.call("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    before, after = _held_by(old), _held_by(new)
    _attach_all(where, arn, without(after, before))
    _detach_all(where, arn, without(before, after))
    where.set_tags("iam", "Policy", old, new, PolicyArn=arn)


def _versions(where: Deployment, arn: str) -> list[Any]:
    """The versions that are not in force, oldest first."""
    versions = where.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]
    others = [version for version in versions if not version["IsDefaultVersion"]]
    return sorted(others, key=lambda version: int(version["VersionId"].lstrip("v")))


def _detach_all(where: Deployment, arn: str, holders: list[tuple[Holder, str]]) -> None:
    for holder, name in holders:
        holder.delete(where, "Detach{}Policy", name, PolicyArn=arn)


def _delete_managed(where: Deployment, arn: str, properties: Properties) -> None:
    # IAM refuses to delete a policy that is attached or has other versions.
    _detach_all(where, arn, _held_by(properties))
    for version in _versions(where, arn):
        where.delete("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
    where.delete("iam", "DeletePolicy", PolicyArn=arn)


_LISTS = frozenset(HOLDERS)
_FIXED = frozenset({"Description", "ManagedPolicyName", "Path"})

TYPES = (
    ResourceType(
        "AWS::IAM::Policy",
        _create_inline,
        _update_inline,
        _delete_inline,
        properties=_LISTS | {"PolicyDocument", "PolicyName"},
        required=frozenset({"PolicyDocument", "PolicyName"}),
        attributes=frozenset({"Id"}),
    ),
    _of_one(USER),
    _of_one(ROLE),
    _of_one(GROUP),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        _create_managed,
        _update_managed,
        _delete_managed,
        properties=_LISTS | _FIXED | {"PolicyDocument", "Tags"},
        required=frozenset({"PolicyDocument"}),
        replaces=_FIXED,
        attributes=frozenset({"PolicyArn", "PolicyId"}),
    ),
)
