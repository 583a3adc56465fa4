"""Pages of the documentation, in parts that tests compare with what they speak of."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    """The text of a page, by its path in the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


README = page("README.md")


def blocks(language: str = "", text: str = README) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def block(start: str, text: str = README) -> str:
    """The one fenced block, of any language, that starts so."""
    [block_found] = [block for block in blocks(r"\w*", text) if block.startswith(start)]
    return block_found


def rows(first_cell: str, text: str) -> list[list[str]]:
    """The cells of every table whose header begins with this one."""
    tables = re.findall(rf"^\| {first_cell} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
