"""`--kmslab-trail`: every decision as a line of JSON in CloudTrail's shape, written as the run goes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_kmslab.calls.api_call import ApiCall, ServiceError
    from pytest_kmslab.enforcement.entry import TrailEntry


# Windows would put a carriage return before each end of a line where O_BINARY is not given.
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class LineFile:
    """A file to which several processes append whole lines; each is in it as soon as `write` returns."""

    def __init__(self, path: Path, mask: Callable[[str], str]) -> None:
        self._file = os.open(path, FLAGS, 0o644)
        self._mask = mask

    def write(self, *lines: str) -> None:
        """Append lines, each without its end; secrets in them are masked. Raises OSError."""
        # One call of the system: what another process appends comes before or after it, never between.
        data = "".join(f"{self._mask(line)}\n" for line in lines).encode()
        if os.write(self._file, data) != len(data):
            raise OSError("the disk is full")

    def close(self) -> None:
        """Write no more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class TrailFile:
    """Writes the decisions of one process; a listener of the trail."""

    def __init__(self, path: Path, mask: Callable[[str], str], test: Callable[[], str]) -> None:
        self._lines = LineFile(path, mask)
        self._test = test

    def call_decided(
        self, call: ApiCall, entries: Sequence[TrailEntry], refusal: ServiceError | None
    ) -> None:
        """Write a record for each decision of a call."""
        from pytest_kmslab.report.evidence.cloudtrail import records

        if entries:
            lines = records(call, entries, refusal, self._test())
            self._lines.write(*(json.dumps(record) for record in lines))

    def close(self) -> None:
        """Write no more."""
        self._lines.close()


def check_writable(option: str, path: Path) -> None:
    """Make the folders of a file that is to be written, and raise pytest.UsageError if it cannot be."""
    if path.exists() and not (path.is_file() or path.is_char_device()):
        # A pipe or folder: a pipe would wait for somebody who reads it, and several processes write here.
        raise pytest.UsageError(f"{option}: `{path}` cannot be written: it is no file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        was_there = path.exists()
        with path.open("ab"):
            pass
        # An empty file would look like a report of a run that did nothing.
        if not was_there:
            path.unlink()
    except OSError as error:
        raise pytest.UsageError(f"{option}: `{path}` cannot be written: {error.strerror or error}") from error
