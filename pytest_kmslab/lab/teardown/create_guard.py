"""What a create call may have left whose answer did not come: looked for, and removed if it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.teardown.search import KINDS, Client, Found, called
from pytest_kmslab.lab.waiting.waiters import LOST_ANSWER_LIMIT, Waiter, error_code

if TYPE_CHECKING:
    from pytest_kmslab.lab.naming import Naming
    from pytest_kmslab.lab.resource_ref import ResourceRef
    from pytest_kmslab.lab.teardown.stack import Step, TeardownStack

CREATES = frozenset({"CreateKey", "CreateTable", "CreateUser", "PutMetricAlarm"})
THERE_ALREADY = frozenset({"ResourceInUseException", "EntityAlreadyExists"})
"""Answered to a create call too that botocore has sent before, and whose first answer was lost."""


@contextmanager
def recorded_create(
    teardown: TeardownStack, client: Client, waiter: Waiter, ref: ResourceRef, naming: Naming
) -> Iterator[Step]:
    """Note that a thing is made in the block; what comes of it if the answer is lost is to be removed."""
    step = teardown.intend(ref, lambda: remove_orphans(client, waiter, ref, naming))
    try:
        yield step
    except ClientError as error:
        if certainly_refused(error):
            teardown.undone(step)
        raise


def certainly_refused(error: ClientError) -> bool:
    """Whether an error says that a create call made nothing: it was refused when it was sent first."""
    metadata = error.response.get("ResponseMetadata", {})
    return (
        error.operation_name in CREATES
        and 400 <= metadata.get("HTTPStatusCode", 0) < 500
        and metadata.get("RetryAttempts", 0) == 0
        and error_code(error) not in THERE_ALREADY
    )


def remove_orphans(client: Client, waiter: Waiter, ref: ResourceRef, naming: Naming) -> None:
    """Remove all that was made of a thing, if anything was; only what carries this run's tags."""
    for found in _look(client, waiter, ref, naming):
        KINDS[ref.kind].remove(client, waiter, found.ref)


def _look(client: Client, waiter: Waiter, ref: ResourceRef, naming: Naming) -> list[Found]:
    """What is there; where changes take time to be seen, it is looked for until it shows."""

    def look() -> list[Found]:
        return [found for found in called(client, ref) if naming.owns(found.tags)]

    if waiter.is_strongly_consistent:
        return look()
    try:
        return waiter.until(look, bool, f"{ref} to show, whose making was not answered", LOST_ANSWER_LIMIT)
    except ResourceError:
        return []
