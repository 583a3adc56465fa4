"""The parts of a report: one file a process, to which it appends its facts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path
from threading import Lock

from pytest_kmslab.report.evidence.model import NAMES, BegunTest, Fact, read
from pytest_kmslab.report.evidence.trail_file import LineFile

SUFFIX = ".facts"
LONGEST_WAIT = 500
"""Facts that wait to be written at most."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))
"""Made once: `json.dumps` makes one for each text that has separators of its own."""


def part_of(folder: Path, worker: str) -> Path:
    """The file of a process."""
    return folder / f"{worker or 'main'}{SUFFIX}"


def line_of(*facts: Fact) -> str:
    """Facts as a line."""
    return _ENCODER.encode([(NAMES[type(fact)], fact) for fact in facts])


class Part:
    """The facts of one process, in the order in which they happened.

    `at_once`: each is written as it happens, as a worker's report goes on without it where it crashes. A run
    of one process ends with it, so there the facts of a test wait for its end: to mask and write them one by
    one takes twice as long.
    """

    def __init__(self, file: LineFile, at_once: bool) -> None:
        self._file = file
        self._longest = 1 if at_once else LONGEST_WAIT
        self._waiting: list[Fact] = []
        self._lock = Lock()
        self._process = os.getpid()
        self.problem: OSError | None = None
        """Why facts that waited could not be written."""

    def add(self, fact: Fact) -> None:
        """Take a fact; raises OSError where it is to be written at once and cannot be."""
        if os.getpid() != self._process:
            # A fork of this process: it may end without a word, and what waits is its parent's.
            self._file.write(line_of(fact))
            return
        with self._lock:
            self._waiting.append(fact)
            if len(self._waiting) >= self._longest or isinstance(fact, BegunTest):
                self._write()

    def close(self) -> None:
        """Write what waits, and take no more."""
        with self._lock:
            self._write()
        self._file.close()

    def _write(self) -> None:
        if self._waiting:
            line = line_of(*self._waiting)
            self._waiting.clear()
            try:
                self._file.write(line)
            except OSError as error:
                if self._longest == 1:  # of a worker nobody asks at the end: its test fails
                    raise
                self.problem = error


def read_parts(folder: Path, without: str = "") -> Iterator[Fact]:
    """Every fact, process by process, each in the order in which it happened; one process may be left out."""
    for part in sorted(folder.glob(f"*{SUFFIX}")):
        # No worker is called `?`: then none is left out.
        if part != part_of(folder, without or "?"):
            yield from read_part(part)


def read_part(part: Path) -> Iterator[Fact]:
    """The facts of one process, none where there is no such file.

    A process that was killed may have left half a line: that one is left out.
    """
    if not part.exists():
        return
    with part.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield from starmap(read, json.loads(line))
