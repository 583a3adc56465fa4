"""Stack sets: by whose role their stacks are made, and that what changes in a set changes in its stacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError

from pytest_kmslab.backends.moto.stacks.operations import Original
from pytest_kmslab.backends.moto.stacks.principal import Principals
from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.backends.moto.stacks.resource_map import SET_TAGS
from pytest_kmslab.backends.moto.stacks.rollback import creating, opened
from pytest_kmslab.backends.moto.stacks.service_calls import REQUEST, acting_as
from pytest_kmslab.backends.moto.stacks.stack_state import State, retag
from pytest_kmslab.calls.api_call import ServiceError

STACK_SET: ContextVar[Any] = ContextVar("kmslab_stack_set")
"""moto's own stack set, of whose stacks the operation under way is."""

OVERRIDES = "kmslab_overrides"
"""On moto's stack of a set: the parameters that it has in place of the set's."""


class StackSetOperations:
    """moto's operations on stack sets, each by the set's roles."""

    def __init__(self, principals: Principals) -> None:
        self._principals = principals

    def create_stack_set(self, original: Original, backend: Any, *arguments: Any, **more: Any) -> Any:
        """CreateStackSet: whoever names an administration role has to pass it."""
        self._principals.check_pass_role(more.get("admin_role"))
        return original(backend, *arguments, **more)

    def within(self, original: Original, stack_set: Any, *arguments: Any, **more: Any) -> Any:
        """Whatever makes or removes stacks of a set."""
        with _of(stack_set):
            return original(stack_set, *arguments, **more)

    def update(self, original: Original, stack_set: Any, **more: Any) -> Any:
        """UpdateStackSet: its stacks become what the set is now, all or those that are named."""
        self._principals.check_pass_role(more.get("admin_role"))
        with _of(stack_set):
            answer = original(stack_set, **more)
            # Where some are named moto goes on to `update_instances`.
            if not (more["accounts"] and more["regions"]):
                self._bring_up(stack_set, stack_set.stack_instances)
            return answer

    def update_instances(
        self,
        original: Original,
        stack_set: Any,
        accounts: Sequence[str],
        regions: Sequence[str],
        parameters: Any,
    ) -> Any:
        """UpdateStackInstances: moto keeps the parameters and changes nothing."""
        with _of(stack_set):
            answer = original(stack_set, accounts, regions, parameters)
            named = [
                stack_set.instances.get_instance(account, there) for account in accounts for there in regions
            ]
            for instance in named:
                _override(instance, parameters)
            self._bring_up(stack_set, named)
            return answer

    def make_instance(self, original: Original, instance: Any, **more: Any) -> None:
        """One stack, in the account and Region that are given; raises ServiceError."""
        stack_set = STACK_SET.get()
        _override(instance, more["parameters"])
        more["parameters"] = _parameters(stack_set, instance)
        more["template"] = stack_set.template
        with self._acting(stack_set, more["account_id"], more["region_name"]):
            try:
                with creating():
                    original(instance, **more)
            except ResourceFailedError as failure:
                raise ServiceError("ValidationError", failure.reason) from failure
        _override(instance, ())

    def delete_instance(self, original: Original, instance: Any) -> None:
        """Delete it, unless it is to be left; raises ServiceError."""
        request = REQUEST.get()
        if request is not None and str(request.params.get("RetainStacks")).lower() == "true":
            return
        with self._acting(STACK_SET.get(), instance.account_id, instance.region_name):
            try:
                original(instance)
            except ResourceFailedError as failure:
                raise ServiceError("ValidationError", failure.reason) from failure

    @contextmanager
    def _acting(self, stack_set: Any, account: str, region: str) -> Iterator[None]:
        with acting_as(self._principals.of_instance(stack_set, account, region)):
            yield

    def _bring_up(self, stack_set: Any, instances: Sequence[Any]) -> None:
        for instance in instances:
            with self._acting(stack_set, instance.account_id, instance.region_name):
                _update(instance.stack, stack_set, _parameters(stack_set, instance))
            instance.template = stack_set.template


@contextmanager
def _of(stack_set: Any) -> Iterator[None]:
    tokens = STACK_SET.set(stack_set), SET_TAGS.set(dict(stack_set.tags or {}))
    try:
        yield
    finally:
        STACK_SET.reset(tokens[0])
        SET_TAGS.reset(tokens[1])


def _override(instance: Any, parameters: Any) -> None:
    """Keep on moto's stack of a set which parameters a call overrides; without any they stay as they are.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStackInstances.html
    """
    before: dict[str, str] = getattr(instance, OVERRIDES, {})
    # moto gives those of the set, as a mapping, where a call overrides none.
    if isinstance(parameters, list) and parameters:
        overridden = {entry["ParameterKey"]: entry for entry in parameters}
        before = {
            name: str(before.get(name, "") if "ParameterValue" not in entry else entry["ParameterValue"])
            for name, entry in overridden.items()
        }
    setattr(instance, OVERRIDES, before)
    instance.parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in before.items()]


def _parameters(stack_set: Any, instance: Any) -> dict[str, str]:
    return {**(stack_set.parameters or {}), **getattr(instance, OVERRIDES)}


def _update(stack: Any, stack_set: Any, parameters: dict[str, str]) -> None:
    """Bring one stack up to its set; raises ServiceError where it cannot be: it is as it was then."""
    before = State(stack)
    retag(stack, dict(stack_set.tags or {}))
    try:
        with opened(stack):
            stack.update(stack_set.template, parameters=parameters)
    except ResourceFailedError as failure:
        before.restore(stack)
        raise ServiceError("ValidationError", failure.reason) from failure
    except CloudFormationError:
        before.restore(stack)
        raise
