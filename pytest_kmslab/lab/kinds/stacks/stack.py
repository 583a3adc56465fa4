"""CloudFormation stacks: made of a template, and removed with what the template retains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import ClientError

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.endpoint.clients import lacks
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.creation import record_found
from pytest_kmslab.lab.kinds.iam.group import GROUP, take_members
from pytest_kmslab.lab.kinds.stacks.members import Member, known_resources, look, members_of, retained_members
from pytest_kmslab.lab.kinds.stacks.removal import delete_stack, described, failures, wait_for
from pytest_kmslab.lab.naming import OF_A_STACK, OURS, RUN_TAG
from pytest_kmslab.lab.resource_kind import (
    Client,
    Found,
    ResourceKind,
    ResourceRef,
    Unseen,
    is_same,
    tag_list,
)
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

    from pytest_kmslab.lab.creation import Creation, Made
    from pytest_kmslab.lab.teardown.stack import TeardownStep
    from pytest_kmslab.lab.templates.template import Template

CREATED = "CREATE_COMPLETE"

UPDATED_FROM = frozenset(
    {
        CREATED,
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)
"""The states in which a stack takes new tags; one that failed or was rolled back is only deleted.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"""


ObjectOf = Callable[[Member], Any]
"""Gives the lab's object for a member of a stack: a KmsKey, an IamRole …"""


class StackResources(Mapping[str, Any]):
    """The resources of a stack by their logical ids, each as the lab's object of its kind.

    An object is made when it is first looked at: a user gets an access key then.
    """

    def __init__(self, members: Sequence[Member], object_of: ObjectOf) -> None:
        self._members = {member.logical_id: member for member in members if member.physical_id}
        self._object_of = object_of
        self._made: dict[str, Any] = {}

    def __getitem__(self, logical_id: str) -> Any:
        if logical_id not in self._members:
            raise KeyError(f"the stack has no `{logical_id}`, but {', '.join(self._members) or 'nothing'}")
        if logical_id not in self._made:
            self._made[logical_id] = self._object_of(self._members[logical_id])
        return self._made[logical_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"StackResources({', '.join(self._members)})"


@dataclass(frozen=True, slots=True)
class Stack:
    """A CloudFormation stack; the methods let CloudFormation's own errors through."""

    name: str
    arn: str
    """The stack's id."""
    outputs: Mapping[str, str]
    """The values of the template's `Outputs`, by name."""
    resources: Mapping[str, Any]
    """Each resource by its logical id: a KmsKey, DynamoDBTable, IamRole, IamUser, IamGroup or nested Stack;
    an AwsResource for all that the lab has no class of."""
    _region: str = field(repr=False, compare=False)
    _client: Client = field(repr=False, compare=False)
    _waiter: Waiter = field(repr=False, compare=False)

    def status(self) -> str:
        """CloudFormation's StackStatus: `CREATE_COMPLETE` …; `DELETE_COMPLETE` for one that is gone."""
        return str(described(self._client("cloudformation"), self.arn).get("StackStatus", "DELETE_COMPLETE"))

    def delete(self) -> None:
        """Delete the stack, and return when it is gone; one that is gone is no error.

        What its template retains stays until the lab ends. Raises ResourceError, with what failed and why,
        where it cannot be deleted.
        """
        delete_stack(self._client, self._waiter, self.arn, self._region)


@dataclass(frozen=True, slots=True)
class StackRequest:
    """What a stack is made of; all of it was read and checked."""

    template: Template
    parameters: list[dict[str, str]] = field(repr=False)
    capabilities: list[str]
    is_checked: bool = False
    """Whether it has to be looked at what was made: emulators drop what they do not know."""


def create_stack(creation: Creation, base: str, request: StackRequest, object_of: ObjectOf) -> Stack:
    """Make a stack, and return when it is there; raises ResourceError for one that fails, and removes it."""
    cloudformation: CloudFormationClient = creation.client("cloudformation")
    with creation.of(STACK, base) as made:
        parameters: Any = {"Parameters": request.parameters, "Capabilities": request.capabilities}
        stack_id = cloudformation.create_stack(
            StackName=made.name, TemplateBody=request.template.body, Tags=tag_list(made.tags), **parameters
        )["StackId"]
    ref = replace(made.ref, arn=stack_id)
    made.confirm(stack_id, partial(STACK.remove, creation.client, creation.waiter, ref))
    description = wait_for(cloudformation, creation.waiter, stack_id, "to be made")
    if description.get("StackStatus") != CREATED:
        reasons = "; ".join(failures(cloudformation, stack_id)) or description.get("StackStatusReason", "")
        _remove_failed(made, f"stack `{made.name}` could not be made: {reasons}")
    # Only now the names are known of what CloudFormation has made.
    record_retained(creation, made.step, stack_id, request.template.retained)
    if request.is_checked:
        _check_as_made(creation, made, request, stack_id)
    return stack_of(creation, description, object_of)


def _check_as_made(creation: Creation, made: Made, request: StackRequest, stack: str) -> None:
    """Raise ResourceError, and remove the stack, where it is otherwise than its template says."""
    # Loaded on emulators that make stacks by themselves, and nowhere else.
    from pytest_kmslab.lab.kinds.stacks.as_made import differences
    from pytest_kmslab.lab.kinds.stacks.mending import mend_tables

    members = members_of(creation.client("cloudformation"), stack)
    values = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in request.parameters}
    try:
        mend_tables(creation.client, request.template.content, values, members)
    except ClientError as error:
        _remove_failed(made, f"stack `{made.name}` could not be made: {error}")
    otherwise = list(differences(creation.client, request.template.resources, members))
    if otherwise:
        _remove_failed(
            made,
            f"stack `{made.name}` is not what its template says, so nothing can be told from it: "
            f"{'; '.join(otherwise)}. The emulator made it so: deploy it on moto",
        )


def _remove_failed(made: Made, text: str) -> NoReturn:
    """Remove a stack that cannot be used, and raise ResourceError; the lab's end tries what failed again."""
    try:
        made.remove()
    except (ResourceError, ClientError) as error:
        text = f"{text}; and it could not be removed: {error}"
    raise ResourceError(text)


def pseudo_parameters(creation: Creation) -> dict[str, str]:
    """What CloudFormation's pseudo parameters are on AWS; some emulators have values of their own.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    partition = partition_of(creation.region)
    return {
        "AWS::AccountId": creation.account,
        "AWS::Partition": partition.name,
        "AWS::Region": creation.region,
        "AWS::URLSuffix": partition.dns_suffix,
    }


def has_bucket(creation: Creation, name: str) -> bool:
    """Whether there is a bucket of this name."""
    try:
        creation.client("s3").head_bucket(Bucket=name)
    except ClientError:
        return False
    return True


def record_retained(creation: Creation, step: TeardownStep, stack: str, retained: frozenset[str]) -> None:
    """Have what a stack retains removed after it: each is in the ledger, and tagged if it is not yet."""
    for member in retained_members(creation.client("cloudformation"), stack, retained):
        found = look(creation.client, member, creation.region)
        if found is not None:
            record_found(creation, found, after=step)


def stack_of(creation: Creation, description: Mapping[str, Any], object_of: ObjectOf) -> Stack:
    """The stack that a description is of."""
    name, arn = description["StackName"], description["StackId"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in description.get("Outputs", ())}
    members = members_of(creation.client("cloudformation"), arn)
    named = {member.physical_id: member.logical_id for member in members if member.physical_id}
    creation.context.trail.logical_ids.update(named)
    resources = StackResources(members, object_of)
    return Stack(name, arn, outputs, resources, creation.region, creation.client, creation.waiter)


class StackKind(ResourceKind):
    """Stacks by name first. What CloudFormation makes of a template costs; a stack does not."""

    name = "cloudformation-stack"
    title = "stack"
    create_operation = "CreateStack"
    is_rare = True
    removal_commands = (
        "cloudformation list-stack-resources --stack-name {name}",
        "cloudformation delete-stack --stack-name {name}",
    )

    def every(self, client: Client, region: str) -> Iterator[Found | Unseen]:
        """All that carry a run's tags, but for those nested in them; none where CloudFormation is not."""
        try:
            for page in client("cloudformation").get_paginator("describe_stacks").paginate():
                yield from (self._found(stack, region) for stack in page["Stacks"] if _is_ours(stack))
        except ClientError as error:
            if not lacks(error):
                raise

    def find(self, client: Client, ref: ResourceRef) -> Found | None:
        """By its id, otherwise by its name."""
        stack = described(client("cloudformation"), ref.arn or ref.name)
        return self._found(stack, ref.region) if stack else None

    def tag(self, client: Client, ref: ResourceRef, tags: Mapping[str, str]) -> None:
        """By an update of its tags, which CloudFormation passes on to what it made; not of a stack that can
        only be deleted, which the ledger alone knows."""
        cloudformation = client("cloudformation")
        stack = described(cloudformation, ref.arn)
        if stack.get("StackStatus") not in UPDATED_FROM:
            return
        present = tags_by_key(stack.get("Tags"))
        names = [parameter["ParameterKey"] for parameter in stack.get("Parameters", ())]
        try:
            cloudformation.update_stack(
                StackName=ref.arn,
                UsePreviousTemplate=True,
                Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in names],
                Capabilities=stack.get("Capabilities", []),
                Tags=tag_list({**present, **tags}),
            )
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            # LocalStack knows no update of tags alone: such a stack is known by the ledger too.

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """The stack, then what it leaves; raises at the end what kept one of it from being looked at."""
        cloudformation = client("cloudformation")
        stack = described(cloudformation, ref.arn or ref.name)
        if not stack:
            return
        stack_id = stack["StackId"]
        known, unseen = known_resources(client, stack_id, ref.region)
        for one in known:
            if one.kind is GROUP:
                take_members(client("iam"), one.name)  # some emulators delete no group that has any
        delete_stack(client, waiter, stack_id, ref.region)
        for one in known:
            # What it retained, or could not delete. A later one of the same name is somebody else's.
            left = one.kind.find(client, one)
            if left is not None and is_same(left.ref, one):
                one.kind.remove(client, waiter, left.ref)
        if unseen:
            raise unseen[0]

    def _found(self, stack: Mapping[str, Any], region: str) -> Found:
        tags = tags_by_key(stack.get("Tags"))
        ref = ResourceRef(self, stack["StackName"], region, stack["StackId"], stack["StackId"])
        return Found(ref, tags, stack.get("CreationTime"))


def _is_ours(stack: Mapping[str, Any]) -> bool:
    """Whether a stack carries a run's tags and goes by itself: a nested one goes with the one it is in."""
    nested = OURS.search(stack["StackName"]) is None and OF_A_STACK.search(stack["StackName"]) is not None
    return not nested and "ParentId" not in stack and RUN_TAG in {tag["Key"] for tag in stack.get("Tags", ())}


STACK = StackKind()
