"""What a run leaves: its ledger, the labs that are still open when it ends, and what was kept on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_kmslab.backends.protocol import Backend, ProbeUser
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.lab.lab import Lab
    from pytest_kmslab.lab.naming import Naming
    from pytest_kmslab.lab.teardown.ledger import FileLedger, Ledger


Report = tuple[list[str], list[str], list[tuple[str, float]]]
"""What is left and what was kept, as lines to show, and the lifetime of each resource that was made."""


class Cleanup:
    """Knows what is left of one run and worker. Making one imports nothing that is not there already.

    Where the account does not outlive the process, nothing is written down, and nothing can be left.
    """

    def __init__(self, settings: Settings, *, account_outlives_process: bool) -> None:
        self._settings = settings
        self._lives = account_outlives_process
        self._naming: Naming | None = None
        self._ledger: FileLedger | None = None
        self._labs: list[Lab] = []
        self.failures = 0
        """How many tests have failed: what their labs made is kept if that was asked for."""
        self._at_end: list[Callable[[], Report]] = []
        self.left: list[str] = []
        """What is left, and how it is removed, as lines to show."""
        self.kept: list[str] = []
        """What was kept on purpose, as lines to show."""
        self.lifetimes: list[tuple[str, float]] = []
        """Of each resource that was made: its kind, and for how many seconds it existed."""

    def naming(self, worker: Mapping[str, str]) -> Naming:
        """The names and tags of this run; `worker` is what xdist tells its worker, empty in any other run."""
        if self._naming is None:
            from pytest_kmslab.lab.naming import Naming, run_id, worker_id

            self._naming = Naming(run_id(worker.get("testrunuid")), worker_id(worker.get("workerid")))
        return self._naming

    def count_failure(self) -> None:
        """Note that a test failed."""
        self.failures += 1

    def ledger(self, naming: Naming, backend: Backend) -> Ledger:
        """Where it is to be written down what is made on a backend whose account is known."""
        from pytest_kmslab.lab.teardown.ledger import Account, FileLedger, Ledger

        if not self._lives:
            return Ledger()
        if self._ledger is None:
            account = Account.at(backend.name, backend.account, backend.endpoint_url, self._settings.profile)
            self._ledger = FileLedger(self.folder, account, naming.run, naming.worker, backend.region)
        return self._ledger

    @property
    def folder(self) -> Path:
        """Where ledgers are."""
        from pytest_kmslab.lab.teardown.ledger import folder_of

        return folder_of(self._settings.ledger)

    def sweep(self, backend: Backend) -> list[str]:
        """Remove what dead runs of this machine left in the same account; answers the lines to show of it.

        Raises BackendError and LedgerError; what could not be removed is shown only.
        """
        if not self._lives:
            return []
        from pytest_kmslab.lab.sweep.sweep import sweeping
        from pytest_kmslab.lab.sweep.target import target_of
        from pytest_kmslab.report.sweep import sweep_lines

        target = target_of(backend, self._settings.profile, ())
        with sweeping(target, self.folder, strangers=False) as sweep:
            sweep.look()
            return sweep_lines(sweep.remove())

    @contextmanager
    def recorded_probe_user(self, backend: Any) -> Iterator[ProbeUser]:
        """Write down the user by whom an endpoint is asked whether it decides anything by itself."""
        from pytest_kmslab.backends.protocol import ProbeUser
        from pytest_kmslab.lab.creation import recorded_create
        from pytest_kmslab.lab.kinds.iam.user import USER
        from pytest_kmslab.lab.resource_kind import ResourceRef
        from pytest_kmslab.lab.teardown.stack import TeardownStack
        from pytest_kmslab.lab.waiting.waiters import Waiter

        backend.start()
        # A worker does not ask: its controller has asked for all.
        naming = self.naming({})
        name = naming.name("kmslab-probe")
        teardown = TeardownStack(self.ledger(naming, backend))
        ref = ResourceRef(USER, name, backend.region)
        waiter = Waiter(is_strongly_consistent=True)
        try:
            with recorded_create(teardown, backend.reader.clients.of, waiter, ref, naming):
                yield ProbeUser(name, naming.tags(name))
        finally:
            teardown.unwind()
            backend.stop()

    @contextmanager
    def of(self, lab: Lab) -> Iterator[None]:
        """While this is open a lab is in use; at its end what a failed test made is kept if so asked."""
        before = self.failures
        # A long run has thousands of labs: those that have nothing left are let go.
        self._labs = [*(other for other in self._labs if not other.is_empty), lab]
        yield
        if self._settings.keep and self._lives and self.failures > before:
            self.kept += lab.keep(self._settings.keep_for)

    def finish(self) -> None:
        """Close what an interrupted run has not closed, try once more what could not be removed, and see
        what is left. A second call does nothing.
        """
        # The last one first: it may be a lab within another.
        errors = [error for lab in reversed(self._labs) if (error := _closed(lab))]
        self._labs.clear()
        if self._ledger is not None:
            from pytest_kmslab.report.leftovers import left_lines

            ledger, self._ledger = self._ledger, None
            ledger.close()
            self.lifetimes += ledger.lifetimes
            if ledger.left:
                self.left += left_lines(ledger.left, ledger.account, ledger.path, errors)
        # Last: what the workers had in common goes after the labs of this process.
        while self._at_end:
            self.take(*self._at_end.pop()())

    def at_end(self, finish: Callable[[], Report]) -> None:
        """Have something called once the labs are closed and the ledger is, and count what it answers."""
        self._at_end.append(finish)

    def report(self) -> Report:
        """What an xdist worker sends its controller, which takes it."""
        return self.left, self.kept, self.lifetimes

    def take(
        self,
        left: Iterable[str] = (),
        kept: Iterable[str] = (),
        lifetimes: Iterable[tuple[str, float]] = (),
    ) -> None:
        """Count what an xdist worker made, left and kept as this run's."""
        self.left += left
        self.kept += kept
        self.lifetimes += [(kind, seconds) for kind, seconds in lifetimes]


def _closed(lab: Lab) -> str:
    """Close a lab; what went wrong, if anything did."""
    try:
        lab.close()
    except Exception as error:  # Whatever it is: the other labs are still to be closed.
        return str(error)
    return ""
