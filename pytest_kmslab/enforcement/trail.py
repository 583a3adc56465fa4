"""The trail: every decision made in a run, in order."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import RLock
from typing import IO, TYPE_CHECKING, Protocol

from pytest_kmslab.arguments import check_whole_number
from pytest_kmslab.enforcement.entry import ORIGIN, Origin, TrailEntry
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.authz.decision import Decision
    from pytest_kmslab.authz.grant import Grant
    from pytest_kmslab.authz.policy import Policies
    from pytest_kmslab.authz.request import Request
    from pytest_kmslab.calls.api_call import ApiCall, ServiceError
    from pytest_kmslab.enforcement.matching import Named
    from pytest_kmslab.privilege.least import LeastPrivilege
    from pytest_kmslab.privilege.use import Use


CallListener = Callable[["ApiCall", "Sequence[TrailEntry]", "ServiceError | None"], None]
"""Is told of a call, its decisions in order, and the error that the service answers, if it refuses it."""


class DecisionCounter(Protocol):
    """Counts decisions."""

    def count(self, allowed: bool) -> None:
        """Count one."""


KEPT = 50_000
"""Entries kept in memory at most; older ones go to a temporary file, without the policies."""


class Trail:
    """The decisions of a run. Holds requests and decisions, never parameters or secrets.

    May be written and read by several threads. No entry is ever lost: what memory is too small for is read
    back from a temporary file, and where that cannot be written `record` raises OSError.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._entries: deque[TrailEntry] = deque()
        self._count = 0
        self._file: IO[bytes] | None = None
        self._was_read_back = False
        self.elsewhere: Counter[str] = Counter()
        """How many calls were not decided, by their address: no backend of this run is there."""
        self.undecided: Counter[str] = Counter()
        """How many calls were not decided, by their service: no calls of it are."""
        self.calls: Counter[Origin] = Counter()
        """How many calls of enforced services were made, whether or not they were decided."""
        self.listeners: list[CallListener] = []
        """Told of every call as soon as it is decided; only they see its parameters."""
        self.counter: DecisionCounter | None = None
        """Counts each decision where another process can see it."""
        self.logical_ids: dict[str, str] = {}
        """What templates call the resources of stacks, by the names or ids that these got."""
        self._test_began = 0
        self._in_vain: set[int] = set()
        self._lock = RLock()

    def __iter__(self) -> Iterator[TrailEntry]:
        """The decisions of the test that runs, with those of the fixtures that were set up for it."""
        return iter(self.since(self._test_began))

    def begin_test(self) -> int:
        """Let a new test begin here; the mark of it."""
        self._test_began = self._count
        return self._count

    def denied(
        self,
        action: str | None = None,
        *,
        by: Named | None = None,
        on: Named | None = None,
        via: str | None = None,
    ) -> list[TrailEntry]:
        """What this test was denied, of what is named; raises ValueError for what is no action."""
        denied = (entry for entry in self if not entry.decision.allowed)
        return _wanted_of(denied, action, by, on, via)

    def allowed(
        self,
        action: str | None = None,
        *,
        by: Named | None = None,
        on: Named | None = None,
        via: str | None = None,
    ) -> list[TrailEntry]:
        """What this test was allowed, likewise."""
        allowed = (entry for entry in self if entry.decision.allowed)
        return _wanted_of(allowed, action, by, on, via)

    def for_(self, principal: Named) -> list[TrailEntry]:
        """What one principal of this test asked for; a role stands for each of its sessions."""
        from pytest_kmslab.enforcement.matching import check_principal

        check_principal("principal", principal)
        return _wanted_of(self, by=principal)

    def record(
        self,
        operation: str,
        request: Request,
        decision: Decision,
        via: str = "",
        policies: Policies | None = None,
        grants: tuple[Grant, ...] = (),
    ) -> TrailEntry:
        """Add one decision, with what it was decided from."""
        with self._lock:
            self._count += 1
            number, now = self._count, time.time()
            entry = TrailEntry(number, operation, request, decision, via, policies, grants, ORIGIN.get(), now)
            self._entries.append(entry)
            if len(self._entries) > self._kept:
                self._put_away(self._entries.popleft())
            if self.counter is not None:
                self.counter.count(decision.allowed)
        return entry

    def tell(self, call: ApiCall, entries: Sequence[TrailEntry], refusal: ServiceError | None) -> None:
        """Tell the listeners of a call that was decided."""
        for listener in self.listeners:
            listener(call, entries, refusal)

    def record_in_vain(self, entries: Sequence[TrailEntry]) -> None:
        """Note the decisions of a call that was denied in the end: what it was allowed before was in vain."""
        with self._lock:
            self._in_vain.update(entry.number for entry in entries)

    def was_in_vain(self, entry: TrailEntry) -> bool:
        """Whether a decision is of a call that was denied, by it or by a later one."""
        return not entry.decision.allowed or entry.number in self._in_vain

    def uses(self, entries: Iterable[TrailEntry], test: str = "") -> list[Use]:
        """What principals did: the decisions that allowed it, without the lab's own and what was in vain."""
        from pytest_kmslab.authz.policy import Policies
        from pytest_kmslab.privilege.use import Use

        return [
            Use(entry.request, entry.policies or Policies(), entry.grants, test)
            for entry in entries
            if entry.origin is not Origin.LAB and not self.was_in_vain(entry)
        ]

    def least_privilege(self, principal: Named) -> LeastPrivilege:
        """The smallest policies that allow what one principal did in this test, and the proof of it.

        A role stands for each of its sessions. What the lab did for itself does not count, nor does a call
        that was denied. Raises ValueError for who asked for nothing, as what is misspelt, and for a name that
        several principals of the test have.
        """
        from pytest_kmslab.enforcement.matching import check_principal
        from pytest_kmslab.privilege.least import least_privilege
        from pytest_kmslab.privilege.use import only_actor

        name = check_principal("principal", principal)
        acted = [entry for entry in self if entry.origin is not Origin.LAB]
        entries = _wanted_of(acted, by=principal)
        actor = only_actor(name, (one.request for one in entries), (one.request for one in acted))
        denials = sum(not entry.decision.allowed for entry in entries)
        return least_privilege(actor, self.uses(entries), denials)

    def count_call(self) -> None:
        """Count a call of an enforced service."""
        with self._lock:
            self.calls[ORIGIN.get()] += 1

    def count_undecided(self, service: str) -> None:
        """Count a call of a service whose calls are not decided."""
        with self._lock:
            self.undecided[service] += 1

    def record_undecided(self, address: str, calls: int = 1) -> None:
        """Count calls that are not decided, as nothing is known of where they go."""
        with self._lock:
            self.elsewhere[address] += calls

    def record_decided(self, address: str) -> None:
        """Take back one call to an address that was counted as not decided: it was decided where it came."""
        with self._lock:
            self.elsewhere[address] -= 1
            self.elsewhere += Counter()  # drops what counts nothing

    def mark(self) -> int:
        """A place in the trail, to ask later what came `since` it."""
        return self._count

    def since(self, mark: int = 0) -> tuple[TrailEntry, ...]:
        """The entries after a mark, oldest first."""
        check_whole_number("mark", mark, "what `mark()` answered", least=0)
        with self._lock:
            wanted = self._count - mark
            # From the newest on: what a test asks of the trail must not grow with the tests before it.
            kept = tuple(islice(reversed(self._entries), max(wanted, 0)))[::-1]
            older = tuple(self._read_back(mark)) if wanted > len(kept) else ()
        return (*older, *kept)

    def denials(self, mark: int = 0) -> tuple[TrailEntry, ...]:
        """The entries after a mark that were denied."""
        return tuple(entry for entry in self.since(mark) if not entry.decision.allowed)

    def close(self) -> None:
        """Remove the temporary file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _put_away(self, entry: TrailEntry) -> None:
        # Hardly any run comes here, and every run loads this module.
        import pickle
        import tempfile

        from pytest_kmslab.authz.context import Context

        if self._file is None:
            # Without a name: it is gone with the process, however that ends.
            self._file = tempfile.TemporaryFile(prefix="kmslab-trail-")  # noqa: SIM115 (closed by `close`)
        # A context may still hold the function that makes it, which no file takes.
        request = entry.request._replace(context=Context(dict(entry.request.context.pairs())))
        if self._was_read_back:  # to seek is to flush: not at every entry
            self._file.seek(0, 2)
            self._was_read_back = False
        kept = entry._replace(request=request, policies=None, grants=())
        pickle.dump(kept, self._file, pickle.HIGHEST_PROTOCOL)

    def _read_back(self, mark: int) -> Iterator[TrailEntry]:
        if self._file is None:
            return
        import pickle

        self._file.seek(0)
        self._was_read_back = True
        while True:
            try:
                entry: TrailEntry = pickle.load(self._file)
            except EOFError:
                return
            if entry.number > mark:
                yield entry


def _wanted_of(
    entries: Iterable[TrailEntry],
    action: str | None = None,
    by: Named | None = None,
    on: Named | None = None,
    via: str | None = None,
) -> list[TrailEntry]:
    # Imported here: every run of pytest has a trail, and few are asked.
    from pytest_kmslab.enforcement.matching import Wanted, check_action

    wanted = Wanted(None if action is None else check_action(action), by, on, via)
    return wanted.among(entries)


# Calls of services whose calls are not decided: counted, and refused where a run asks for that.


class UndecidedCalls:
    """What becomes of such calls; those that the lab makes for itself go through uncounted."""

    def __init__(self, trail: Trail, *, refuse: bool = False) -> None:
        self._trail = trail
        self._refuse = refuse

    def let_through(self, service: str, operation: str = "") -> None:
        """Count a call; raises BackendError where the run lets none through."""
        if ORIGIN.get() is Origin.LAB:
            return
        if self._refuse:
            from pytest_kmslab.calls.services import ACTION_PREFIXES

            call = f"{service}:{operation}" if operation else f"a call to {service}"
            raise BackendError(
                f"`{call}` is not decided, and --kmslab-undecided=error refuses it: pytest-kmslab decides "
                f"calls to {', '.join(ACTION_PREFIXES)} only"
            )
        self._trail.count_undecided(service)
