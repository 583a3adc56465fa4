"""What pytest's terminal shows of a run: the header, and the lines at the end."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_kmslab.config.options import Settings

NOBODY_DENIED = "nobody is denied anything"


@dataclass(slots=True)
class DecisionCounts:
    """How many decisions tests led to, and how many of them were denials, here and in workers."""

    decisions: int = 0
    denials: int = 0

    def add(self, decisions: int, denials: int) -> None:
        """Count those of one test, or of one worker."""
        self.decisions += decisions
        self.denials += denials


class SectionFolding:
    """Folds the decisions of failed tests to the terminal that shows them, whichever process ran the test.

    Last of all plugins: what others keep of a report has its lines whole.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Fold one report; an xdist worker has no terminal and leaves it as it is."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not report.failed:
            return
        from pytest_kmslab.report.decisions import SECTION, fold

        width = shutil.get_terminal_size().columns
        folded = [(name, fold(text, width) if name == SECTION else text) for name, text in report.sections]
        report.sections = folded
        # What is captured is shown or not as `--show-capture` asks; decisions are not captured.
        traceback: Any = report.longrepr
        if self._config.getoption("showcapture") != "all" and hasattr(traceback, "addsection"):
            for text in [text for name, text in folded if name == SECTION]:
                traceback.addsection(SECTION, text)


def write_folded(reporter: pytest.TerminalReporter, line: str, **markup: bool) -> None:
    """Write a line no wider than the terminal; what goes on is set in."""
    from pytest_kmslab.report.decisions import fold

    for part in fold(line, shutil.get_terminal_size().columns).splitlines():
        reporter.line(part, **markup)


def tell(config: pytest.Config, line: str) -> None:
    """Show a line at once, whatever is captured; nothing where there is no terminal (an xdist worker)."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    # What is captured would be shown with a failure only, and later.
    capture = config.pluginmanager.get_plugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(line)


def header(settings: Settings, place: str = "") -> str:
    """The line that says what this run enforces, and where; `place` is told of a backend elsewhere."""
    backend = f"kmslab: backend {settings.backend}{' ' if place else ''}{place}"
    if settings.backend == "aws":
        return f"{backend}, AWS decides, observe {settings.observe}"
    if settings.enforcement == "off":
        return f"{backend}, enforcement OFF: {NOBODY_DENIED}"
    from pytest_kmslab.calls.services import SERVICES

    return f"{backend}, enforcement {settings.enforcement}, services {' '.join(SERVICES)}"


def summarize(reporter: pytest.TerminalReporter, settings: Settings, counts: DecisionCounts) -> None:
    """Write how much was decided, and loudly that nothing was where enforcement is off."""
    if settings.enforcement == "off":
        reporter.section("kmslab: enforcement OFF", yellow=True, bold=True)
        reporter.line(f"In this run {NOBODY_DENIED}: that a test passed proves nothing about permissions.")
    elif counts.decisions and settings.backend != "aws":
        reporter.line(f"kmslab: {counts.decisions} decisions, {counts.denials} denied")


def tell_undecided(reporter: pytest.TerminalReporter, elsewhere: Mapping[str, int]) -> None:
    """Write which calls nothing was decided of, because they went to an address that is not the backend's."""
    for address, calls in sorted(elsewhere.items()):
        reporter.line(
            f"kmslab: {calls} call{'s' * (calls > 1)} to {address} not decided: that is not this run's "
            "backend, and what was allowed there proves nothing",
            yellow=True,
        )


def tell_other_services(reporter: pytest.TerminalReporter, undecided: Mapping[str, int]) -> None:
    """Write how many calls went to services whose calls are not decided."""
    for service, calls in sorted(undecided.items()):
        are = "call to {} was" if calls == 1 else "calls to {} were"
        reporter.line(f"kmslab: {calls} {are.format(service)} not decided")


def tell_leftovers(reporter: pytest.TerminalReporter, left: Sequence[str], kept: Sequence[str]) -> None:
    """Write loudly what a run has left behind, and what it has kept on purpose."""
    if left:
        reporter.section("kmslab: LEFT BEHIND, so this run failed", red=True, bold=True)
    for line in left:
        reporter.line(line)
    if kept:
        reporter.section("kmslab: kept, as --kmslab-keep asks", yellow=True, bold=True)
    for line in kept:
        reporter.line(line)
