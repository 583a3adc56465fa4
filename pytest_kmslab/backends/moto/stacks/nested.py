"""Stacks in stacks, changed where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.utils import get_stack_from_s3_url

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.moto.stacks.resource import ResourceFailedError
from pytest_kmslab.backends.moto.stacks.rollback import (
    continue_rollback,
    fail_update,
    opened,
    roll_back,
)
from pytest_kmslab.backends.moto.stacks.stack_state import State, retag
from pytest_kmslab.calls.api_call import ServiceError


@dataclass(frozen=True, slots=True)
class Version:
    """What a stack in a stack is made of."""

    template: str = field(repr=False)
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]


def update_nested(nested: Any, properties: Mapping[str, Any], tags: Mapping[str, str]) -> NestedUpdate | None:
    """The update of a stack to other properties and tags of it; None where nothing changes."""
    partition = partition_of(nested.region_name).name
    template = get_stack_from_s3_url(properties["TemplateURL"], nested.account_id, partition)
    resources = nested.resource_map
    before = Version(nested.template, dict(resources.input_parameters), resources.own_tags)
    after = Version(template, dict(properties.get("Parameters") or {}), tags)
    return None if before == after else NestedUpdate(nested, before, after)


@dataclass(slots=True)
class NestedUpdate:
    """The update of a stack in a stack."""

    nested: Any
    """moto's stack."""
    before: Version
    after: Version
    is_made: bool = False

    def make(self) -> None:
        """Change it; raises ServiceError where it cannot be changed."""
        _update(self.nested, self.after)
        self.is_made = True

    def take_back(self) -> None:
        """Change it back, also where it failed and could not go back by itself; raises ServiceError."""
        if self.is_made:
            _update(self.nested, self.before)
        elif self.nested.status == "UPDATE_ROLLBACK_FAILED":
            continue_rollback(self.nested, ())
        elif self.nested.status == "UPDATE_FAILED":
            roll_back(self.nested)
        if self.nested.status == "UPDATE_ROLLBACK_FAILED":
            raise ServiceError("ValidationError", "Embedded stack could not be rolled back.")


def _update(nested: Any, version: Version) -> None:
    state = State(nested)
    retag(nested, dict(version.tags))
    try:
        with opened(nested):
            nested.update(version.template, parameters=dict(version.parameters), tags=dict(version.tags))
    except ResourceFailedError as failure:
        fail_update(nested, failure, state)
        text = (
            "Embedded stack was not successfully updated: The following resource(s) failed to update: "
            f"[{failure.logical_id}]."
        )
        raise ServiceError("ValidationError", text) from failure
    except CloudFormationError as error:
        state.restore(nested)
        raise ServiceError("ValidationError", str(error.message)) from error
