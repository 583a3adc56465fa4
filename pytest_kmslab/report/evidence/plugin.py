"""pytest hooks of a run of which somebody wants a report or a trail; other runs load nothing of it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_kmslab.config.validators import paths_of
from pytest_kmslab.report.evidence.accounts import AccountMask, unmasked
from pytest_kmslab.report.evidence.model import BegunTest
from pytest_kmslab.report.evidence.parts import Part, part_of
from pytest_kmslab.report.evidence.recorder import Recorder
from pytest_kmslab.report.evidence.records import CONTROLLER, TestRecord, read_records
from pytest_kmslab.report.evidence.tests import phase_of, test_of
from pytest_kmslab.report.evidence.trail_file import LineFile, TrailFile, check_writable

if TYPE_CHECKING:
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.report.evidence.run_facts import RunFacts

WORKER_INPUT = "kmslab_evidence"
CRASHED = "???"
"""What xdist says in place of a phase where a worker is gone."""

Mask = Callable[[str], str]
Writer = Callable[[Path, "RunFacts", "Iterable[TestRecord]", Mask], None]


class Evidence:
    """Registered for `--kmslab-report` and `--kmslab-trail`, in the controller and in each worker.

    `facts_of` is called at the end, with when the run began and how many workers it had.
    """

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        mask_secrets: Mask,
        facts_of: Callable[[float, int], RunFacts],
    ) -> None:
        self._config = config
        self._settings = settings
        self._mask_secrets = mask_secrets
        self._facts_of = facts_of
        self._began = time.time()
        self._workers = 0
        self._lines: list[str] = []
        self._problem = ""
        self._test = ""
        places = getattr(config, "workerinput", {}).get(WORKER_INPUT)
        self._is_worker = hasattr(config, "workerinput")
        self._trail: str = places["trail"] if places else ""
        self._parts: str = places["parts"] if places else ""
        if not self._is_worker:
            self._begin()
        self._part = self._open_part()
        self._trail_file = (
            TrailFile(Path(self._trail), mask_secrets, lambda: self._test) if self._trail else None
        )
        self.recorder = None if self._part is None else Recorder(self._part.add)

    def listen_to(self, trail: Trail) -> None:
        """Be told of every call that is decided."""
        if self._trail_file is not None:
            trail.listeners.append(self._trail_file.call_decided)
        if self.recorder is not None:
            trail.listeners.append(self.recorder.call_decided)

    def _begin(self) -> None:
        """In the one process, or xdist's controller, see where the trail and the parts are to be put."""
        here = self._config.invocation_params.dir
        self._reports = [here / Path(path).expanduser() for path in paths_of(self._settings.report)]
        for path in self._reports:
            check_writable("--kmslab-report", path)
        trail = here / Path(self._settings.trail).expanduser() if self._settings.trail else None
        if trail is not None:
            check_writable("--kmslab-trail", trail)
            # An earlier run's decisions go here, once: every process appends from now on.
            trail.write_bytes(b"")
            self._trail = str(trail)
        if self._reports:
            self._parts = tempfile.mkdtemp(prefix="kmslab-report-")

    def _open_part(self) -> Part | None:
        # A worker on another machine has none of the controller's folders.
        if not self._parts or not Path(self._parts).is_dir():
            return None
        has_workers = self._config.getoption("tx", None) or self._config.getoption("numprocesses", None)
        is_controller = has_workers and not self._is_worker
        name = CONTROLLER if is_controller else getattr(self._config, "workerinput", {}).get("workerid", "")
        file = LineFile(part_of(Path(self._parts), name), self._mask_secrets)
        part = Part(file, at_once=self._is_worker)
        part.add(BegunTest(self._began, "", "", "", "", name))
        return part

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where to write."""
        self._workers += 1
        node.workerinput[WORKER_INPUT] = {"trail": self._trail, "parts": self._parts}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take what happens from now on for this test's."""
        self._test = item.nodeid
        if self.recorder is not None:
            worker = getattr(self._config, "workerinput", {}).get("workerid", "")
            self.recorder.add(test_of(item, time.time(), worker))
        try:
            return (yield)
        finally:
            self._test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note how a part of a test ended; a worker has told of its own, unless it is gone."""
        if self.recorder is None or (hasattr(report, "node") and report.when != CRASHED):
            return
        if report.when == CRASHED:
            self.recorder.add(
                BegunTest(time.time(), report.nodeid, report.nodeid, report.nodeid.split("::")[0], "", "")
            )
        self.recorder.add(phase_of(report))

    # Within the terminal's own, which is registered later: its summary comes after this.
    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write the reports, once it is known what is left."""
        if self.recorder is not None:
            # What comes from now on belongs to no test.
            self.recorder.add(BegunTest(time.time(), "", "", "", "", ""))
        try:
            return (yield)
        finally:
            self._close()
            if not self._is_worker:
                self._write_reports(session)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the reports are."""
        if self._problem:
            terminalreporter.section("kmslab: no report, so this run failed", red=True, bold=True)
            terminalreporter.line(self._problem)
        for line in self._lines:
            terminalreporter.line(line)

    def _close(self) -> None:
        if self._part is not None:
            self._part.close()
        if self._trail_file is not None:
            self._trail_file.close()
        if self._trail and not self._is_worker:
            self._lines.append(f"kmslab: every decision is in {self._trail}")

    def _write_reports(self, session: pytest.Session) -> None:
        try:
            if self._part is not None and self._part.problem is not None:
                raise self._part.problem
            for path in self._reports:
                gathered = self._facts_of(self._began, self._workers)
                is_masked = self._settings.report_accounts == "masked"
                mask = AccountMask(gathered.account) if is_masked else unmasked
                writer(path)(path, gathered, read_records(Path(self._parts)), mask)
                self._lines.append(f"kmslab: report in {path}")
        except OSError as error:
            file = error.filename or self._parts
            self._problem = f"the report `{file}` could not be written: {error.strerror or error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        finally:
            if self._parts:
                shutil.rmtree(self._parts, ignore_errors=True)


def writer(path: Path) -> Writer:
    """What writes a report of this kind."""
    if path.suffix == ".json":
        from pytest_kmslab.report.evidence.json_report import write_json

        return write_json
    # jinja2 is loaded for a page alone.
    from pytest_kmslab.report.evidence.html_report import write_html

    return write_html
