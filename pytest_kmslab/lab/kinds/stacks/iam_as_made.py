"""Whether an emulator made of IAM's resources in a template what the template says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.lab.kinds.iam.permissions import IAM_MEMBERS
from pytest_kmslab.lab.kinds.stacks.fits import Made, Properties, fits, is_function, tags_fit

Check = Callable[[Made, Properties], Iterator[str]]


def _holder(kind: str) -> Check:
    """For a `user`, a `role` or a `group`."""

    def check(made: Made, properties: Properties) -> Iterator[str]:
        iam, whom = made.client("iam"), {IAM_MEMBERS[kind]: made.physical_id}
        entity = getattr(iam, f"get_{kind}")(**whom)[kind.capitalize()]
        trust = properties.get("AssumeRolePolicyDocument")
        if trust is not None and not fits(trust, entity.get("AssumeRolePolicyDocument")):
            yield "AssumeRolePolicyDocument"
        if "PermissionsBoundary" in properties and "PermissionsBoundary" not in entity:
            yield "PermissionsBoundary"
        attached = getattr(iam, f"list_attached_{kind}_policies")(**whom)["AttachedPolicies"]
        arns = properties.get("ManagedPolicyArns") or []
        # By their number: what a function among the ARNs stands for is not known.
        if isinstance(arns, list) and len(attached) < len(arns):
            yield "ManagedPolicyArns"
        for policy in as_list(properties.get("Policies") or []):
            if not is_function(policy) and not _has_inline(iam, kind, made.physical_id, policy):
                yield "Policies"
        groups = made.names(properties.get("Groups"))
        if kind == "user" and groups and not _is_in(iam, made.physical_id, groups):
            yield "Groups"
        tags = tags_by_key(entity.get("Tags"))
        if properties.get("Tags") and not tags_fit(properties["Tags"], tags):
            yield "Tags"

    return check


def _has_inline(iam: Any, kind: str, name: str, policy: Properties) -> bool:
    whom = {IAM_MEMBERS[kind]: name}
    names = getattr(iam, f"list_{kind}_policies")(**whom)["PolicyNames"]
    said = policy.get("PolicyName")
    there = [one for one in names if said is None or is_function(said) or one == said]
    get = getattr(iam, f"get_{kind}_policy")
    documents = (get(**whom, PolicyName=one)["PolicyDocument"] for one in there)
    return any(fits(policy.get("PolicyDocument"), document) for document in documents)


def _is_in(iam: Any, user: str, groups: list[str]) -> bool:
    there = {one["GroupName"] for one in iam.list_groups_for_user(UserName=user)["Groups"]}
    return there.issuperset(groups)


def _policy(made: Made, properties: Properties) -> Iterator[str]:
    """An inline policy of several holders: AWS::IAM::Policy."""
    for kind in IAM_MEMBERS:
        holders = f"{kind.capitalize()}s"
        for name in made.names(properties.get(holders)):
            if not _has_inline(made.client("iam"), kind, name, properties):
                yield holders


def _inline_policy(kind: str) -> Check:
    """An inline policy of one holder, which need not be told to have a document."""

    def check(made: Made, properties: Properties) -> Iterator[str]:
        name = made.name(properties.get(IAM_MEMBERS[kind]))
        if name and not _has_inline(made.client("iam"), kind, name, properties):
            yield "PolicyDocument"

    return check


def _managed_policy(made: Made, properties: Properties) -> Iterator[str]:
    iam, arn = made.client("iam"), made.physical_id
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    if not fits(properties.get("PolicyDocument"), document):
        yield "PolicyDocument"
    for kind in IAM_MEMBERS:
        holders = f"{kind.capitalize()}s"
        for name in made.names(properties.get(holders)):
            whom = {IAM_MEMBERS[kind]: name}
            attached = getattr(iam, f"list_attached_{kind}_policies")(**whom)["AttachedPolicies"]
            if arn not in {one["PolicyArn"] for one in attached}:
                yield holders


def _addition(made: Made, properties: Properties) -> Iterator[str]:
    group = made.name(properties.get("GroupName"))
    users = made.names(properties.get("Users"))
    if group and not all(_is_in(made.client("iam"), user, [group]) for user in users):
        yield "Users"


def _access_key(made: Made, properties: Properties) -> Iterator[str]:
    user = made.name(properties.get("UserName"))
    keys = made.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"] if user else []
    for key in keys:
        if key["AccessKeyId"] == made.physical_id and not fits(properties.get("Status"), key["Status"]):
            yield "Status"


def _nothing(made: Made, properties: Properties) -> Iterator[str]:
    """It is there, and nothing else of it decides."""
    return iter(())


IAM_CHECKS: Mapping[str, Check] = {
    "AWS::IAM::AccessKey": _access_key,
    "AWS::IAM::Group": _holder("group"),
    "AWS::IAM::GroupPolicy": _inline_policy("group"),
    "AWS::IAM::InstanceProfile": _nothing,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::OIDCProvider": _nothing,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::Role": _holder("role"),
    "AWS::IAM::RolePolicy": _inline_policy("role"),
    "AWS::IAM::SAMLProvider": _nothing,
    "AWS::IAM::ServerCertificate": _nothing,
    "AWS::IAM::ServiceLinkedRole": _nothing,
    "AWS::IAM::User": _holder("user"),
    "AWS::IAM::UserPolicy": _inline_policy("user"),
    "AWS::IAM::UserToGroupAddition": _addition,
    "AWS::IAM::VirtualMFADevice": _nothing,
}
