"""What a create call may have left whose answer did not come: looked for, and removed if it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.resources.search import KINDS, Client, Found, called
from pytest_kmslab.resources.waiters import LOST_ANSWER_LIMIT, Waiter, error_code

if TYPE_CHECKING:
    from pytest_kmslab.resources.naming import Naming
    from pytest_kmslab.resources.things import Thing
    from pytest_kmslab.resources.undo import Step, Undo

CREATES = frozenset({"CreateKey", "CreateTable", "CreateUser", "PutMetricAlarm"})
THERE_ALREADY = frozenset({"ResourceInUseException", "EntityAlreadyExists"})
"""Answered to a create call too that botocore has sent before, and whose first answer was lost."""


@contextmanager
def making(undo: Undo, client: Client, waiter: Waiter, thing: Thing, naming: Naming) -> Iterator[Step]:
    """Note that a thing is made in the block; what comes of it if the answer is lost is to be removed."""
    step = undo.intend(thing, lambda: remove_lost(client, waiter, thing, naming))
    try:
        yield step
    except ClientError as error:
        if certainly_refused(error):
            undo.undone(step)
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


def remove_lost(client: Client, waiter: Waiter, thing: Thing, naming: Naming) -> None:
    """Remove all that was made of a thing, if anything was; only what carries this run's tags."""
    for found in _look(client, waiter, thing, naming):
        KINDS[thing.kind].remove(client, waiter, found.thing)


def _look(client: Client, waiter: Waiter, thing: Thing, naming: Naming) -> list[Found]:
    """What is there; where changes take time to be seen, it is looked for until it shows."""

    def look() -> list[Found]:
        return [found for found in called(client, thing) if naming.owns(found.tags)]

    if waiter.settles:
        return look()
    try:
        return waiter.until(look, bool, f"{thing} to show, whose making was not answered", LOST_ANSWER_LIMIT)
    except ResourceError:
        return []
