"""Operations on stacks: in whose name they act, and what becomes of a stack where a resource fails.

A call to CloudFormation succeeds on AWS even where a resource of the stack fails later; the stack then says
so, in its status and events, and what was done is rolled back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.parsing import OutputMap

from pytest_kmslab.backends.moto.stacks.change_sets import (
    change_set_of,
    check_change_set,
    check_new,
    retire,
    stack_named,
)
from pytest_kmslab.backends.moto.stacks.exports import exports_of, in_use, set_exports, values_of
from pytest_kmslab.backends.moto.stacks.left_out import tell_left_out
from pytest_kmslab.backends.moto.stacks.outputs import check_outputs
from pytest_kmslab.backends.moto.stacks.principal import Principals
from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.backends.moto.stacks.resource_map import NESTED, NESTED_TAGS
from pytest_kmslab.backends.moto.stacks.rollback import (
    PAUSED,
    continue_rollback,
    creating,
    deleting,
    fail_creation,
    fail_update,
    forget_resources,
    keeps_what_is_there,
    opened,
    request_params,
    roll_back,
    tell_left_behind,
)
from pytest_kmslab.backends.moto.stacks.service_calls import PRINCIPAL, REQUEST, acting_as
from pytest_kmslab.backends.moto.stacks.stack_state import State, retag, set_status, tell, which
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.templates.form import STACK_NAME

Original = Callable[..., Any]

NOT_UPDATED = frozenset(
    {
        "DELETE_FAILED",
        "REVIEW_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_FAILED",
    }
)
"""The states of a stack that can only be deleted or rolled back, and of one that has only a change set:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
One that failed and kept what it had is updated only by a request that keeps it too, as CDK has it:
https://github.com/aws/aws-cdk-cli, packages/@aws-cdk/toolkit-lib/lib/api/deployments/deploy-stack.ts"""


class StackOperations:
    """moto's operations on stacks, each within what it is given."""

    def __init__(self, principals: Principals) -> None:
        self.principals = principals
        self.own = {
            "ContinueUpdateRollback": self.continue_update_rollback,
            "RollbackStack": self.rollback_stack,
            "UpdateTerminationProtection": self.update_termination_protection,
        }
        """The operations that moto has not, by their names."""

    @contextmanager
    def _acting(self, backend: Any, stack: Any, role_arn: str | None) -> Iterator[None]:
        with ExitStack() as entered:
            # In the name of the stack's principal; a nested stack acts as its parent.
            if PRINCIPAL.get() is None:
                entered.enter_context(acting_as(self.principals.of_stack(backend, stack, role_arn)))
            yield

    def create_stack(self, original: Original, backend: Any, name: str, *arguments: Any, **more: Any) -> Any:
        """CreateStack, also of a nested stack."""
        nested, before, exports = PRINCIPAL.get() is not None, set(backend.stacks), dict(backend.exports)
        if not nested and REQUEST.get() is not None:
            _check_name(name)
        check_tags(more.get("tags"))
        if NESTED_TAGS.get():
            more["tags"] = dict(NESTED_TAGS.get())
        with self._acting(backend, None, more.get("role_arn")):
            try:
                with creating():
                    stack = original(backend, name, *arguments, **more)
                    check_outputs(stack)
                tell_left_out(stack)
                if not nested:
                    self.principals.note_stack(stack)
                return stack
            except ResourceFailedError as failure:
                stack = next(stack for stack in reversed(list(backend.stacks.values())) if stack.name == name)
                fail_creation(stack, failure)
                backend.exports = exports  # moto knows them before all is made
                if nested:
                    raise
                if request_params().get("OnFailure") == "DELETE":
                    backend.delete_stack(stack.stack_id)
                return stack
            except Exception:
                for stack_id in backend.stacks.keys() - before:
                    del backend.stacks[stack_id]  # what was refused as a whole is not there
                backend.exports = exports
                raise

    def update_stack(self, original: Original, backend: Any, name: str, *arguments: Any, **more: Any) -> Any:
        """UpdateStack; raises ServiceError for a stack that can only be deleted."""
        stack = backend.get_stack(name)
        _check_state(stack)
        # moto passes template and role by position or by name.
        role_arn = more.get("role_arn") or (arguments[1] if len(arguments) > 1 else None)
        with self._acting(backend, stack, role_arn):
            role = role_arn or stack.role_arn
            before, events, exports = State(stack), len(stack.events), values_of(stack)
            tags = more.get("tags") or (arguments[3] if len(arguments) > 3 else None)
            check_tags(tags)
            retag(stack, tags)
            try:
                with opened(stack):
                    answer = original(backend, name, *arguments, **more)
                    check_outputs(stack)
                    _check_exports(backend, stack, exports)
            except ResourceFailedError as failure:
                fail_update(stack, failure, before)
                return stack
            except Exception:
                before.restore(stack)
                del stack.events[events:]
                raise
            finally:
                stack.role_arn = role
            set_exports(backend, stack, exports)
            retire(backend, stack)
            tell_left_behind(stack)
            tell_left_out(stack)
            return answer

    def create_change_set(self, original: Original, backend: Any, *arguments: Any, **more: Any) -> Any:
        """CreateChangeSet: what is wrong with the template is told here, before anything is kept."""
        name, kind = str(more["stack_name"]), more.get("change_set_type")
        check_change_set(kind)
        before = stack_named(backend, name)
        if kind == "UPDATE" and before is not None:
            _check_state(before)
        elif kind != "UPDATE":
            _check_name(name)
            check_new(before, str(more["change_set_name"]))
        check_tags(more.get("tags"))
        # Whoever executes it need not be able to pass the role.
        self.principals.check_pass_role(more.get("role_arn"), "" if before is None else before.stack_id)
        resources = _read(backend, name, more["template"], more["parameters"])
        change_set_id, stack_id = original(backend, *arguments, **more)
        change_set = backend.change_sets[change_set_id]
        change_set.parameters = resources.texts_of(change_set.parameters)
        if before is not None and stack_id != before.stack_id:
            # moto makes another stack of the same name for each change set of a new one.
            del backend.stacks[stack_id]
            change_set.stack, change_set.stack_id = before, before.stack_id
        return change_set_id, change_set.stack_id

    def execute_change_set(self, original: Original, backend: Any, *arguments: Any, **more: Any) -> Any:
        """ExecuteChangeSet, of a new stack or of one that is there."""
        change_set = change_set_of(
            backend, more.get("stack_name"), more.get("change_set_name") or arguments[0]
        )
        stack = backend.stacks[change_set.stack_id]
        is_new = change_set.change_set_type == "CREATE"
        if not is_new:
            _check_state(stack)
        stack.role_arn = change_set.role_arn or stack.role_arn
        with self._acting(backend, stack, None):
            before, exports = State(stack), values_of(stack)
            retag(stack, change_set.tags)
            try:
                with opened(stack):
                    # By its ARN: of one name there may be several, of other stacks.
                    original(backend, change_set.change_set_id, stack.name)
                    # moto reads neither outputs nor exports of what it made.
                    stack._parse_template()
                    stack.parameters = change_set.parameters or stack.parameters
                    stack.output_map = OutputMap(stack.resource_map, stack.template_dict, stack.stack_id)
                    check_outputs(stack)
                    _check_exports(backend, stack, exports)
            except ResourceFailedError as failure:
                if is_new:
                    fail_creation(stack, failure)
                else:
                    fail_update(stack, failure, before)
                change_set.execution_status = "EXECUTE_FAILED"
                return
            except Exception:
                before.restore(stack)
                raise
            set_exports(backend, stack, exports)
            retire(backend, stack)
            tell_left_behind(stack)
            tell_left_out(stack)

    def delete_stack(self, original: Original, backend: Any, name: str) -> None:
        """DeleteStack."""
        stack = next(
            (known for known in backend.stacks.values() if name in (known.name, known.stack_id)), None
        )
        if stack is None:
            original(backend, name)
            return
        params = request_params()
        nested = PRINCIPAL.get() is not None
        if not nested and str(stack.enable_termination_protection).lower() == "true":
            text = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise ServiceError("ValidationError", text)
        if not nested and (used := in_use(backend, stack, values_of(stack), {})):
            # AWS takes the request, and the stack stays what it was.
            stack._add_stack_event(stack.status, resource_status_reason=used)
            return
        _retain(stack, (not nested and params.get("RetainResources")) or ())
        with self._acting(backend, stack, params.get("RoleARN")), deleting(stack):
            try:
                original(backend, stack.stack_id)
                forget_resources(stack)
            except ResourceFailedError as failure:
                # moto forgets the stack before its resources are gone; a failed one can be deleted again.
                backend.stacks[stack.stack_id] = stack
                tell(stack, failure, "DELETE_FAILED")
                set_status(stack, "DELETE_FAILED", which("delete", failure))

    def continue_update_rollback(self, backend: Any, params: Mapping[str, Any]) -> dict[str, str]:
        """ContinueUpdateRollback, which moto has not."""
        stack = backend.get_stack(params["StackName"])
        with self._acting(backend, stack, params.get("RoleARN")):
            continue_rollback(stack, params.get("ResourcesToSkip") or ())
        return {}

    def rollback_stack(self, backend: Any, params: Mapping[str, Any]) -> dict[str, str]:
        """RollbackStack, which moto has not."""
        stack = backend.get_stack(params["StackName"])
        with self._acting(backend, stack, params.get("RoleARN")):
            roll_back(stack)
        return {"StackId": stack.stack_id}

    def update_termination_protection(self, backend: Any, params: Mapping[str, Any]) -> dict[str, str]:
        """UpdateTerminationProtection, which moto has not."""
        stack = backend.get_stack(params["StackName"])
        stack.enable_termination_protection = params["EnableTerminationProtection"]
        return {"StackId": stack.stack_id}


def _check_exports(backend: Any, stack: Any, before: Mapping[str, str]) -> None:
    """Raise ResourceFailedError, of the stack itself, for exports that it cannot have."""
    why = in_use(backend, stack, before, exports_of(stack))
    if why is not None:
        error = ServiceError("ValidationError", why)
        raise ResourceFailedError(stack.resource_map, NESTED, stack.name, error, of_stack=why)


def _check_state(stack: Any) -> None:
    """Raise ServiceError for a stack that can only be deleted or rolled back."""
    if stack.status in NOT_UPDATED or (stack.status in PAUSED and not keeps_what_is_there()):
        text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ServiceError("ValidationError", text)


def check_tags(tags: dict[str, str] | None) -> None:
    """Raise ServiceError for tags that only AWS can give a stack, as it was recorded:
    https://github.com/aws-quickstart/quickstart-amazon-eks/issues/42"""
    if any(name.lower().startswith("aws:") for name in tags or ()):
        raise ServiceError("ValidationError", "aws: prefixed tag key names are not allowed for external use.")


LONGEST_NAME = 128
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


def _check_name(name: str) -> None:
    """Raise ServiceError for a name that no stack can have."""
    if not STACK_NAME.fullmatch(name):
        constraint = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    elif len(name) > LONGEST_NAME:
        constraint = f"Member must have length less than or equal to {LONGEST_NAME}"
    else:
        return
    what = f"Value '{name}' at 'stackName' failed to satisfy constraint: {constraint}"
    raise ServiceError("ValidationError", f"1 validation error detected: {what}")


def _read(backend: Any, name: str, template: str, parameters: dict[str, Any]) -> Any:
    """The resources of a template as they would be; raises moto's ValidationError for what is refused."""
    make_map: Any = models.ResourceMap  # type: ignore[attr-defined]  # ours is there: see `installation`
    resources = make_map(
        "",
        name,
        parameters,
        {},
        region_name=backend.region_name,
        account_id=backend.account_id,
        template=models.Stack.parse_template(template),
        cross_stack_resources=backend.exports,
    )
    resources.load()
    return resources


def _retain(stack: Any, names: Iterable[str]) -> None:
    """Leave resources when the stack is deleted; raises ServiceError before that has failed once.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    retained = frozenset(names)
    if retained and stack.status != "DELETE_FAILED":
        text = (
            f"Invalid operation on stack [{stack.stack_id}]. Specify resources to retain only when the "
            "current stack status is DELETE_FAILED."
        )
        raise ServiceError("ValidationError", text)
    stack.resource_map.retained = retained
