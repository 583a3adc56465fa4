"""What an xdist worker decided, counted where its controller can read it, even if the worker dies.

The worker has two numbers of a small file in memory; what is written there stays when the process is gone.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKER_INPUT = "kmslab_counts"
_NUMBERS = Struct("=QQ")
"""How many decisions, and how many of them were denials."""


class WorkerCounts:
    """Counts decisions as they are made; raises OSError where the file is not there."""

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _NUMBERS.size)
        self._decisions, self._denials = _NUMBERS.unpack(self._memory)

    def count(self, allowed: bool) -> None:
        """Count one decision."""
        self._decisions += 1
        self._denials += not allowed
        _NUMBERS.pack_into(self._memory, 0, self._decisions, self._denials)


def offer_counts(worker_input: dict[str, Any]) -> None:
    """Let a worker count in a file; before it starts, by its controller."""
    handle, path = tempfile.mkstemp(prefix="kmslab-counts-")
    with os.fdopen(handle, "wb") as file:
        # Noughts: an empty file cannot be mapped, and a worker may die before it decides anything.
        file.write(bytes(_NUMBERS.size))
    worker_input[WORKER_INPUT] = path


def join_counts(worker_input: Mapping[str, Any]) -> WorkerCounts | None:
    """As a worker, count where the controller reads it; None on another machine, which has no such file."""
    try:
        return WorkerCounts(worker_input[WORKER_INPUT])
    except (KeyError, OSError):
        return None


def take_counts(worker_input: Mapping[str, Any]) -> tuple[int, int]:
    """How many decisions a worker made that is gone now, and how many of them denied; its file is removed."""
    path = Path(worker_input.get(WORKER_INPUT, ""))
    if not path.is_file():
        return 0, 0
    decisions, denials = _NUMBERS.unpack(path.read_bytes())
    path.unlink()
    return decisions, denials
