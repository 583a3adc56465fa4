"""One scenario: a run is struck at one call, `kmslab sweep` is called after it, and the account is searched.

Everything is imported, and every side tried, once; a scenario then costs three forks.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.endpoint
import botocore.loaders
import botocore.session
import pytest
from deep.faults.account import REGION, Account, Fault, Switch
from deep.faults.bystanders import LIVING, direct_client, everything, make_bystanders

from pytest_kmslab.backends.endpoint.clients import EndpointClients
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.cli import main as cli
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.ledger import Account as LedgerAccount
from pytest_kmslab.lab.teardown.ledger import FileLedger

LAB = Path(__file__).with_name("lab_run.py")
WHOLE, OTHERS = "test_a_whole_lab", "test_other_kinds"
READ_SECONDS = 1.0
"""How long a struck process waits for an answer."""

NOTHING = Fault("nothing")

UNUSED = ("cacheprovider", "unraisableexception", "threadexception", "faulthandler", "doctest", "junitxml")
"""Plugins of pytest's that a run can do without: two of them collect garbage at its end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario: the run's and the sweep's exit status and how many calls were made.

    `left` is what was there after the run, `leaks` what still is after the sweep, `files` on the disk too;
    `gone` is what was others' and is not there any more.
    """

    calls: int
    status: int
    swept: int
    left: tuple[str, ...]
    leaks: tuple[str, ...]
    gone: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def wrong(self) -> list[str]:
        """What must not be, a line each."""
        lines = [f"leaked: {one}" for one in (*self.leaks, *self.files)]
        lines += [f"not ours, and gone: {one}" for one in self.gone]
        if self.swept:
            lines.append(f"`kmslab sweep --yes` answered {self.swept}")
        if self.left and not self.status:
            lines.append(f"the run left {len(self.left)} and was green: {self.left}")
        return lines


class Harness:
    """What all scenarios share. `folder` is for what they write, `test` the lab of `lab_run.py` that is
    struck, `operations` a run's calls in order.
    """

    def __init__(self, folder: Path, test: str = WHOLE) -> None:
        self._folder = folder
        self._test_id = f"{LAB}::{test}"
        loader = botocore.loaders.Loader()
        botocore.session.create_loader = lambda *_: loader  # type: ignore[attr-defined]
        self.account = Account()
        client = direct_client(self.account.application)
        make_bystanders(client)
        self.operations = self._warmed()
        self._before = everything(client)

    def apart(self, folder: Path) -> None:
        """Share nothing with the process that this one was forked from."""
        self._folder = folder
        self.account.switch = Switch()

    def run(self, at: int, fault: Fault) -> Outcome:
        """Strike the call number `at` of a run, counted from 1; then sweep."""
        with self._scene(at, fault) as url:
            status, calls = self._process(lambda: self._test(url), struck=True)
            client = _client(url)
            left = everything(client) - self._before
            swept, _ = self._process(lambda: self._sweep(url))
            return self._outcome(client, calls, status, swept, left)

    def sweep(self, at: int, fault: Fault, killed_at: int) -> Outcome:
        """Kill a run, strike the call number `at` of the sweep after it, and sweep again."""
        with self._scene(killed_at, Fault("killed", acted=True, kills=True), at, fault) as url:
            self._process(lambda: self._test(url), struck=True)
            client = _client(url)
            left = everything(client) - self._before
            status, calls = self._process(lambda: self._sweep(url), struck=True)
            swept, _ = self._process(lambda: self._sweep(url))
            return self._outcome(client, calls, status or 1, swept, left)

    def _outcome(self, client: Any, calls: int, status: int, swept: int, left: set[str]) -> Outcome:
        after = everything(client)
        leaks, gone = sorted(after - self._before), sorted(self._before - after)
        written = [*self._ledger.glob("*"), *self._folder.glob("temporary/**/*_credentials.csv")]
        files = tuple(str(file) for file in written if LIVING not in file.name)
        return Outcome(calls, status, swept, tuple(sorted(left)), tuple(leaks), tuple(gone), files)

    @contextmanager
    def _scene(self, at: int, fault: Fault, again: int = 0, then: Fault = NOTHING) -> Iterator[str]:
        """The account, with faults for one process and then another; and the ledger of a run that lives."""
        self._emptied(self._ledger)
        living = FileLedger(self._ledger, LedgerAccount("localstack", "0"), LIVING, "main", REGION)
        living.intend(ResourceRef(USER, f"my_table_kms-{LIVING}-main-1", REGION))
        process, url = self.account.serve([(at, fault), (again, then)])
        try:
            yield url
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            living.close()

    def _warmed(self) -> list[str]:
        """Do all once from either side in this process: what is forked from it need import nothing."""
        with self.account.answering() as (url, operations):
            self._process(lambda: self._test(url))
        process, url = self.account.serve([])
        try:
            with _quiet(self._folder):
                self._test(url)
                self._sweep(url)
            everything(_client(url))
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        # What lives now lives on: no fork need look through it, nor copy it by doing so.
        gc.collect()
        gc.freeze()
        gc.disable()
        return operations

    def _process(self, work: Callable[[], int], struck: bool = False) -> tuple[int, int]:
        """Do work in a forked process; answers its exit status, as a shell does, and its calls if struck."""
        switch = self.account.switch
        process = os.fork()
        if process == 0:
            status = 70
            try:
                if struck:
                    switch.aim(os.getpid())
                    _be_impatient()
                with _quiet(self._folder):
                    status = work()
            finally:
                os._exit(status)
        _, ended = os.waitpid(process, 0)
        calls = switch.leave()
        return (128 + os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)), calls

    def _test(self, url: str) -> int:
        temporary = self._emptied(self._folder / "temporary")
        os.environ["KMSLAB_LEDGER"] = str(self._ledger)
        plain = [part for plugin in UNUSED for part in ("-p", f"no:{plugin}")]
        options = ["-q", *plain, "--assert=plain", "-c", os.devnull, f"--rootdir={temporary}"]
        chosen = ["--kmslab-backend=localstack", f"--kmslab-endpoint={url}", "--kmslab-enforcement=off"]
        return int(pytest.main([*options, *chosen, f"--basetemp={temporary / 'base'}", self._test_id]))

    def _sweep(self, url: str) -> int:
        named = ["--backend", "localstack", "--endpoint", url, "--ledger", str(self._ledger)]
        return cli.main(["sweep", *named, "--yes"])

    @property
    def _ledger(self) -> Path:
        return self._folder / "ledger"

    def _emptied(self, folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def _client(url: str) -> Any:
    return EndpointClients(url, REGION, Credentials("test", "test")).of


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Write to a log what the process says."""
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    kept = [os.dup(number) for number in (1, 2)]
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    try:
        yield
    finally:
        sys.stdout.flush()
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
        os.close(log)


def _be_impatient() -> None:
    """Do not sleep between retries, and wait a second for an answer."""
    botocore.endpoint.time = _NoSleep  # type: ignore[attr-defined]
    made = botocore.endpoint.EndpointCreator.create_endpoint

    def create_endpoint(self: Any, *given: Any, **more: Any) -> Any:
        return made(self, *given, **{**more, "timeout": (READ_SECONDS, READ_SECONDS)})

    botocore.endpoint.EndpointCreator.create_endpoint = create_endpoint  # type: ignore[method-assign]


class _NoSleep:
    """What botocore asks of the clock between two tries."""

    @staticmethod
    def sleep(_seconds: float) -> None:
        """At once."""
