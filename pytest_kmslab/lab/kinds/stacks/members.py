"""What a stack has made, and which of it are resources of kinds that the lab knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.authz.arn import name_in
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.lab.kinds.alarm import ALARM
from pytest_kmslab.lab.kinds.iam.group import GROUP
from pytest_kmslab.lab.kinds.iam.policy import POLICY
from pytest_kmslab.lab.kinds.iam.role import ROLE
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import Client, Found, ResourceKind, ResourceRef

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

NESTED = "AWS::CloudFormation::Stack"

NOT_MADE = ("CREATE_FAILED", "IMPORT_")
"""How the status begins of what a stack has not made itself."""
INITIATED = "creation initiated"
"""Stands in the reason once a resource is being made:
https://github.com/ansible/ansible/issues/32396"""

KIND_OF_TYPE: Mapping[str, ResourceKind] = {
    "AWS::CloudWatch::Alarm": ALARM,
    "AWS::DynamoDB::GlobalTable": TABLE,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::IAM::Group": GROUP,
    "AWS::IAM::ManagedPolicy": POLICY,
    "AWS::IAM::Role": ROLE,
    "AWS::IAM::User": USER,
    "AWS::KMS::Key": KMS_KEY,
    "AWS::KMS::ReplicaKey": KMS_KEY,
}
"""The types that the lab has a kind of."""


@dataclass(frozen=True, slots=True)
class Member:
    """A resource of a stack."""

    logical_id: str
    """Its name in the template."""
    type: str
    """`AWS::KMS::Key` …"""
    physical_id: str
    """What `Ref` says of it; empty for what was not made."""

    @property
    def kind(self) -> ResourceKind | None:
        """The lab's kind of it; None where it has none."""
        return KIND_OF_TYPE.get(self.type)


def members_of(cloudformation: CloudFormationClient, stack: str) -> list[Member]:
    """What a stack has, by its name or id; not what a nested stack in it has."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        Member(one["LogicalResourceId"], one["ResourceType"], one.get("PhysicalResourceId") or "")
        for page in pages
        for one in page["StackResourceSummaries"]
    ]


def all_members(cloudformation: CloudFormationClient, stack: str) -> Iterator[Member]:
    """The same with what nested stacks have, and what there was before an update replaced it; nothing that
    the stack has not made."""
    events = list(events_of(cloudformation, stack))
    mentioned = (
        Member(event.get("LogicalResourceId", ""), *_resource_of(event))
        for event in events
        if event.get("PhysicalResourceId") != stack
    )
    members = members_of(cloudformation, stack)
    seen = _of_others(events, members)
    for member in (*members, *mentioned):
        known = member.type, member.physical_id
        if not member.physical_id or known in seen:
            continue
        seen.add(known)
        yield member
        if member.type == NESTED:
            yield from all_members(cloudformation, member.physical_id)


def _of_others(events: Sequence[Any], members: Sequence[Member]) -> set[tuple[str, str]]:
    """The types and names of what a stack speaks of and has not made: it imported one, or failed to make one,
    of which CloudFormation tells the name all the same (https://github.com/aws/aws-cli/issues/199). Whoever
    else has a resource of that name keeps it.
    """
    made = {
        _resource_of(event)
        for event in events
        if event["ResourceStatus"] == "CREATE_COMPLETE"
        or INITIATED in str(event.get("ResourceStatusReason")).lower()
    }
    there = {(member.type, member.physical_id) for member in members}
    named = {_resource_of(event) for event in events if event["ResourceStatus"].startswith(NOT_MADE)}
    failed = {_resource_of(event) for event in events if event["ResourceStatus"] == "UPDATE_FAILED"}
    return (named | failed - there) - made


def _resource_of(event: Any) -> tuple[str, str]:
    """The type and name of what an event is about."""
    return event.get("ResourceType") or "", event.get("PhysicalResourceId") or ""


def events_of(cloudformation: CloudFormationClient, stack: str) -> Iterator[Any]:
    """What happened to a stack and to what is in it, newest first."""
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def look(client: Client, member: Member, region: str) -> Found | None:
    """A member as a resource of a kind of the lab's; None where it is of none, or gone."""
    kind = member.kind
    if kind is None or not member.physical_id:
        return None
    physical_id = member.physical_id
    # `Ref` says a key's id and a managed policy's ARN, by which they are asked for; of others the name.
    arn = physical_id if kind in (KMS_KEY, POLICY) else ""
    name = name_in(physical_id) if kind is POLICY else physical_id
    found = kind.find(client, ResourceRef(kind, name, region, arn))
    return None if found is None else replace(found, ref=replace(found.ref, name=name))


def known_resources(client: Client, stack: str, region: str) -> tuple[list[ResourceRef], list[ClientError]]:
    """What a stack has, or had, of the lab's kinds and is there; and what kept one from being seen."""
    refs, errors = [], []
    for member in all_members(client("cloudformation"), stack):
        try:
            found = look(client, member, region)
        except ClientError as error:
            errors.append(error)
            continue
        if found is not None:
            refs.append(found.ref)
    return refs, errors


def retained_members(
    cloudformation: CloudFormationClient, stack: str, retained: frozenset[str]
) -> Iterator[Member]:
    """What of a stack may outlive it: those of these logical ids, and what its nested stacks retain."""
    members = members_of(cloudformation, stack)
    # What it imported, or failed to make, was there before or is somebody else's.
    others = _of_others(list(events_of(cloudformation, stack)), members)
    for member in members:
        if member.type == NESTED and member.physical_id:
            nested = retained_by(cloudformation, member.physical_id)
            yield from retained_members(cloudformation, member.physical_id, nested)
        elif member.logical_id in retained and (member.type, member.physical_id) not in others:
            yield member


def retained_by(cloudformation: CloudFormationClient, stack: str) -> frozenset[str]:
    """The logical ids of what the template of a stack retains; nothing of one that has a change set only."""
    from pytest_kmslab.lab.templates.template import read_template

    try:
        body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        return frozenset()
    return read_template(body).retained if body else frozenset()
