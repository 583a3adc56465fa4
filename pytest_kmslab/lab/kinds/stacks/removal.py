"""Waiting for stacks, and deleting one with what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.stacks.members import KIND_OF_TYPE, events_of, look, members_of
from pytest_kmslab.lab.resource_kind import Client
from pytest_kmslab.lab.waiting.waiters import STACK_LIMIT, Waiter

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

DELETED = "DELETE_COMPLETE"
REVIEWED = "REVIEW_IN_PROGRESS"
"""Of a stack that has nothing but a change set: nothing is under way with it."""
FAILED = "_FAILED"
CANCELLED = "cancelled"
"""Stands in the reason of what failed only because something else did."""


def described(cloudformation: CloudFormationClient, stack: str) -> dict[str, Any]:
    """A stack as DescribeStacks answers it, by its name or id; empty for none, and for a deleted one."""
    try:
        stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        # CloudFormation has no code of its own for a stack that is not there.
        if error_code(error) == "ValidationError" and "does not exist" in str(error):
            return {}
        raise
    return next((dict(one) for one in stacks if one["StackStatus"] != DELETED), {})


def wait_for(cloudformation: CloudFormationClient, waiter: Waiter, stack: str, what: str) -> dict[str, Any]:
    """The description of a stack, once nothing is under way with it; empty where it is deleted."""

    def is_settled(description: Mapping[str, Any]) -> bool:
        status = str(description.get("StackStatus", ""))
        return status == REVIEWED or not status.endswith("_IN_PROGRESS")

    return waiter.until(
        lambda: described(cloudformation, stack),
        is_settled,
        f"stack `{stack.rpartition(':stack/')[2]}` {what}",
        STACK_LIMIT,
    )


def delete_stack(client: Client, waiter: Waiter, stack: str, region: str) -> None:
    """Delete a stack and return when it is gone; one that is gone is no error.

    What CloudFormation cannot delete and the lab's kinds can (a user who was given an access key since) the
    stack goes without, and is deleted after it. Raises ResourceError, with what failed, for anything else.
    """
    cloudformation = client("cloudformation")
    found = wait_for(cloudformation, waiter, stack, "to be left alone")
    if not found:
        return
    if found.get("EnableTerminationProtection"):
        cloudformation.update_termination_protection(
            StackName=found["StackId"], EnableTerminationProtection=False
        )
    members = {member.logical_id: member for member in members_of(cloudformation, found["StackId"])}
    for logical_id in _delete_without(cloudformation, waiter, found):
        left = look(client, members[logical_id], region)
        if left is not None:
            left.ref.kind.remove(client, waiter, left.ref)


def _delete_without(
    cloudformation: CloudFormationClient, waiter: Waiter, found: Mapping[str, Any]
) -> list[str]:
    """Delete a stack; answers the logical ids of what it went without."""
    stack, left = found["StackId"], list[str]()
    while _deleted(cloudformation, waiter, stack, left):
        failed = _failed_to_delete(cloudformation, stack)
        never_made = _never_made(cloudformation, stack)
        more = [
            name
            for name, type_name in failed
            if name not in left and (type_name in KIND_OF_TYPE or name in never_made)
        ]
        if len(more) < len(failed) or not more:
            reasons = "; ".join(failures(cloudformation, stack)) or "CloudFormation does not say why"
            raise ResourceError(f"stack `{found['StackName']}` could not be deleted: {reasons}")
        left += more
    return left


def _deleted(
    cloudformation: CloudFormationClient, waiter: Waiter, stack: str, retained: Sequence[str]
) -> dict[str, Any]:
    """Delete it, and what is left of it: nothing, where that went well."""
    # Only a stack in DELETE_FAILED takes a list of what to go without:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    more: Any = {"RetainResources": list(retained)} if retained else {}
    cloudformation.delete_stack(StackName=stack, **more)
    return wait_for(cloudformation, waiter, stack, "to be deleted")


def _failed_to_delete(cloudformation: CloudFormationClient, stack: str) -> list[tuple[str, str]]:
    """The logical ids and types of what the last attempt could not delete."""
    failed: list[tuple[str, str]] = []
    for event in events_of(cloudformation, stack):
        # Newest first: what comes after the begin of this attempt is of an earlier one.
        if event.get("PhysicalResourceId") == event["StackId"]:
            if event["ResourceStatus"] == "DELETE_IN_PROGRESS":
                break
        elif event["ResourceStatus"] == "DELETE_FAILED":
            failed.append((event["LogicalResourceId"], event["ResourceType"]))
    return failed


def _never_made(cloudformation: CloudFormationClient, stack: str) -> set[str]:
    """The logical ids of what failed to be made and has no name: there is nothing to delete."""
    return {
        event["LogicalResourceId"]
        for event in events_of(cloudformation, stack)
        if event["ResourceStatus"] == "CREATE_FAILED"
        and event.get("PhysicalResourceId", "") in ("", event["LogicalResourceId"])
    }


def failures(cloudformation: CloudFormationClient, stack: str) -> list[str]:
    """What failed in a stack and why, first failure first, by its events."""
    told = [
        f"`{event['LogicalResourceId']}` ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in reversed(list(events_of(cloudformation, stack)))
        if event["ResourceStatus"].endswith(FAILED)
        and event.get("PhysicalResourceId") != event["StackId"]
        and CANCELLED not in event.get("ResourceStatusReason", "").lower()
    ]
    return list(dict.fromkeys(told))
