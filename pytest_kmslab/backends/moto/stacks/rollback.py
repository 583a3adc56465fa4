"""What becomes of a stack where a resource fails: what was done is taken back, now or later, or stays.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.cloudformation.parsing import OutputMap

from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.backends.moto.stacks.resource_map import CREATING
from pytest_kmslab.backends.moto.stacks.service_calls import REQUEST
from pytest_kmslab.backends.moto.stacks.stack_state import State, set_status, tell, which
from pytest_kmslab.calls.api_call import ServiceError

PAUSED = frozenset({"CREATE_FAILED", "UPDATE_FAILED"})
"""The states of a stack that failed and was not rolled back."""


@contextmanager
def opened(stack: Any) -> Iterator[None]:
    """Let the stack's resources be made; where one fails, what was done is rolled back."""
    resources = stack.resource_map
    resources.is_open, resources.teardown = True, []
    try:
        yield
    except BaseException as error:
        resources.fail(keep=_keeps(error))
        raise
    else:
        resources.undoable, resources.stable = [], None
    finally:
        resources.is_open, resources.teardown = False, []


@contextmanager
def deleting(stack: Any) -> Iterator[None]:
    """Let the stack's resources be deleted: what fails is not taken back."""
    resources = stack.resource_map
    resources.is_open = True
    try:
        yield
    finally:
        resources.is_open = False


@contextmanager
def creating() -> Iterator[None]:
    """Let the resources of stacks be made that are created; where one fails, what was done is rolled back."""
    maps: list[Any] = []
    token = CREATING.set(maps)
    try:
        yield
    except BaseException as error:
        for resources in reversed(maps):
            resources.fail(keep=_keeps(error))
        raise
    finally:
        CREATING.reset(token)
        for resources in maps:
            resources.is_open, resources.teardown = False, []


def request_params() -> Mapping[str, Any]:
    """The parameters of the request under way."""
    request = REQUEST.get()
    return request.params if request is not None else {}


def keeps_what_is_there() -> bool:
    """Whether the request says that a stack which fails keeps what it has."""
    params = request_params()
    return str(params.get("DisableRollback")).lower() == "true" or params.get("OnFailure") == "DO_NOTHING"


def _keeps(error: BaseException) -> bool:
    # A template that is refused makes no stack that could keep anything.
    return isinstance(error, ResourceFailedError) and keeps_what_is_there()


def fail_creation(stack: Any, failure: ResourceFailedError) -> None:
    """A resource of a new stack failed: `ROLLBACK_COMPLETE`, or what was left to be."""
    tell(stack, failure, "CREATE_FAILED")
    if keeps_what_is_there():
        set_status(stack, "CREATE_FAILED", which("create", failure))
        return
    reason = f"{which('create', failure)} Rollback requested by user."
    set_status(stack, "ROLLBACK_IN_PROGRESS", reason)
    _end_of_creation(stack)


def _end_of_creation(stack: Any) -> None:
    failures = [failure for _, failure in stack.resource_map.left_undone]
    for failure in failures:
        tell(stack, failure, "DELETE_FAILED")
    forget_resources(stack, kept=[failure.logical_id for failure in failures])
    if failures:
        set_status(stack, "ROLLBACK_FAILED", which("delete", failures[0]))
    else:
        set_status(stack, "ROLLBACK_COMPLETE")


def forget_resources(stack: Any, kept: Iterable[str] = ()) -> None:
    """Leave in a stack what could not be deleted: nobody who describes it may make the rest."""
    resources = stack.resource_map
    raws = resources._resource_json_map
    resources._resource_json_map = {name: raws[name] for name in kept if name in raws}
    resources.undoable = []
    stack.output_map = OutputMap(resources, {}, stack.stack_id)


def fail_update(stack: Any, failure: ResourceFailedError, before: State) -> None:
    """A resource failed in an update: the stack is what it was, or stays between while that fails."""
    verb = "update" if failure.physical_id else "create"
    if not failure.of_stack:
        tell(stack, failure, f"{verb.upper()}_FAILED")
    reason = failure.of_stack or which(verb, failure)
    resources = stack.resource_map
    if keeps_what_is_there():
        # What a later rollback goes back to is the state before the first update that failed.
        resources.stable = resources.stable or before
        set_status(stack, "UPDATE_FAILED", reason)
        return
    (resources.stable or before).restore(stack)
    set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    _end_of_rollback(stack)


def _end_of_rollback(stack: Any) -> None:
    """New resources that cannot be deleted are left behind; what cannot be changed back is tried again."""
    resources = stack.resource_map
    for step, failure in resources.left_undone:
        tell(stack, failure, "DELETE_FAILED" if step.is_new else "UPDATE_FAILED")
        if step.is_new:
            resources.forget(step.name)
    resources.undoable = [step for step in resources.undoable if not step.is_new]
    if resources.undoable:
        failed = next(failure for step, failure in resources.left_undone if not step.is_new)
        set_status(stack, "UPDATE_ROLLBACK_FAILED", which("update", failed))
        return
    resources.stable = None
    set_status(stack, "UPDATE_ROLLBACK_COMPLETE")


def tell_left_behind(stack: Any) -> None:
    """The events of what an update replaced or took out, and could not delete."""
    for _, failure in stack.resource_map.left_undone:
        tell(stack, failure, "DELETE_FAILED")


def continue_rollback(stack: Any, skipped: Iterable[str]) -> None:
    """ContinueUpdateRollback: what could not be changed back is tried again, save what is skipped."""
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise _in_another_state(stack)
    resources, left_out = stack.resource_map, set(skipped)
    unknown = left_out - {step.name for step in resources.undoable}
    if unknown:
        text = f"Resources {sorted(unknown)} are not in UPDATE_FAILED state and cannot be skipped"
        raise ServiceError("ValidationError", text)
    set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    resources.undoable = [step for step in resources.undoable if step.name not in left_out]
    resources.roll_back()
    _end_of_rollback(stack)


def roll_back(stack: Any) -> None:
    """RollbackStack: a stack that failed and kept what it had goes back to what it was."""
    if stack.status not in PAUSED:
        raise _in_another_state(stack)
    resources, is_new = stack.resource_map, stack.status == "CREATE_FAILED"
    set_status(stack, "ROLLBACK_IN_PROGRESS" if is_new else "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    resources.roll_back()
    if is_new:
        _end_of_creation(stack)
        return
    resources.stable.restore(stack)
    _end_of_rollback(stack)


def _in_another_state(stack: Any) -> ServiceError:
    # AWS's words for it are not known.
    text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be rolled back."
    return ServiceError("ValidationError", text)
