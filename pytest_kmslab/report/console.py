"""A terminal that a person looks at: tables, by rich where it is there, and progress of what takes time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def rich_console(stream: IO[str]) -> Console | None:
    """A rich console on a stream; None where it is no terminal, or the extra `rich` is not installed."""
    if not stream.isatty() or find_spec("rich") is None:
        return None
    # An extra, and slow to import: only who looks at a terminal pays for it.
    from rich.console import Console

    return Console(file=stream, soft_wrap=True)


# A table of texts: columns set under each other, ruled by rich where a person looks and it is installed.

Row = Sequence[str]


def print_table(columns: Row, rows: Sequence[Row]) -> None:
    """Print the rows under their columns to standard output; nothing where there are none."""
    if not rows:
        return
    console = rich_console(sys.stdout)
    if console is None:
        sys.stdout.write("\n".join(plain_table([columns, *rows])) + "\n")
        return
    from rich.table import Column, Table
    from rich.text import Text

    # A word that is too long, as ARNs are in a narrow terminal, goes on in the next line: rich would cut it.
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table, soft_wrap=False)


def plain_table(rows: Sequence[Row]) -> list[str]:
    """A line for each row, its cells padded to the widest of their column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


# Progress of what takes a person's time: after two seconds, a few times a second.

PATIENCE = 2.0
"""Seconds in which nothing is told."""
PAUSE = 0.2
"""Seconds between two lines."""


def terminal_progress(
    what: str, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None] | None:
    """What to call with how many of how many are done; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        return None
    began = clock()
    last_shown = began + PATIENCE - PAUSE

    def report(done: int, number: int) -> None:
        nonlocal last_shown
        now = clock()
        is_last = done >= number and last_shown > began + PATIENCE - PAUSE
        if is_last or (now - last_shown >= PAUSE and done < number):
            last_shown = now
            sys.stderr.write(f"\r{what}: {done} of {number}" + ("\n" if is_last else ""))
            sys.stderr.flush()

    return report
