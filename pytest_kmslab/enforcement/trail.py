"""The trail: every decision made in a run, in order."""

from __future__ import annotations

from collections import Counter, deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_kmslab.authz.decision import Decision
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import Policies
    from pytest_kmslab.authz.request import Request

KEPT = 2_000
"""Entries kept at most; the oldest go first, so that a long run has a bounded memory."""


class Entry(NamedTuple):
    """One decision. `operation` is the API call it was made for (`dynamodb:GetItem`), `via` the service
    that asked KMS as the caller (empty for a direct call). `policies` and `grants` are what it was
    decided from.
    """

    number: int
    operation: str
    request: Request
    decision: Decision
    via: str = ""
    policies: Policies | None = None
    grants: tuple[Grant, ...] = ()


class Trail:
    """The decisions of a run. Holds requests and decisions, never parameters or secrets.

    May be written and read by several threads.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._count = 0
        self.elsewhere: Counter[str] = Counter()
        """How many calls were not decided, by their address: no backend of this run is there."""
        self._lock = Lock()

    def record(
        self,
        operation: str,
        request: Request,
        decision: Decision,
        via: str = "",
        policies: Policies | None = None,
        grants: tuple[Grant, ...] = (),
    ) -> Entry:
        """Add one decision, with what it was decided from."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, operation, request, decision, via, policies, grants)
            self._entries.append(entry)
        return entry

    def record_undecided(self, address: str, calls: int = 1) -> None:
        """Count calls that are not decided, as nothing is known of where they go."""
        with self._lock:
            self.elsewhere[address] += calls

    def mark(self) -> int:
        """A place in the trail, to ask later what came `since` it."""
        return self._count

    def since(self, mark: int = 0) -> tuple[Entry, ...]:
        """The entries after a mark, oldest first."""
        with self._lock:
            kept = tuple(self._entries)
        return tuple(entry for entry in kept if entry.number > mark)

    def denials(self, mark: int = 0) -> tuple[Entry, ...]:
        """The entries after a mark that were denied."""
        return tuple(entry for entry in self.since(mark) if not entry.decision.allowed)
