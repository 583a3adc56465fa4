"""pytest hooks that hand the decisions of each test to whatever was asked to collect them.

A worker of xdist sends what it collected to its controller, which writes, judges and tells for all of them.
Registered only where something is to be collected: a run without costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_kmslab.report.terminal import write_folded

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.enforcement.entry import TrailEntry
    from pytest_kmslab.enforcement.trail import Trail

WORKER_OUTPUT = "kmslab_collected"


class Collector:
    """Collects from the decisions of tests; each does what it needs to, and nothing of the rest."""

    def look(self, view: AccountView, entries: Sequence[TrailEntry]) -> None:
        """Look at the account before a test's fixtures are torn down, and what it led to so far."""

    def add(self, test: str, entries: Sequence[TrailEntry]) -> None:
        """Take the decisions of one test, its fixtures included; `test` is its node id."""

    def data(self) -> Any:
        """What was collected, as plain values that one process can send to another."""

    def take(self, data: Any) -> None:
        """Add what another process has collected."""

    def finish(self) -> bool:
        """Do what is to be done at the end; whether the run may still pass."""
        return True

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Tell a person at the terminal."""


class Collecting:
    """The hooks; `collectors` are those of the run. `view` answers what is known of the account, None where
    it is not to be looked at: no lab is open, or each look is a call to AWS."""

    def __init__(
        self, trail: Trail, collectors: Sequence[Collector], view: Callable[[], AccountView | None]
    ) -> None:
        self._trail = trail
        self.collectors = collectors
        self._view = view
        self._mark = 0
        self._crashed = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Hand over what one test led to, while the policies of its decisions are still in memory."""
        mark = self._mark = self._trail.mark()
        result = yield
        entries = self._trail.since(mark)
        for collector in self.collectors:
            collector.add(item.nodeid, entries)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Look at what the test made while it is there."""
        view = self._view()
        if view is not None:
            entries = self._trail.since(self._mark)
            for collector in self.collectors:
                collector.look(view, entries)
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what an xdist worker collected; one that crashed has told nothing."""
        collected = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT)
        self._crashed += collected is None
        # A worker has the same options, and so the same collectors in the same order.
        for collector, data in zip(self.collectors, collected or (), strict=False):
            collector.take(data)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Let a worker tell its controller; in every other run finish, which may fail it."""
        result = yield
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[WORKER_OUTPUT] = [collector.data() for collector in self.collectors]
        # Where nothing ran, that nothing is covered says nothing.
        elif not session.config.getoption("collectonly"):
            passes = [collector.finish() for collector in self.collectors]
            passed = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
            if passed and not all(passes):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was collected."""
        if not terminalreporter.config.getoption("collectonly"):
            for collector in self.collectors:
                collector.summarize(terminalreporter)
        if self._crashed:
            workers = f"{self._crashed} xdist worker{'s' * (self._crashed > 1)}"
            write_folded(
                terminalreporter, f"{workers} crashed: what was done there is not in this", yellow=True
            )
