"""What stacks tell one another: outputs, and exports, which stay as they are for as long as they are used.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError

from pytest_kmslab.templates.functions import text_of
from pytest_kmslab.templates.problem import TemplateProblemError


def output_of(account: str, region: str, stack: str, output: str) -> str:
    """The output of a stack; raises TemplateProblemError where it has none. AWS's text is not known."""
    from moto.cloudformation.models import cloudformation_backends

    stacks = cloudformation_backends[account][region].stacks.values()
    found = next((one for one in stacks if stack in (one.name, one.stack_id)), None)
    if found is None:
        raise TemplateProblemError(f"Template error: there is no stack {stack} in {region}")
    values = {one["OutputKey"]: one["OutputValue"] for one in found.outputs or ()}
    if output not in values:
        raise TemplateProblemError(f"Template error: stack {stack} has no output {output}")
    return str(values[output])


def exports_of(stack: Any) -> dict[str, Any]:
    """moto's exports of a stack by their names."""
    return {export.name: export for export in stack.exports}


def values_of(stack: Any) -> dict[str, str]:
    """The values of what a stack exports now."""
    return {name: export.value for name, export in exports_of(stack).items()}


def set_exports(backend: Any, stack: Any, before: Iterable[str]) -> None:
    """Let the exports of a stack take the place of those that it had."""
    for name in before:
        backend.exports.pop(name, None)
    backend.exports.update(exports_of(stack))


def in_use(backend: Any, stack: Any, before: Mapping[str, str], after: Mapping[str, Any]) -> str | None:
    """Why a stack cannot have these exports in place of those: another stack uses one that changes.

    As recorded: https://github.com/linz/geostore/issues/630, https://github.com/rlister/stax/issues/40
    """
    for name, value in before.items():
        if name in after and after[name].value == value:
            continue
        user = next((other.name for other in backend.stacks.values() if name in _imports(other, stack)), None)
        if user is not None:
            what = "updated" if name in after else "deleted"
            return f"Export {name} cannot be {what} as it is in use by {user}"
    for name in (after.keys() - before.keys()) & backend.exports.keys():
        owner = backend.exports[name].exporting_stack_id.split("/")[1]
        return f"Export with name {name} is already exported by stack {owner}"
    return None


def _imports(stack: Any, but: Any) -> set[str]:
    """The names that a stack imports; none for one that is to be left out."""
    return set() if stack is but else set(_imported(_wanted(stack), stack.resource_map))


def _wanted(stack: Any) -> Iterator[Any]:
    resources = stack.resource_map
    yield from (raw for raw in resources._resource_json_map.values() if resources.is_wanted(raw))
    yield from (stack.template_dict.get("Outputs") or {}).values()


def _imported(value: Any, resources: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if len(value) == 1 and "Fn::ImportValue" in value:
            with suppress(CloudFormationError):  # a branch that is not taken
                yield text_of(parsing.clean_json(value["Fn::ImportValue"], resources))
        value = value.values()
    elif isinstance(value, str) or not hasattr(value, "__iter__"):
        return
    for item in value:
        yield from _imported(item, resources)
