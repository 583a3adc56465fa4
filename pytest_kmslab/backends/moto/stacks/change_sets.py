"""Change sets: of which stack one is, and whether it can still be executed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError

from pytest_kmslab.calls.api_call import ServiceError


def stack_named(backend: Any, name: str) -> Any:
    """The stack of a name or id; None for none."""
    return next((stack for stack in backend.stacks.values() if name in (stack.name, stack.stack_id)), None)


def check_change_set(kind: Any) -> None:
    """Raise ServiceError for a change set of which moto would do something else."""
    if kind == "IMPORT":
        text = "pytest-kmslab: moto imports no resources, it would make new ones"
        raise ServiceError("ValidationError", text)


def check_new(before: Any, change_set_name: str) -> None:
    """Raise ServiceError for a new stack under the name of one that is there and has resources."""
    if before is not None and before.status != "REVIEW_IN_PROGRESS":
        text = (
            f"Stack [{before.name}] already exists and cannot be created again with the changeSet "
            f"[{change_set_name}]."
        )
        raise ServiceError("ValidationError", text)


def change_set_of(backend: Any, stack_name: str | None, name: str) -> Any:
    """The change set of an ARN, or of a name and its stack; raises ServiceError for one that was executed.

    moto takes the newest of the name, of whatever stack.
    """
    found = backend.change_sets.get(name) or next(
        (
            change_set
            for change_set in reversed(backend.change_sets.values())
            if change_set.change_set_name == name
            and stack_name in (None, change_set.stack_name, change_set.stack_id)
        ),
        None,
    )
    if found is None:
        raise ValidationError(name)
    if found.execution_status != "AVAILABLE":
        # Text by LocalStack's provider.
        text = (
            f"ChangeSet [{found.change_set_id}] cannot be executed in its current status of [{found.status}]"
        )
        raise ServiceError("InvalidChangeSetStatus", text)
    return found


def retire(backend: Any, stack: Any) -> None:
    """A stack was updated: what else was to change it is of a stack that is no more."""
    for change_set in backend.change_sets.values():
        if change_set.stack_id == stack.stack_id and change_set.execution_status == "AVAILABLE":
            change_set.execution_status = "OBSOLETE"
