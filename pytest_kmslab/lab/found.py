"""What is in the account already and is to go with the lab: what a stack retains, what was adopted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_kmslab.lab.resource_kind import Found, ResourceRef, is_same

if TYPE_CHECKING:
    from pytest_kmslab.lab.creation import Creation
    from pytest_kmslab.lab.teardown.stack import TeardownStep


def record_found(creation: Creation, found: Found, *, after: TeardownStep | None = None) -> TeardownStep:
    """Write down what is there, have it removed at the end, or after another, and tag it."""
    ref, naming = found.ref, creation.context.naming
    creation.context.adopted.append(ref)
    remove = partial(_remove, creation, ref)
    step = creation.teardown.intend(ref, remove, after=after)
    if not naming.owns(found.tags):
        ref.kind.tag(creation.client, ref, naming.tags(naming.name(ref.kind.name)))
    creation.teardown.confirm(step, ref.arn)
    return step


def still_there(creation: Creation, ref: ResourceRef) -> Found | None:
    """What was recorded, if it is there still: the very same, or one that carries the run's tags."""
    found = ref.kind.find(creation.client, ref)
    if found is not None and (is_same(found.ref, ref) or creation.context.naming.owns(found.tags)):
        return found
    return None


def _remove(creation: Creation, ref: ResourceRef) -> None:
    """Remove it if it is there still."""
    found = still_there(creation, ref)
    if found is not None:
        ref.kind.remove(creation.client, creation.waiter, replace(found.ref, name=ref.name))
