"""Reads the ledgers of runs: whose they are, whether the run still lives, and what it has left.

A line that a killed run did not write to its end is no error. A line that is not understood is kept as a
problem, and the file with it: a newer version may have written it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_kmslab.authz.values import parse_time
from pytest_kmslab.errors import LedgerError
from pytest_kmslab.lab.kinds.registry import KINDS
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.ledger import LOCK_SUFFIX, SUFFIX, VERSION, Account, release

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run was to make and is not known to be gone."""

    ref: ResourceRef
    kept: datetime | None = None
    """Until when it is to stay, if somebody asked for that."""


@dataclass(slots=True, eq=False)
class RunRecord:
    """What a ledger says of a run and worker."""

    path: Path
    run: str = ""
    worker: str = ""
    account: Account = field(default_factory=lambda: Account("", ""))
    region: str = ""
    host: str = ""
    pid: int = 0
    begun: str = ""
    entries: dict[int, Entry] = field(default_factory=dict)
    ended: bool = False
    """Whether the run came to its end, and told what it left."""
    problems: list[str] = field(default_factory=list)
    """The lines that were not understood."""


def read(path: Path) -> RunRecord:
    """What a file says; raises LedgerError where it cannot be read."""
    record = RunRecord(path, run=path.name.partition("-")[0])
    if path.exists() and not path.is_file():  # to read a pipe would wait for ever
        raise LedgerError(f"cannot read the ledger `{path}`: it is no file")
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise LedgerError(f"cannot read the ledger `{path}`: {error.strerror or error}") from error
    # What follows the last newline was not written to its end; mostly it is empty.
    for number, line in enumerate(lines[:-1], 1):
        try:
            _take(record, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            shown = line[:200].decode(errors="replace")
            record.problems.append(f"{path}:{number}: not understood: `{shown}`")
    return record


def ledgers_in(folder: Path, run: str = "") -> list[Path]:
    """The ledgers in a folder, none where it is not there; of one run, if it is named. Raises LedgerError."""
    if folder.exists() and not folder.is_dir():
        raise LedgerError(f"cannot read the ledgers in `{folder}`: it is no folder")
    return list(folder.glob(f"{run}*{SUFFIX}"))


@contextmanager
def records(paths: Iterable[Path]) -> Iterator[tuple[list[RunRecord], list[RunRecord]]]:
    """The records of runs that live, and of those that are dead, oldest first.

    The locks of the dead are held as long as this is open, so that two sweeps do not meet. Raises
    LedgerError.
    """
    living: list[RunRecord] = []
    dead: list[tuple[RunRecord, Any]] = []
    try:
        for path in sorted(paths, key=_age):
            lock = _try_lock(path)
            if lock is None:
                living.append(read(path))
            elif path.exists():
                dead.append((read(path), lock))
            else:  # its run ended since the files were listed
                release(lock, remove=True)
        yield living, [record for record, _ in dead]
    finally:
        for _, lock in dead:
            release(lock, remove=True)


def _age(path: Path) -> tuple[float, str]:
    # It may be gone since it was listed.
    with suppress(FileNotFoundError):
        return path.stat().st_mtime, path.name
    return 0.0, path.name


def _try_lock(path: Path) -> Any:
    """The lock of a dead run; None where somebody holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(LOCK_SUFFIX), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise LedgerError(f"cannot lock the ledger `{path}`: {error.strerror or error}") from error
    return lock


def _take(record: RunRecord, event: Event) -> None:
    """Count one event. What is not understood raises one of the errors that `read` takes for that."""
    entries, number = record.entries, event.get("number", 0)
    match event["event"]:
        case "run":
            # Nothing is known of what another version writes: it is told of, and nothing is removed.
            if event["version"] != VERSION:
                raise ValueError(event["version"])
            names = ("backend", "account", "endpoint", "profile")
            record.account = Account(*(str(event[name]) for name in names))
            record.run, record.worker = str(event["run"]), str(event["worker"])
            record.region, record.host = str(event["region"]), str(event["host"])
            record.pid, record.begun = int(event["pid"]), str(event["time"])
        case "intend":
            known = str(event.get("arn", "")), str(event.get("id", ""))
            ref = ResourceRef(KINDS[event["kind"]], str(event["name"]), str(event["region"]), *known)
            entries[int(event["number"])] = Entry(ref)
        case "confirm":
            entries[number] = replace(
                entries[number], ref=replace(entries[number].ref, arn=str(event["arn"]))
            )
        case "kept":
            entries[number] = replace(entries[number], kept=parse_time(event["until"]))
        case "undone":
            del entries[number]
        case "end":
            record.ended = True
        case other:
            raise ValueError(other)
