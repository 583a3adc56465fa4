"""The parts of a report: one file a process, to which it appends each fact as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pytest_kmslab.report.evidence.model import KINDS, NAMES, Fact, plain, read

SUFFIX = ".facts"


def part_of(folder: Path, worker: str) -> Path:
    """The file of a process."""
    return folder / f"{worker or 'main'}{SUFFIX}"


def line_of(fact: Fact) -> str:
    """A fact as a line."""
    return json.dumps([NAMES[type(fact)], plain(fact)], separators=(",", ":"))


def read_parts(folder: Path, without: str = "") -> Iterator[Fact]:
    """Every fact, process by process, each in the order in which it happened; one process may be left out."""
    for part in sorted(folder.glob(f"*{SUFFIX}")):
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
                name, values = json.loads(line)
                yield read(KINDS[name], values)
