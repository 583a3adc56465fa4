"""What a stack was before an update, its tags, and what its events tell."""

from __future__ import annotations

from typing import Any

from moto.cloudformation import models

from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError


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


def which(verb: str, failure: ResourceFailedError) -> str:
    """What CloudFormation says of a stack for the resource that failed."""
    return f"The following resource(s) failed to {verb}: [{failure.logical_id}]."


def tell(stack: Any, failure: ResourceFailedError, status: str) -> None:
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


def set_status(stack: Any, status: str, reason: str | None = None) -> None:
    """Give the stack a status, and tell it."""
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)
