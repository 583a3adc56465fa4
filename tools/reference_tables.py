"""Write what the tables of docs/options.md and docs/fixtures.md repeat of the code; a person writes the rest.

Of an option: its names, its default and the values that it takes. Of a fixture: its type and its scope. The
last cell of a row says what the thing is for, and stays. An option or fixture that no table has becomes the
last row of the last table, with its help or docstring: move it where it belongs. A row of what is gone is
dropped. `tests/unit/project/test_readme.py` fails where this would change a page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))

from pytest_kmslab import fixtures  # noqa: E402
from pytest_kmslab.config.options import OPTIONS, Option  # noqa: E402

SCOPES = {"session": "the session", "function": "the test"}
LONGEST_DEFAULT = 30


def option_cells(option: Option) -> tuple[str, str, str]:
    """Names, default, good values."""
    flag = [option.flag] if option.on_command_line else []
    names = ", ".join(f"`{name}`" for name in [*flag, option.environment, option.ini])
    default = f"`{option.default}`" if option.default else ""
    return names, default if len(default) <= LONGEST_DEFAULT else "the exercise's", option.rule.good


def fixture_cells(fixture: Any) -> tuple[str, str, str]:
    """Name, type, scope."""
    kind = re.sub(r"Iterator\[(.*)\]", r"\1", fixture.__wrapped__.__annotations__["return"])
    scope = fixture._fixture_function_marker.scope
    return f"`{fixture.__name__}`", f"`{kind}`", SCOPES.get(scope, "the lab")


def public_fixtures() -> list[Any]:
    """Every fixture that a test may name, in the order of the module."""
    made = [value for value in vars(fixtures).values() if type(value) is type(fixtures.kmslab)]
    return [fixture for fixture in made if not fixture.__name__.startswith("_")]


def with_rows(text: str, header: str, rows: dict[str, tuple[str, ...]], purpose: Callable[[str], str]) -> str:
    """A page whose tables with this header have these rows, by the last name of their first cell."""
    tables = list(re.finditer(rf"^\| {header} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE))
    told: set[str] = set()
    for table in reversed(tables):
        lines = [line.strip("| \n").split(" | ") for line in table[1].splitlines()]
        there = [(names_in(cells[0])[-1], cells[-1]) for cells in lines]
        told |= {name for name, _ in there}
        kept = [(name, last) for name, last in there if name in rows]
        text = (
            text[: table.start(1)]
            + "".join(row(rows[name], last) for name, last in kept)
            + text[table.end(1) :]
        )
    lacking = "".join(row(cells, purpose(name)) for name, cells in rows.items() if name not in told)
    end = list(re.finditer(rf"^\| {header} \|.*\n(?:\|.*\n)+", text, re.MULTILINE))[-1].end()
    return text[:end] + lacking + text[end:]


def names_in(cell: str) -> list[str]:
    """The names that stand in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def row(cells: tuple[str, ...], last: str) -> str:
    """A line of a table."""
    return f"| {' | '.join((*cells, last))} |\n".replace("|  |", "| |")


def options_page(text: str) -> str:
    """docs/options.md as the code has it."""
    helps = {option.ini: option.help for option in OPTIONS}
    return with_rows(
        text, "option", {option.ini: option_cells(option) for option in OPTIONS}, helps.__getitem__
    )


def fixtures_page(text: str) -> str:
    """docs/fixtures.md as the code has it."""
    helps = {fixture.__name__: fixture.__doc__ or "" for fixture in public_fixtures()}
    rows = {fixture.__name__: fixture_cells(fixture) for fixture in public_fixtures()}
    return with_rows(text, "fixture", rows, helps.__getitem__)


PAGES: dict[str, Callable[[str], str]] = {"options.md": options_page, "fixtures.md": fixtures_page}


def main() -> int:
    """Write the pages that differ."""
    for name, written in PAGES.items():
        page = DOCS / name
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
