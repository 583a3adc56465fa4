"""A table of texts: columns set under each other, ruled by rich where a person looks and it is installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pytest_kmslab.report.console import rich_console

Row = Sequence[str]


def print_table(columns: Row, rows: Sequence[Row]) -> None:
    """Print the rows under their columns to standard output; nothing where there are none."""
    if not rows:
        return
    console = rich_console(sys.stdout)
    if console is None:
        sys.stdout.write("\n".join(plain_table([columns, *rows])) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table, soft_wrap=False)


def plain_table(rows: Sequence[Row]) -> list[str]:
    """A line for each row, its cells padded to the widest of their column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
