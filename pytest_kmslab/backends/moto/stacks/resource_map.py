"""moto's map of a stack's resources, with those of enforced services made by calls.

moto makes a resource when it is first looked at, by whoever looks. Here that happens within an operation on
the stack only, in an order that is known, and what fails can be undone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from moto.cloudformation import parsing

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.backends.moto.stacks.dynamic_references import with_references
from pytest_kmslab.backends.moto.stacks.left_out import is_made
from pytest_kmslab.backends.moto.stacks.other_services import (
    as_refusal,
    code_from_elsewhere,
    is_of_a_service,
)
from pytest_kmslab.backends.moto.stacks.properties import invalid, with_stack_tags, without_nothing
from pytest_kmslab.backends.moto.stacks.references import in_order, missing_value, references
from pytest_kmslab.backends.moto.stacks.resource import (
    Deployment,
    LeftUndone,
    ResourceFailedError,
    StackResource,
    UndoStep,
)
from pytest_kmslab.backends.moto.stacks.template_map import TemplateMap
from pytest_kmslab.backends.moto.stacks.types import ENFORCED_PREFIXES, SAM_PREFIX, TYPES
from pytest_kmslab.backends.moto.stacks.values import as_mapping
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.templates.functions import text_of

logger = logging.getLogger(__name__)

RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""

NESTED = "AWS::CloudFormation::Stack"

CREATING: ContextVar[list[Any] | None] = ContextVar("kmslab_stack_creating", default=None)
"""The resource maps of the stack that is being created: there is one once moto has read its template."""

NO_TAGS: Mapping[str, str] = {}

SET_TAGS: ContextVar[Mapping[str, str]] = ContextVar("kmslab_stack_set_tags", default=NO_TAGS)
"""The tags of the stack set whose stacks are being made, which are those of each."""

NESTED_TAGS: ContextVar[Mapping[str, str]] = ContextVar("kmslab_nested_stack_tags", default=NO_TAGS)
"""The tags of the stack in a stack that is being made."""

Deploy = Callable[["StackResourceMap", str], Deployment]


class StackResourceMap(TemplateMap):
    """The resources of one stack."""

    call: Callable[[str, str, str, dict[str, Any]], dict[str, Any]]
    """Makes one call in the name of the stack's principal; set where the map is installed."""

    deploy: Deploy
    """How a resource of the stack reaches the services; set where the map is installed."""

    update_nested: Callable[[Any, Mapping[str, Any], Mapping[str, str]], Any]
    """The update of a stack in the stack, None where nothing changes; set there too."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.tags.update(SET_TAGS.get())
        self.left_out: dict[str, str] = {}
        """The types of the resources that moto does not make, by their names."""
        creating = CREATING.get()
        if creating is not None:
            creating.append(self)
        self.is_open = creating is not None
        """Whether resources may be made and changed now: within an operation on the stack."""
        self.teardown: list[UndoStep] = []
        """How to take back what the operation under way did so far."""
        self.undoable: list[UndoStep] = []
        """What a rollback takes back, in its order: of an operation that failed, and what failed in that."""
        self.left_undone: list[LeftUndone] = []
        """What the last rollback could not take back, or the last update not clean up."""
        self.stable: Any = None
        """The state before updates that failed and were not rolled back; None where there were none."""
        self.retained: frozenset[str] = frozenset()
        """What whoever deletes the stack wants left."""
        self._replaced: list[tuple[StackResource, Mapping[str, Any]]] = []
        """What an update replaced, and what it was in the template: it goes at the end."""

    def __getitem__(self, name: str) -> Any:
        """A resource, a parameter or a mapping; what is not there yet is made within an operation only."""
        if name in self._parsed_resources:
            return self._parsed_resources[name]
        raw = self._resource_json_map.get(name)
        if raw is None:
            raise KeyError(name)
        if not self.is_open or not self.is_wanted(raw):
            return None
        return self._make(name, raw)

    def _make(self, name: str, raw: dict[str, Any]) -> Any:
        if not str(raw.get("Type")).startswith(ENFORCED_PREFIXES):
            resource = self._make_others(name)
        else:
            resource = self._make_ours(name, raw)
            self._parsed_resources[name] = resource
        physical_id = str(getattr(resource, "physical_resource_id", ""))
        discard = partial(self._discard, name, resource, raw)
        self.teardown.append(UndoStep(name, str(raw.get("Type")), discard, physical_id))
        return resource

    @contextmanager
    def _failing(self, name: str, raw: Mapping[str, Any], physical_id: str = "") -> Iterator[None]:
        """A service's refusal in the block is the failure of a resource."""
        try:
            yield
        except ServiceError as error:
            raise ResourceFailedError(self, str(raw.get("Type")), name, error, physical_id) from error

    def _make_others(self, name: str) -> Any:
        """A resource that moto makes; where moto or a stack of its own fails, it fails here too."""
        raw = self._resource_json_map[name]
        if not is_made(str(raw.get("Type"))):
            self.left_out[name] = str(raw.get("Type"))
            return None
        token = NESTED_TAGS.set(self._nested_tags(raw) if raw.get("Type") == NESTED else NO_TAGS)
        with code_from_elsewhere(self, raw):
            try:
                return super().__getitem__(name)
            except ResourceFailedError as nested:
                if nested.resources is self:
                    raise
                text = (
                    f"Embedded stack was not successfully created: The following resource(s) "
                    f"failed to create: [{nested.logical_id}]."
                )
                error = ServiceError("ValidationError", text)
                raise ResourceFailedError(self, str(raw.get("Type")), name, error) from nested
            except Exception as error:
                if not is_of_a_service(error) and raw.get("Type") != NESTED:
                    raise
                raise ResourceFailedError(self, str(raw.get("Type")), name, as_refusal(error)) from error
            finally:
                NESTED_TAGS.reset(token)

    def _nested_tags(self, raw: Mapping[str, Any]) -> Mapping[str, str]:
        """The tags of a stack in this one: those of this one, and its own.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-resource-tags.html
        """
        properties = parsing.clean_json(raw.get("Properties") or {}, self)
        own = {tag["Key"]: text_of(tag["Value"]) for tag in properties.get("Tags") or ()}
        return {**self.own_tags, **own}

    def _make_ours(self, name: str, raw: dict[str, Any]) -> StackResource:
        for other in as_list(raw.get("DependsOn") or []):
            if other in self._resource_json_map:
                self[other]
        properties = self.properties_of(name, raw)
        with self._failing(name, raw):
            where = type(self).deploy(self, name)
            resource = StackResource(TYPES[raw["Type"]], where, name, properties)
            try:
                resource.create()
            except ServiceError:
                if resource.physical_resource_id:
                    self._note_partial(name, resource)
                raise
        return resource

    def _note_partial(self, name: str, resource: StackResource) -> None:
        """Know of a resource that was made in part, so that it goes with what was made before it."""
        self._parsed_resources.setdefault(name, resource)
        remove, physical_id = partial(self._remove_partial, name, resource), resource.physical_resource_id
        self.teardown.append(UndoStep(name, resource.kind.name, remove, physical_id, is_partial=True))

    def _remove_partial(self, name: str, resource: StackResource) -> None:
        resource.remove()
        # In an update what it was to replace may have its name.
        if self._parsed_resources.get(name) is resource:
            del self._parsed_resources[name]

    def properties_of(self, name: str, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """The properties of a resource of an enforced service, resolved; raises ResourceFailedError."""
        with self._failing(name, raw):
            if raw["Type"].startswith(SAM_PREFIX):
                raise invalid(f"moto does not expand {raw['Type']}: deploy what SAM expands the template to")
            if raw["Type"] not in TYPES:
                raise invalid(f"pytest-kmslab does not know the type {raw['Type']}, so it cannot be judged")
            properties = raw.get("Properties") or {}
            missing = missing_value(properties, self._look_up)
            if missing is not None:
                raise invalid(f"pytest-kmslab: `{missing}` is nothing that moto has made")
            known = without_nothing(self.resolved(properties))
            if not isinstance(known, Mapping):
                raise invalid("#: expected type: JSONObject")
            found: Mapping[str, Any] = with_references(known, self._account_id, self._region_name)
            takes_tags = "Tags" in TYPES[raw["Type"]].properties
        return with_stack_tags(found, self.own_tags) if takes_tags else found

    def _look_up(self, function: Mapping[str, Any]) -> Any:
        if "Fn::If" in function:
            parts = function["Fn::If"]
            if not isinstance(parts, list) or len(parts) != 3:
                return None  # told when it is resolved
            condition, then, otherwise = parts
            return then if self.lazy_condition_map[str(condition)] else otherwise
        name = next(iter(references(function)), "") if "Fn::GetAtt" in function else ""
        if name in self._resource_json_map and self[name] is None:
            return None  # moto makes no resource of this type, and calls that an error of the template
        return parsing.clean_json(function, self)

    def update(self, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        """Make what is new, change what differs, then delete what is gone."""
        self.left_undone = []
        old = self._resource_json_map
        before = {**self.resolved_parameters}
        self._read(template, parameters)
        changed = {name for name, value in self.resolved_parameters.items() if before.get(name) != value}
        # A resource may refer to a new one: each comes after what it refers to.
        for name in in_order(self._resource_json_map, list(self._resource_json_map)):
            self._bring_up(name, old.get(name), changed)
        self._clean_up(old)

    def _read(self, template: dict[str, Any], parameters: dict[str, Any] | None) -> None:
        self._template = template
        self._resource_json_map = dict(as_mapping(template.get("Resources")))
        self.input_parameters = parameters or {}
        self.load()

    def _bring_up(self, name: str, old: Mapping[str, Any] | None, parameters: set[str]) -> None:
        raw = self._resource_json_map[name]
        if not self.is_wanted(raw):
            return
        current = self._parsed_resources.get(name)
        if current is None:
            self._parsed_resources.pop(name, None)
            self[name]
        elif old is not None and old.get("Type") != raw["Type"]:
            self._replace(name, old, current)
        elif isinstance(current, StackResource):
            self._change(name, raw, current)
        elif raw.get("Type") == NESTED:
            self._update_nested(name, raw, current)
        elif raw != old or parameters.intersection(references(raw)):
            # A resource of a service that is not enforced, as moto changes it.
            resource: Any = parsing.parse_and_update_resource(
                name, raw, self, account_id=self._account_id, region_name=self._region_name
            )
            self._parsed_resources[name] = resource

    def _update_nested(self, name: str, raw: Mapping[str, Any], nested: Any) -> None:
        """Change a stack in the stack where it is; moto makes another in its place."""
        properties = parsing.clean_json(raw.get("Properties") or {}, self)
        with self._failing(name, raw, nested.stack_id):
            update = type(self).update_nested(nested, properties, self._nested_tags(raw))
            if update is not None:
                step = UndoStep(name, NESTED, update.take_back, nested.stack_id, is_new=False)
                self.teardown.append(step)
                update.make()

    def _replace(self, name: str, old: Mapping[str, Any], current: Any) -> None:
        """Make a resource of another type in place of one."""
        # moto's map is lazy: to look up what is not in it is to make it.
        del self._parsed_resources[name]
        put_back = partial(self._parsed_resources.__setitem__, name, current)
        self.teardown.append(UndoStep(name, str(old.get("Type")), put_back))
        self[name]
        self._replaced.append((current, old))

    def _change(self, name: str, raw: dict[str, Any], current: StackResource) -> None:
        properties = self.properties_of(name, raw)
        before = current.properties
        if not current.changed(properties):
            return
        if current.is_replaced_by(properties):
            made = self._make_ours(name, raw)
            self._parsed_resources[name] = made
            put_back = partial(self._put_back, name, current, made)
            self.teardown.append(UndoStep(name, raw["Type"], put_back, made.physical_resource_id))
            self._replaced.append((current, raw))
            return
        change_back, physical_id = partial(current.change_back, before), current.physical_resource_id
        self.teardown.append(UndoStep(name, raw["Type"], change_back, physical_id, is_new=False))
        with self._failing(name, raw, current.physical_resource_id):
            current.update(properties)

    def _put_back(self, name: str, old: StackResource, new: StackResource) -> None:
        self._parsed_resources[name] = old
        new.remove()

    def _clean_up(self, old: Mapping[str, Any]) -> None:
        # What was replaced, then what is no longer in the template, each after what refers to it.
        while self._replaced:
            resource, raw = self._replaced.pop()
            if self.policy_of(raw, "UpdateReplacePolicy") not in RETAINED:
                self._clean(resource.logical_resource_id, resource, dict(raw))
        kept = {name for name, raw in self._resource_json_map.items() if self.is_wanted(raw)}
        for name in reversed(in_order(old, list(old))):
            if name in kept or name not in self._parsed_resources:
                continue
            resource = self._parsed_resources.pop(name)
            if self.policy_of(old[name]) not in RETAINED:
                self._clean(name, resource, old[name])

    def _clean(self, name: str, resource: Any, raw: dict[str, Any]) -> None:
        """Delete what is not needed any more; what cannot be deleted is left behind, and fails no update."""
        physical_id = str(getattr(resource, "physical_resource_id", ""))
        step = UndoStep(name, str(raw.get("Type")), partial(self._delete_one, resource, raw), physical_id)
        self._take(step)

    def _take(self, step: UndoStep) -> bool:
        """Take a step; whether it could be taken."""
        try:
            with self._failing(step.name, {"Type": step.type_name}, step.physical_id):
                step.act()
        except ResourceFailedError as failure:
            self.left_undone.append(LeftUndone(step, failure))
            return False
        except Exception:  # moto raises whatever it meets, of services that nobody decides on
            logger.warning("what %s was could not be brought back", step.name, exc_info=True)
        return True

    def delete(self) -> None:
        """Delete everything but what is `retained`, each after what refers to it.

        Raises the first failure at the end.
        """
        failed: ResourceFailedError | None = None
        raws = self._resource_json_map
        for name in reversed(in_order(raws, list(raws))):
            if name not in self._parsed_resources:
                continue
            resource, raw = self._parsed_resources[name], self._resource_json_map[name]
            if name not in self.retained and self.policy_of(raw) not in RETAINED:
                try:
                    with self._failing(name, raw, str(getattr(resource, "physical_resource_id", ""))):
                        self._delete_one(resource, raw)
                except ResourceFailedError as error:
                    failed = failed or error
                    continue
            self._parsed_resources.pop(name)
        if failed is not None:
            raise failed

    def _delete_one(self, resource: Any, raw: dict[str, Any]) -> None:
        if isinstance(resource, StackResource):
            resource.remove()
        elif resource is not None:
            self._delete_resource(resource, raw)
            if raw.get("Type") == NESTED and resource.status == "DELETE_FAILED":
                why = resource.events[-1].resource_status_reason
                raise ServiceError("ValidationError", f"Embedded stack was not successfully deleted: {why}")

    def _discard(self, name: str, resource: Any, raw: dict[str, Any]) -> None:
        """Take back what was made; `Retain` holds here too, `RetainExceptOnCreate` does not."""
        # Of `RetainExceptOnCreate` the creation is the exception.
        if self.policy_of(raw) != "Retain":
            self._delete_one(resource, raw)
        self._parsed_resources.pop(name, None)

    def forget(self, name: str) -> None:
        """Leave behind a resource that is not in the template any more and could not be deleted."""
        if name not in self._resource_json_map:
            self._parsed_resources.pop(name, None)

    def fail(self, keep: bool) -> None:
        """The operation under way failed: take back what it did.

        With `keep` that waits for `roll_back`, save for what was made in part.
        """
        self._replaced.clear()
        self.undoable = [*reversed(self.teardown), *self.undoable]
        self.teardown = []
        if not keep:
            self.roll_back()
            return
        for step in [step for step in self.undoable if step.is_partial]:
            self._take(step)
            self.undoable.remove(step)

    def roll_back(self) -> None:
        """Take back what can be, last thing first; what cannot stays `undoable`, and is `left_undone`."""
        self.left_undone = []
        self.undoable = [step for step in self.undoable if not self._take(step)]
