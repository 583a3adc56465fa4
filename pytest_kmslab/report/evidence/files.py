"""Looks at the start of a run whether what it is to write can be written."""

from __future__ import annotations

from pathlib import Path

import pytest


def check_writable(option: str, path: Path) -> None:
    """Make the folders of a file that is to be written, and raise pytest.UsageError if it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        was_there = path.exists()
        with path.open("ab"):
            pass
        if not was_there:
            path.unlink()
    except OSError as error:
        raise pytest.UsageError(f"{option}: `{path}` cannot be written: {error.strerror or error}") from error
