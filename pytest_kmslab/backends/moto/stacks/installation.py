"""Puts our way of making resources into moto's CloudFormation, while a backend runs and once it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from uuid import uuid4
from xml.sax.saxutils import escape

from pytest_kmslab.backends.moto.patches.when_loaded import when_loaded
from pytest_kmslab.backends.moto.stacks.service_calls import (
    PRINCIPAL,
    REQUEST,
    ServiceCalls,
    as_method,
    keep_request,
    send,
)
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.context_keys import tags_by_key
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.stacks.operations import StackOperations
    from pytest_kmslab.backends.moto.stacks.resource import Deployment
    from pytest_kmslab.backends.moto.stacks.stack_sets import StackSetOperations

LOADED = "moto.cloudformation.models"

OPERATIONS = ("create_stack", "create_change_set", "update_stack", "execute_change_set", "delete_stack")
"""The operations of moto's backend that are done by `StackOperations`."""


def check_installed() -> None:
    """Load moto's CloudFormation; raises BackendError where what it needs is not there."""
    try:
        import_module(LOADED)
        import_module("cfnlint")
    except ImportError as error:
        raise BackendError(
            f"moto's CloudFormation is not installed ({error}): "
            "python -m pip install 'pytest-kmslab[cloudformation]'"
        ) from error


@contextmanager
def stacks_made_by_calls(calls: ServiceCalls) -> Iterator[None]:
    """While this is open, resources of the enforced services in a stack are made by these calls."""
    from pytest_kmslab.backends.moto.stacks.models import models_made_by_calls

    with models_made_by_calls(calls), when_loaded(LOADED, partial(_installed, calls)):
        yield


@contextmanager
def _installed(calls: ServiceCalls) -> Iterator[None]:
    from moto.cloudformation import models, responses

    from pytest_kmslab.backends.moto.stacks.nested import update_nested
    from pytest_kmslab.backends.moto.stacks.operations import StackOperations
    from pytest_kmslab.backends.moto.stacks.principal import Principals
    from pytest_kmslab.backends.moto.stacks.reading import templates_as_cloudformation_reads_them
    from pytest_kmslab.backends.moto.stacks.resource_map import StackResourceMap
    from pytest_kmslab.backends.moto.stacks.stack_sets import StackSetOperations

    principals = Principals(calls)
    operations = StackOperations(principals)
    backend, response = models.CloudFormationBackend, responses.CloudFormationResponse
    with ExitStack() as patches:
        for name in OPERATIONS:
            around = partial(getattr(operations, name), getattr(backend, name))
            patches.enter_context(patch.object(backend, name, as_method(around)))
        for owner, name, handled in _of_stack_sets(models, StackSetOperations(principals)):
            around = partial(handled, getattr(owner, name))
            patches.enter_context(patch.object(owner, name, as_method(around)))
        kept = partial(keep_request, response.setup_class)
        patches.enter_context(patch.object(response, "setup_class", as_method(kept)))
        answered = partial(_answered, operations, response.call_action)
        patches.enter_context(patch.object(response, "call_action", as_method(answered)))
        compared = partial(_differs, response._validate_different_update)
        patches.enter_context(patch.object(response, "_validate_different_update", as_method(compared)))
        reached = {
            "call": staticmethod(partial(send, calls)),
            "deploy": staticmethod(partial(_deployment, calls)),
            "update_nested": staticmethod(update_nested),
        }
        deployed = type("StackResourceMap", (StackResourceMap,), reached)
        patches.enter_context(patch.object(models, "ResourceMap", deployed))
        patches.enter_context(templates_as_cloudformation_reads_them())
        yield


def _of_stack_sets(models: Any, sets: StackSetOperations) -> tuple[tuple[Any, str, Callable[..., Any]], ...]:
    """What is done in place of which method of moto's on stack sets."""
    return (
        (models.CloudFormationBackend, "create_stack_set", sets.create_stack_set),
        (models.StackSet, "create_stack_instances", sets.within),
        (models.StackSet, "delete_stack_instances", sets.within),
        (models.StackSet, "update", sets.update),
        (models.StackSet, "update_instances", sets.update_instances),
        (models.StackInstance, "__init__", sets.make_instance),
        (models.StackInstance, "delete", sets.delete_instance),
    )


def _differs(original: Callable[..., Any], response: Any, params: Any, body: Any, stack: Any) -> None:
    """Refuse an update that changes nothing."""
    tags = response._get_param("Tags")
    # Other tags are a change, which moto does not count.
    if tags is None or tags_by_key(tags) == stack.tags:
        original(response, params, body, stack)


def _answered(operations: StackOperations, original: Callable[..., Any], response: Any) -> Any:
    """One request to CloudFormation: who signed it is kept while moto answers it."""
    try:
        request = operations.principals.request(response)
    except ServiceError as error:
        return _refusal(response, error)
    tokens = REQUEST.set(request), PRINCIPAL.set(None)
    own = request and operations.own.get(request.operation)
    try:
        return _own_answer(own, response) if own else original(response)
    except ServiceError as error:
        return _refusal(response, error)
    finally:
        REQUEST.reset(tokens[0])
        PRINCIPAL.reset(tokens[1])


def _own_answer(operation: Callable[..., Any], response: Any) -> Any:
    """The answer to an operation that moto has not."""
    from moto.cloudformation.exceptions import CloudFormationError
    from moto.core.responses import ActionResult

    try:
        answer = operation(response.cloudformation_backend, response.params)
    except CloudFormationError as error:
        # moto makes a response of its errors in its own operations only.
        raise ServiceError("ValidationError", str(error.message)) from error
    status, headers, body = response.serialized(ActionResult(answer))
    headers, body = response._enrich_response(headers, body)
    return status, headers, body


def _refusal(response: Any, error: ServiceError) -> tuple[int, dict[str, Any], str]:
    """What CloudFormation itself refuses, in its protocol."""
    body = (
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>'
        f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
    )
    headers = {**response.response_headers, "status": str(error.status), "content-type": "text/xml"}
    return error.status, headers, body


def _deployment(calls: ServiceCalls, resources: Any, name: str) -> Deployment:
    """How a resource of a stack reaches the services."""
    from moto.cloudformation.parsing import generate_resource_name
    from moto.utilities.utils import get_partition

    from pytest_kmslab.backends.moto.stacks.resource import Deployment

    account, region = resources._account_id, resources._region_name
    generated = generate_resource_name("", resources["AWS::StackName"], name)
    return Deployment(account, region, get_partition(region), generated, partial(send, calls))
