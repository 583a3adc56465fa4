"""How the help of a command is laid out: paragraphs as wide as the terminal, examples as they are written."""

from __future__ import annotations

import argparse
from itertools import groupby


class CommandHelp(argparse.HelpFormatter):
    """Fills the paragraphs of a description; lines that begin with a blank are an example, and stay.

    argparse's own formatters fill all of it into one paragraph, or leave lines wider than the terminal.
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(self._paragraph(part.splitlines(), width) for part in text.split("\n\n"))

    def _paragraph(self, lines: list[str], width: int) -> str:
        blocks = groupby(lines, key=lambda line: line.startswith(" "))
        return "\n".join(self._block(list(block), is_example, width) for is_example, block in blocks)

    def _block(self, lines: list[str], is_example: bool, width: int) -> str:
        return "\n".join(lines) if is_example else super()._fill_text(" ".join(lines), width, "")
