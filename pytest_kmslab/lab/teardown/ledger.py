"""What a run has made, written to disk before it is made: a killed run's resources are known by it.

A file is JSON Lines, an event a line: `run` (whose file it is), `intend` (before a create call),
`confirm` (it exists), `undone` (it is gone), `kept` (it is to stay for a while), `end`. Every line is on
the disk before the call it speaks of is made. No secret is ever written.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.errors import LedgerError
from pytest_kmslab.lab.cost.prices import Lifetimes

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from pytest_kmslab.lab.resource_kind import ResourceRef

VERSION = 1
SUFFIX = ".jsonl"
LOCK_SUFFIX = ".lock"
OWNERS_ONLY = 0o700
FILE_OWNERS_ONLY = 0o600

HOW = "give a folder that can be written by kmslab_ledger (ini) or KMSLAB_LEDGER (environment)"


class Ledger:
    """Where it is noted what is made and removed. Numbers are a ledger's own.

    This one keeps nothing: for an account that ends with the process.
    """

    def intend(self, ref: ResourceRef) -> int:
        """Note that something is about to be made; raises LedgerError, and then it must not be."""
        return 0

    def confirm(self, number: int, arn: str) -> None:
        """Note that it exists."""

    def undone(self, number: int) -> None:
        """Note that it is gone."""

    def kept(self, number: int, until: datetime) -> None:
        """Note that it is to stay until then."""

    def keep_text(self, name: str, text: str) -> Path | None:
        """Keep a text that something is to be put back to, in a file of this run; None where none is kept."""
        return None


@dataclass(frozen=True, slots=True)
class Account:
    """Which account resources are made in."""

    backend: str
    account: str
    """Its id."""
    endpoint: str = ""
    """Empty where there is none."""
    profile: str = ""
    """Empty where none was named."""

    @classmethod
    def at(cls, backend: str, account: str, url: str | None, profile: str = "") -> Account:
        """An account by the URL of its endpoint; a name and password in that are left out."""
        parts = urlsplit(url or "")
        endpoint = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        return cls(backend, account, endpoint, profile)


def folder_of(folder: str) -> Path:
    """Where ledgers are: the folder that was named, otherwise one below the user's directory for state."""
    from platformdirs import user_state_path

    if folder:
        return Path(folder).expanduser().absolute()
    return user_state_path("pytest-kmslab", appauthor=False) / "ledger"


class FileLedger(Ledger):
    """The ledger of one run and worker, in a file of its own that is made with its first entry.

    For as long as it is open a lock beside the file is held, by which everybody knows that the run lives.
    `close` removes the file if nothing is left. Safe for several threads.
    """

    def __init__(self, folder: Path, account: Account, run: str, worker: str, region: str) -> None:
        self.account = account
        self._folder = folder
        self._header = {"run": run, "worker": worker, "region": region}
        self.path = folder / f"{run}-{worker}-{secrets.token_hex(2)}{SUFFIX}"
        self._file = -1
        self._held: BaseFileLock | None = None
        self._writing = Lock()
        self._numbers = 0
        self._open: dict[int, ResourceRef] = {}
        self._kept: set[int] = set()
        self._lifetimes = Lifetimes()

    @property
    def lifetimes(self) -> list[tuple[str, float]]:
        """The kind of each thing that existed, and for how many seconds: up to now for what is left."""
        return self._lifetimes.all()

    @property
    def left(self) -> tuple[ResourceRef, ...]:
        """What was to be made, is not known to be gone, and is not kept; oldest first."""
        return tuple(ref for number, ref in self._open.items() if number not in self._kept)

    def intend(self, ref: ResourceRef) -> int:
        """Note that something is about to be made; raises LedgerError, and then it must not be."""
        with self._writing:
            self._numbers += 1
            known = {name: text for name, text in (("arn", ref.arn), ("id", ref.unique_id)) if text}
            where = {"kind": ref.kind.name, "name": ref.name, "region": ref.region}
            self._write("intend", number=self._numbers, **where, **known)
            # After the line is on the disk: what could not be written down is not made.
            self._open[self._numbers] = ref
            return self._numbers

    def confirm(self, number: int, arn: str) -> None:
        """Note that it exists."""
        with self._writing:
            self._write("confirm", number=number, arn=arn)
            self._open[number] = replace(self._open[number], arn=arn)
            self._lifetimes.begin(number, self._open[number].kind.name)

    def undone(self, number: int) -> None:
        """Note that it is gone."""
        with self._writing:
            self._write("undone", number=number)
            self._open.pop(number, None)
            self._lifetimes.end(number)

    def kept(self, number: int, until: datetime) -> None:
        """Note that it is to stay until then."""
        with self._writing:
            self._write("kept", number=number, until=timestamp(until))
            self._kept.add(number)

    def keep_text(self, name: str, text: str) -> Path | None:
        """Keep a text to put something back to; raises LedgerError, and then nothing may change."""
        file = self.path.with_name(f"{self.path.stem}-{name}")
        try:
            self._folder.mkdir(mode=OWNERS_ONLY, parents=True, exist_ok=True)
            opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_OWNERS_ONLY)
            try:
                _write_all(opened, text.encode())
            finally:
                os.close(opened)
            _sync_folder(self._folder)
        except OSError as error:
            raise LedgerError(f"cannot write `{file}`: {error.strerror or error}: {HOW}") from error
        return file

    def begin(self) -> None:
        """Let everybody know that the run lives, before anything is made; raises LedgerError."""
        with self._writing:
            self._write()

    def hand_over(self) -> None:
        """Leave what is in it to whoever reads the file, as a killed run does."""
        with self._writing:
            self._let_go()

    def close(self) -> None:
        """The run has ended: without anything left the file goes, otherwise it is marked as ended."""
        with self._writing:
            if self._file >= 0 and self._open:
                # Marked, so that what was left on purpose is told from what a killed run left. Where the disk
                # is full it counts as left by a killed run, which a sweep removes.
                with suppress(LedgerError):
                    self._write("end")
            self._let_go()

    def _let_go(self) -> None:
        """Close the file, and remove it if nothing is left; one that was never begun is not there."""
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        if not self._open:
            self.path.unlink(missing_ok=True)
        release(self._held, remove=not self._open)

    def _write(self, event: str = "", **more: Any) -> None:
        try:
            if self._file < 0:
                self._begin()
            if event:
                _append(self._file, {"event": event, **more})
        except OSError as error:
            raise LedgerError(
                f"cannot write the ledger `{self.path}`: {error.strerror or error}: {HOW}"
            ) from error

    def _begin(self) -> None:
        from filelock import FileLock

        self._folder.mkdir(mode=OWNERS_ONLY, parents=True, exist_ok=True)
        self._held = FileLock(
            self.path.with_suffix(LOCK_SUFFIX), timeout=0, mode=FILE_OWNERS_ONLY, thread_local=False
        )
        # Locked before the file is there: one without a lock is a dead run's.
        self._held.acquire()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, FILE_OWNERS_ONLY)
        begun = {"event": "run", "version": VERSION, **asdict(self.account), **self._header}
        _append(self._file, {**begun, "pid": os.getpid(), "host": socket.gethostname()})
        _sync_folder(self._folder)


def release(lock: BaseFileLock | None, remove: bool) -> None:
    """Let a lock go; `remove` its file too, which nobody asks for any more, while it is still held."""
    if lock is not None:
        # While the lock is still held: nobody can have taken it in between.
        if remove:
            with suppress(OSError):
                os.unlink(lock.lock_file)
        lock.release()


def _append(file: int, event: dict[str, Any]) -> None:
    """Write an event with its time, as a line."""
    line = json.dumps({**event, "time": timestamp(datetime.now(timezone.utc))})
    _write_all(file, line.encode() + b"\n")


def _write_all(file: int, data: bytes) -> None:
    if os.write(file, data) != len(data):
        raise OSError("the disk is full")
    # What is made next must not outlive this line, whatever happens to the machine.
    os.fsync(file)


def _sync_folder(folder: Path) -> None:
    """Have the file's name on the disk too; Windows opens no directory."""
    with suppress(PermissionError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
