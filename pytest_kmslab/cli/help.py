"""What each command tells: help in paragraphs as wide as the terminal, the version, its exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import groupby

OK, FAILED, BAD_INPUT = 0, 1, 2
"""Exit statuses: all well; something is otherwise than expected, or left; nothing could be said."""


class CommandHelp(argparse.HelpFormatter):
    """Fills the paragraphs of a description; lines that begin with a blank are an example, and stay.

    argparse's own formatters fill all of it into one paragraph, or leave lines wider than the terminal.
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = []
        for paragraph in text.split("\n\n"):
            blocks = []
            for is_example, lines in groupby(paragraph.splitlines(), key=lambda line: line.startswith(" ")):
                if is_example:
                    blocks.append("\n".join(lines))
                else:
                    blocks.append(super()._fill_text(" ".join(lines), width, ""))
            paragraphs.append("\n".join(blocks))
        return "\n\n".join(paragraphs)


class Version(argparse.Action):
    """Prints the installed version; looked up only when asked for, which costs a command nothing."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and exit."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            installed = version("pytest-kmslab")
        except PackageNotFoundError:
            installed = "(not installed)"
        print(f"kmslab {installed}")
        parser.exit()
