"""What the workers of one run tell each other: who is there, and what was made for all of them.

It is in a folder that only its owner may read, since access keys are in it. The locks are the system's: those
of a worker that was killed are free at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock, Timeout

OWNERS_ONLY = 0o700
FILE_OWNERS_ONLY = 0o600
MEMBER_SUFFIX = ".member"


@dataclass(slots=True)
class SharedState:
    """What was made for all workers."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How each is reached, by the name of its fixture."""
    ledgers: list[str] = field(default_factory=list)
    """The paths of the ledgers in which it is written down, one for each worker."""
    keep: bool = False
    """Whether a test failed, and what it worked with is to stay for a while."""


class SharedFolder:
    """One worker's place in the folder of its run."""

    def __init__(self, folder: Path, worker: str) -> None:
        folder.mkdir(mode=OWNERS_ONLY, parents=True, exist_ok=True)
        self._folder = folder
        self._file = folder / "state.json"
        self._changing: SharedState | None = None
        self._lock = FileLock(folder / "state.lock", mode=FILE_OWNERS_ONLY, thread_local=False)
        self._membership = FileLock(
            folder / f"{worker}{MEMBER_SUFFIX}", timeout=0, mode=FILE_OWNERS_ONLY, thread_local=False
        )

    def join(self) -> None:
        """Be there: what was made for all stays for as long as somebody is."""
        with self._lock:
            self._membership.acquire()

    def add_ledger(self, path: Path) -> None:
        """Let the last one know where this worker writes down what it makes for all."""
        with self.changing() as state:
            state.ledgers.append(str(path))

    def leave(self, *, keep: bool = False) -> SharedState | None:
        """Be there no more. Answers the state to the last one only, and nobody finds it from then on."""
        with self.changing() as state:
            state.keep = state.keep or keep
            # Before the others are looked for: of two that leave at once, the lock lets one be the last.
            self._membership.release()
            if any(_is_held(path) for path in self._folder.glob(f"*{MEMBER_SUFFIX}")):
                return None
            last, state.made, state.ledgers = replace(state), {}, []
            return last

    @contextmanager
    def changing(self) -> Iterator[SharedState]:
        """The state, which nobody else changes meanwhile; it is written at the end of the block."""
        with self._lock:
            if self._changing is not None:  # a block within a block: both change one state
                yield self._changing
                return
            try:
                self._changing = SharedState(**json.loads(self._file.read_text(encoding="utf-8")))
            except FileNotFoundError:
                self._changing = SharedState()
            try:
                yield self._changing
            finally:
                self._write(self._changing)
                self._changing = None

    def _write(self, state: SharedState) -> None:
        # Renamed when it is whole: a worker that is killed leaves the old state or the new one.
        new = self._file.with_suffix(".new")
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_OWNERS_ONLY)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
        new.replace(self._file)


class CreationsFile:
    """What all workers of a run have made, a line each, in the folder of the run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=OWNERS_ONLY, parents=True, exist_ok=True)
        self._file = folder / "creations.jsonl"
        self._lock = FileLock(folder / "creations.lock", mode=FILE_OWNERS_ONLY, thread_local=False)
        self._in_this_process = Lock()

    def add(self, arn: str, unique_id: str) -> None:
        """Let the other workers know of one. Where the folder is gone the run is over, and nobody asks."""
        line = f"\n{json.dumps([arn, unique_id])}\n"  # what a killed worker left before it spoils itself only
        if not self._file.parent.is_dir():
            return  # a lock would make it anew
        with suppress(OSError), self._in_this_process, self._lock:
            opened = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_OWNERS_ONLY)
            with os.fdopen(opened, "a", encoding="utf-8") as file:
                file.write(line)

    def unique_ids_of(self, arn: str) -> frozenset[str]:
        """The ids of all that were made with an ARN."""
        if not self._file.exists():
            return frozenset()
        try:
            with self._in_this_process, self._lock:
                text = self._file.read_text(encoding="utf-8")
        except OSError:
            return frozenset()
        return frozenset(unique_id for made, unique_id in map(_read_line, text.splitlines()) if made == arn)


def _read_line(line: str) -> tuple[str, str]:
    """The ARN and the id of a line; a worker that was killed may have left a part of its last one."""
    try:
        arn, unique_id = json.loads(line)
    except ValueError:
        return "", ""
    return str(arn), str(unique_id)


def _is_held(path: Path) -> bool:
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False
