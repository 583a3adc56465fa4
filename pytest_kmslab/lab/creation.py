"""Making the resources of a lab: each under a name of its own, and recorded around its create call.

What was there already and is to go with the lab (what a stack retains, what was adopted) is recorded too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.resource_kind import Client, Found, ResourceKind, ResourceRef, is_same
from pytest_kmslab.lab.teardown.stack import Remove, TeardownStack, TeardownStep
from pytest_kmslab.lab.waiting.waiters import LOST_ANSWER_LIMIT, Waiter

if TYPE_CHECKING:
    from pytest_kmslab.lab.context import LabContext
    from pytest_kmslab.lab.naming import Naming

ALREADY_THERE = frozenset({"ResourceInUseException", "EntityAlreadyExists", "AlreadyExistsException"})
"""Answered to a create call too that botocore has sent before, and whose first answer was lost."""


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that is being made: its name and tags, and the step that removes it."""

    name: str
    tags: dict[str, str]
    ref: ResourceRef
    _teardown: TeardownStack
    step: TeardownStep
    """What removes it."""

    def confirm(self, arn: str, remove: Remove | None = None) -> None:
        """Note that it exists; give `remove` where more goes with it than a search by name would find."""
        self._teardown.confirm(self.step, arn, remove)

    def remove(self) -> None:
        """Remove it again; the lab's end tries once more where that fails."""
        self._teardown.remove(self.step)


@dataclass(frozen=True, slots=True)
class Creation:
    """What it takes to make resources: as whom, where, under which names, and who removes them."""

    context: LabContext
    teardown: TeardownStack
    client: Client
    """Gives the clients of whoever makes them."""

    @property
    def region(self) -> str:
        """The Region that the lab works in."""
        return self.context.backend.region

    @property
    def account(self) -> str:
        """The account that the lab works in."""
        return self.context.backend.account

    @property
    def waiter(self) -> Waiter:
        """What the lab waits by."""
        return self.context.waiter

    @contextmanager
    def of(self, kind: ResourceKind, base: str, *, name: str = "") -> Iterator[Made]:
        """Record a resource before creating it in the block, and clean up if the response never arrives.

        Its name is `base` made unique, or the `name` given. Say with `confirm` that it exists.
        """
        name = name or self.context.naming.name(base)
        ref = ResourceRef(kind, name, self.region)
        # Before the call: one whose answer is lost is looked for too.
        self.context.kinds_made.add(kind)
        with recorded_create(self.teardown, self.client, self.waiter, ref, self.context.naming) as step:
            yield Made(name, self.context.naming.tags(name), ref, self.teardown, step)


@contextmanager
def recorded_create(
    teardown: TeardownStack, client: Client, waiter: Waiter, ref: ResourceRef, naming: Naming
) -> Iterator[TeardownStep]:
    """Record a resource before creating it, and clean up if the response never arrives."""
    step = teardown.intend(ref, lambda: remove_orphans(client, waiter, ref, naming))
    try:
        yield step
    except ClientError as error:
        # Any other error leaves the step: something may have been made that nobody was told of.
        if certainly_refused(error, ref.kind):
            teardown.undone(step)
        raise


def certainly_refused(error: ClientError, kind: ResourceKind) -> bool:
    """Whether an error says that a create call made nothing: it was refused when it was sent first."""
    metadata = error.response.get("ResponseMetadata", {})
    return (
        # By its operation: a block makes other calls after the one that creates something. By its retries: a
        # call that is refused when it is sent again may have been answered before.
        error.operation_name == kind.create_operation
        and 400 <= metadata.get("HTTPStatusCode", 0) < 500
        and metadata.get("RetryAttempts", 0) == 0
        and error_code(error) not in ALREADY_THERE
    )


def remove_orphans(client: Client, waiter: Waiter, ref: ResourceRef, naming: Naming) -> None:
    """Remove all that was made of a resource, if anything was; only what carries this run's tags.

    It is looked for again and again where the account is eventually consistent.
    """

    def find() -> list[Found]:
        return [resource for resource in ref.kind.find_all(client, ref) if naming.owns(resource.tags)]

    if waiter.is_strongly_consistent:
        orphans = find()
    else:
        try:
            what = f"{ref} to show, whose making was not answered"
            orphans = waiter.until(find, bool, what, LOST_ANSWER_LIMIT)
        except ResourceError:
            # It did not show for longer than anything takes to: the call made nothing.
            return
    for orphan in orphans:
        ref.kind.remove(client, waiter, orphan.ref)


def record_found(creation: Creation, found: Found, *, after: TeardownStep | None = None) -> TeardownStep:
    """Write down what is there, have it removed at the end, or after another, and tag it."""
    ref, naming = found.ref, creation.context.naming
    creation.context.adopted.append(ref)

    def remove() -> None:
        # Looked for again: the code under test may have removed it, and made another of its name.
        left = still_there(creation, ref)
        if left is not None:
            ref.kind.remove(creation.client, creation.waiter, replace(left.ref, name=ref.name))

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
