"""One decision of the trail, and for whom it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pytest_kmslab.authz.decision import Decision
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import Policies
    from pytest_kmslab.authz.request import Request


class Origin(str, Enum):
    """For whom a call was made."""

    TEST = "test"
    """For the test, or for the code that it tests."""
    FIXTURE = "fixture"
    """While fixtures were set up or torn down."""
    LAB = "lab"
    """For the lab itself: to make or remove something, or to wait for it."""


class Mode(str, Enum):
    """What becomes of a call, and of a refusal for lack of permission or for bad credentials."""

    ENFORCE = "enforce"
    """It is decided, and a refusal is the answer: the backend never sees the call."""
    OBSERVE = "observe"
    """It is predicted: the call goes on, and what comes is compared with the prediction."""
    OFF = "off"
    """Nobody is refused for it. What a service refuses for other reasons (a disabled key, a key policy that
    would lock its caller out) is refused all the same."""


ORIGIN: ContextVar[Origin] = ContextVar("kmslab_origin", default=Origin.TEST)
"""For whom a call of this thread is made now."""


CONTEXT = "kmslab_context"
"""On a request that botocore has prepared for an endpoint: the context of its call."""

ASKED = "kmslab_asked"
"""On a request of which no call told: that it was decided as it was sent."""

TAKER = "kmslab_taker"
"""In a call's context: the backend of the run that has taken it; None where it goes to a gateway of that run.
No other run has to do with the call then: a pytest run may be inside a pytest run."""


@contextmanager
def calls_of(origin: Origin) -> Iterator[None]:
    """Count the calls of the block as made for this origin; those of the lab stay the lab's."""
    token = ORIGIN.set(Origin.LAB if ORIGIN.get() is Origin.LAB else origin)
    try:
        yield
    finally:
        ORIGIN.reset(token)


class TrailEntry(NamedTuple):
    """One decision."""

    number: int
    """From 1, in the order of the run."""
    operation: str
    """The API call that the decision was made for (`dynamodb:GetItem`)."""
    request: Request
    decision: Decision
    via: str = ""
    """The service that asked KMS as the caller (`dynamodb`); empty for a direct call."""
    policies: Policies | None = None
    """What the decision was made from; None for an entry that memory was too small for."""
    grants: tuple[Grant, ...] = ()
    origin: Origin = Origin.TEST
    time: float = 0.0
    """Seconds since the epoch, by the machine's own clock."""


# Marks what the lab does for itself: it counts in no assertion of a test.

F = TypeVar("F", bound=Callable[..., object])


def for_the_lab(function: F) -> F:
    """Count the calls that a function makes as the lab's own; `denied` and `allowed` leave those out."""
    return calls_of(Origin.LAB)(function)
