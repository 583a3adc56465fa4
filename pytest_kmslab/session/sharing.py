"""The lab that the xdist workers of a run have in common: the part of a worker in it, and the controller's.

The controller makes a folder and tells the workers where it is. At the end it removes the folder, and what
killed workers left. `lab.shared_lab` says what is shared.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.errors import KmslabError
from pytest_kmslab.lab.naming import Naming, run_id, worker_id
from pytest_kmslab.lab.shared_lab import SharedLab
from pytest_kmslab.lab.shared_state import SharedFolder
from pytest_kmslab.lab.sweep.ledger_files import ledgers_in
from pytest_kmslab.lab.sweep.sweep import sweeping_ledgers, sweeping_run
from pytest_kmslab.lab.sweep.target import target_of
from pytest_kmslab.lab.teardown.ledger import FileLedger, Ledger
from pytest_kmslab.report.leftovers import left_lines

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.lab.context import LabContext
    from pytest_kmslab.lab.sweep.leftovers import Findings
    from pytest_kmslab.lab.sweep.target import Target
    from pytest_kmslab.session.cleanup import Cleanup, Report

Lines = tuple[list[str], list[str]]
"""What is left, and what was kept on purpose."""

WORKER_INPUT = "kmslab_shared"
"""What the controller tells its workers: the path of the folder."""


class LabOfWorkers:
    """What the controller does for the labs of its workers, above all for one that they have in common."""

    def __init__(self, cleanup: Cleanup, settings: Settings, backend: Callable[[], Backend]) -> None:
        self._ledgers = cleanup.folder
        self._profile = settings.profile
        self._backend = backend
        self._folder = tempfile.mkdtemp(prefix="kmslab-shared-")
        self._run = ""
        cleanup.at_end(self._finish)

    def offer(self, worker_input: dict[str, Any], *, in_common: bool) -> None:
        """Know a worker, before it starts; tell it of the lab where the workers have one in common."""
        self._run = run_id(worker_input.get("testrunuid"))
        if in_common:
            worker_input[WORKER_INPUT] = self._folder

    def _finish(self) -> Report:
        """Once all workers have ended: remove the access keys, and what killed workers left."""
        # First: there are access keys in it, and what follows may fail.
        shutil.rmtree(self._folder, ignore_errors=True)
        if not self._run or not ledgers_in(self._ledgers, self._run):
            return [], [], []
        return *_told(self._sweep), []

    def _sweep(self) -> Lines:
        target = target_of(self._backend(), self._profile, ())
        with sweeping_run(target, self._ledgers, self._run) as sweep:
            sweep.look()
            return _left(sweep.remove(), target, self._ledgers), []


class Sharing:
    """One worker's part in the lab of its run; it counts as there from its making until the run's end."""

    def __init__(
        self, folder: str, worker: str, cleanup: Cleanup, settings: Settings, backend: Callable[[], Backend]
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._cleanup = cleanup
        self._backend = backend
        self._folder = SharedFolder(Path(folder), worker_id(worker))
        self._folder.join()
        self._ledger: FileLedger | None = None
        cleanup.at_end(self._leave)

    def lab(
        self,
        context: LabContext,
        ledger: FileLedger,
        learn_secret: Callable[[str], None],
        watched: Callable[[Ledger], Ledger],
    ) -> SharedLab:
        """The lab; what is made in it has names and a ledger of its own. `ledger` is the worker's, and
        `watched` lets the report see what is made."""
        ledger.begin()  # while somebody uses the lab the run lives, whoever made it
        # As of a worker of its own: by the tags no worker's lab takes it for its own.
        naming = Naming(context.naming.run, worker_id(f"s{self._worker}"))
        region = context.backend.region
        self._ledger = FileLedger(ledger.path.parent, ledger.account, naming.run, naming.worker, region)
        self._folder.add_ledger(self._ledger.path)
        of_worker = replace(context, naming=naming, ledger=watched(self._ledger))
        return SharedLab(self._folder, of_worker, learn_secret)

    def _leave(self) -> Report:
        """Leave what is shared to the workers that are still there; the last one removes it all."""
        if self._ledger is not None:
            self._ledger.hand_over()
        # After the ledger is handed over: whoever is the last reads it, and may be by then.
        state = self._folder.leave(keep=self._settings.keep and self._cleanup.failures > 0)
        lifetimes = [] if self._ledger is None else self._ledger.lifetimes
        paths = [path for ledger in (state.ledgers if state else ()) if (path := Path(ledger)).exists()]
        if state is None or not paths:
            return [], [], lifetimes
        return *_told(partial(self._end, paths, keep=state.keep)), lifetimes

    def _end(self, paths: list[Path], *, keep: bool) -> Lines:
        """Remove everything, or keep it."""
        target = target_of(self._backend(), self._settings.profile, ())
        with sweeping_ledgers(target, paths) as sweep:
            sweep.look()
            if keep:
                return [], sweep.keep(datetime.now(timezone.utc) + timedelta(seconds=self._settings.keep_for))
            return _left(sweep.remove(), target, paths[0].parent), []


def _told(end: Callable[[], Lines]) -> Lines:
    """The lines to show at the end; that the account does not answer is one of them."""
    try:
        return end()
    except (KmslabError, BotoCoreError, ClientError) as error:
        what = "what the workers of this run had in common was left behind"
        return [f"{what}: {type(error).__name__}: {error}", "remove it with `kmslab sweep`"], []


def _left(findings: Findings, target: Target, ledgers: Path) -> list[str]:
    """The lines to show of what could not be removed."""
    refs = [leftover.ref for leftover in findings.failures]
    errors = (*findings.failures.values(), *findings.problems)
    return left_lines(refs, target.account, ledgers, errors) if errors else []
