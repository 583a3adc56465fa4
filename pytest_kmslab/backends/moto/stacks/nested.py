"""Stacks in stacks, changed where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.utils import get_stack_from_s3_url

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.moto.stacks.operations import State, opened, retag
from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.calls.api_call import ServiceError


def update_nested(
    nested: Any, properties: Mapping[str, Any], tags: Mapping[str, str]
) -> Callable[[], None] | None:
    """Bring a stack up to its properties and tags; answers how to change it back, None where nothing changes.

    Raises ServiceError where it cannot be changed; it is as it was then.
    """
    partition = partition_of(nested.region_name).name
    template = get_stack_from_s3_url(properties["TemplateURL"], nested.account_id, partition)
    parameters = dict(properties.get("Parameters") or {})
    before = nested.template, dict(nested.resource_map.input_parameters), nested.resource_map.own_tags
    if (template, parameters, tags) == before:
        return None
    _update(nested, template, parameters, tags)
    return partial(_update, nested, *before)


def _update(nested: Any, template: str, parameters: dict[str, Any], tags: Mapping[str, str]) -> None:
    state = State(nested)
    retag(nested, dict(tags))
    try:
        with opened(nested):
            nested.update(template, parameters=parameters, tags=dict(tags))
    except ResourceFailedError as failure:
        state.restore(nested)
        text = (
            "Embedded stack was not successfully updated: The following resource(s) failed to update: "
            f"[{failure.logical_id}]."
        )
        raise ServiceError("ValidationError", text) from failure
    except CloudFormationError as error:
        state.restore(nested)
        raise ServiceError("ValidationError", str(error.message)) from error
