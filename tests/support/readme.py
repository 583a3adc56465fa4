"""README.md, in parts that tests compare with what it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str = "") -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block(start: str) -> str:
    """The one fenced block, of no language, that starts so."""
    [found] = [block for block in blocks() if block.startswith(start)]
    return found


def rows(first_cell: str) -> list[list[str]]:
    """The cells of the table whose header begins with this one."""
    table = re.search(rf"^\| {first_cell} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]
