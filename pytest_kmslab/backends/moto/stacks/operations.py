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

from pytest_kmslab.backends.moto.stacks.left_out import tell_left_out
from pytest_kmslab.backends.moto.stacks.outputs import check_outputs
from pytest_kmslab.backends.moto.stacks.principal import Principals
from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.backends.moto.stacks.resource_map import CREATING, NESTED_TAGS
from pytest_kmslab.backends.moto.stacks.service_calls import PRINCIPAL, REQUEST, acting_as
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.templates.form import STACK_NAME

Original = Callable[..., Any]

NOT_UPDATED = frozenset(
    {"CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
)
"""The states of a stack that can only be deleted, and of one that has nothing but a change set:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"""


class StackOperations:
    """moto's operations on stacks, each within what it is given."""

    def __init__(self, principals: Principals) -> None:
        self._principals = principals

    @contextmanager
    def _acting(self, backend: Any, stack: Any, role_arn: str | None) -> Iterator[None]:
        with ExitStack() as entered:
            # In the name of the stack's principal; a nested stack acts as its parent.
            if PRINCIPAL.get() is None:
                entered.enter_context(acting_as(self._principals.of_stack(backend, stack, role_arn)))
            yield

    def create_stack(self, original: Original, backend: Any, name: str, *arguments: Any, **more: Any) -> Any:
        """CreateStack, also of a nested stack."""
        nested, before = PRINCIPAL.get() is not None, set(backend.stacks)
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
                    self._principals.note_stack(stack)
                return stack
            except ResourceFailedError as failure:
                stack = next(stack for stack in reversed(list(backend.stacks.values())) if stack.name == name)
                _fail_creation(stack, failure)
                if nested:
                    raise
                if _request_params().get("OnFailure") == "DELETE":
                    backend.delete_stack(stack.stack_id)
                return stack
            except Exception:
                for stack_id in backend.stacks.keys() - before:
                    del backend.stacks[stack_id]  # what was refused as a whole is not there
                raise

    def update_stack(self, original: Original, backend: Any, name: str, *arguments: Any, **more: Any) -> Any:
        """UpdateStack; raises ServiceError for a stack that can only be deleted."""
        stack = backend.get_stack(name)
        if stack.status in NOT_UPDATED:
            text = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            raise ServiceError("ValidationError", text)
        # moto passes template and role by position or by name.
        role_arn = more.get("role_arn") or (arguments[1] if len(arguments) > 1 else None)
        with self._acting(backend, stack, role_arn):
            role = role_arn or stack.role_arn
            before, events = State(stack), len(stack.events)
            tags = more.get("tags") or (arguments[3] if len(arguments) > 3 else None)
            check_tags(tags)
            retag(stack, tags)
            try:
                with opened(stack):
                    answer = original(backend, name, *arguments, **more)
                    check_outputs(stack)
            except ResourceFailedError as failure:
                before.restore(stack)
                _fail_update(stack, failure)
                return stack
            except Exception:
                before.restore(stack)
                del stack.events[events:]
                raise
            finally:
                stack.role_arn = role
            tell_left_out(stack)
            return answer

    def create_change_set(self, original: Original, backend: Any, *arguments: Any, **more: Any) -> Any:
        """CreateChangeSet: what is wrong with the template is told here, before anything is kept."""
        if more.get("change_set_type") != "UPDATE":
            _check_name(str(more.get("stack_name")))
        check_tags(more.get("tags"))
        resources = _read(backend, more["stack_name"], more["template"], more["parameters"])
        change_set_id, stack_id = original(backend, *arguments, **more)
        change_set = backend.change_sets[change_set_id]
        change_set.parameters = resources.texts_of(change_set.parameters)
        return change_set_id, stack_id

    def execute_change_set(self, original: Original, backend: Any, *arguments: Any, **more: Any) -> Any:
        """ExecuteChangeSet, of a new stack or of one that is there."""
        change_set = backend.describe_change_set(more.get("change_set_name") or arguments[0])
        stack = backend.stacks[change_set.stack_id]
        with self._acting(backend, stack, change_set.role_arn):
            stack.role_arn = change_set.role_arn or stack.role_arn
            before = State(stack)
            retag(stack, change_set.tags)
            try:
                with opened(stack):
                    original(backend, *arguments, **more)
                    # moto reads neither outputs nor exports of what it made.
                    stack._parse_template()
                    stack.parameters = change_set.parameters or stack.parameters
                    stack.output_map = OutputMap(stack.resource_map, stack.template_dict, stack.stack_id)
                    check_outputs(stack)
            except ResourceFailedError as failure:
                before.restore(stack)
                fail = _fail_creation if change_set.change_set_type == "CREATE" else _fail_update
                fail(stack, failure)
                change_set.execution_status = "EXECUTE_FAILED"
                return
            except Exception:
                before.restore(stack)
                raise
            for export in stack.exports:
                backend.exports[export.name] = export
            tell_left_out(stack)

    def delete_stack(self, original: Original, backend: Any, name: str) -> None:
        """DeleteStack."""
        stack = next(
            (known for known in backend.stacks.values() if name in (known.name, known.stack_id)), None
        )
        if stack is None:
            original(backend, name)
            return
        params = _request_params()
        nested = PRINCIPAL.get() is not None
        _retain(stack, (not nested and params.get("RetainResources")) or ())
        with self._acting(backend, stack, params.get("RoleARN")), opened(stack):
            try:
                original(backend, stack.stack_id)
                _forget_resources(stack)
            except ResourceFailedError as failure:
                # moto forgets the stack before its resources are gone; a failed one can be deleted again.
                backend.stacks[stack.stack_id] = stack
                _tell(stack, failure, "DELETE_FAILED")
                _set_status(stack, "DELETE_FAILED", _which("delete", failure))


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


class State:
    """What a stack was before an update."""

    _NAMES = ("template", "template_dict", "parameters", "tags", "output_map", "description", "status")

    def __init__(self, stack: Any) -> None:
        self._values = {name: getattr(stack, name) for name in self._NAMES}
        resources = stack.resource_map
        self._map = (
            resources._template,
            resources._resource_json_map,
            resources.input_parameters,
            dict(resources.resolved_parameters),
            resources.parameter_texts,
            dict(resources.tags),
        )

    def restore(self, stack: Any) -> None:
        """Put it back; the resources have been rolled back already."""
        for name, value in self._values.items():
            setattr(stack, name, value)
        resources = stack.resource_map
        template, resources._resource_json_map, parameters, resolved, texts, resources.tags = self._map
        resources._template, resources.input_parameters = template, parameters
        resources.resolved_parameters, resources.parameter_texts = resolved, texts
        resources._parsed_resources.update(resolved)
        resources.load_conditions()


def retag(stack: Any, tags: dict[str, str] | None) -> None:
    """Let the tags of the stack that an update gives take the place of those before."""
    if tags is None:
        return
    resources = stack.resource_map
    system = {name: value for name, value in resources.tags.items() if name.startswith("aws:")}
    resources.tags = {**tags, **system}


@contextmanager
def opened(stack: Any) -> Iterator[None]:
    """Let the stack's resources be made; where one fails, what was done is rolled back."""
    resources = stack.resource_map
    resources.is_open, resources.teardown = True, []
    try:
        yield
    except BaseException:
        if not _keeps_what_is_there():
            resources.roll_back()
        raise
    finally:
        resources.is_open, resources.teardown = False, []


@contextmanager
def creating() -> Iterator[None]:
    """Let the resources of stacks be made that are created; where one fails, what was done is rolled back."""
    maps: list[Any] = []
    token = CREATING.set(maps)
    try:
        yield
    except BaseException:
        if not _keeps_what_is_there():
            for resources in reversed(maps):
                resources.roll_back()
        raise
    finally:
        CREATING.reset(token)
        for resources in maps:
            resources.is_open, resources.teardown = False, []


def _request_params() -> Mapping[str, Any]:
    request = REQUEST.get()
    return request.params if request is not None else {}


def _keeps_what_is_there() -> bool:
    """Whether the request says that a stack which fails keeps what it has."""
    params = _request_params()
    return str(params.get("DisableRollback")).lower() == "true" or params.get("OnFailure") == "DO_NOTHING"


def _fail_creation(stack: Any, failure: ResourceFailedError) -> None:
    _tell(stack, failure, "CREATE_FAILED")
    reason = f"{_which('create', failure)} Rollback requested by user."
    if _keeps_what_is_there():
        _set_status(stack, "CREATE_FAILED", _which("create", failure))
        return
    _set_status(stack, "ROLLBACK_IN_PROGRESS", reason)
    _forget_resources(stack)
    _set_status(stack, "ROLLBACK_COMPLETE", None)


def _forget_resources(stack: Any) -> None:
    # Nothing of the template is there: nobody who describes the stack may make it.
    resources = stack.resource_map
    resources._resource_json_map = {}
    stack.output_map = OutputMap(resources, {}, stack.stack_id)


def _fail_update(stack: Any, failure: ResourceFailedError) -> None:
    verb = "update" if failure.physical_id else "create"
    _tell(stack, failure, f"{verb.upper()}_FAILED")
    _set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", _which(verb, failure))
    _set_status(stack, "UPDATE_ROLLBACK_COMPLETE", None)


def _which(verb: str, failure: ResourceFailedError) -> str:
    return f"The following resource(s) failed to {verb}: [{failure.logical_id}]."


def _tell(stack: Any, failure: ResourceFailedError, status: str) -> None:
    """The event of the resource that failed."""
    stack.events.append(
        models.Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=failure.logical_id,
            physical_resource_id=failure.physical_id,
            resource_type=failure.type_name,
            resource_status=status,
            resource_status_reason=failure.reason,
            resource_properties=None,
        )
    )


def _set_status(stack: Any, status: str, reason: str | None) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)
