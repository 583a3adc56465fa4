"""docs/internals/mutants.md: its numbers add up, and each survivor is named with the reason why."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "internals" / "mutants.md").read_text(encoding="utf-8")
COUNTED = re.findall(r"^\| `([\w.]+)` \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
TOTAL = re.findall(r"^\| all \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
SURVIVORS = re.findall(r"^\| `([\w.]+)`: `([^`]+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
LEAST_KILLED = 98.0
"""Per cent."""


def test_the_modules_add_up_to_the_total() -> None:
    mutants, survivors = (sum(int(row[column]) for row in COUNTED) for column in (1, 2))
    assert [(str(mutants), str(survivors))] == TOTAL


def test_enough_are_killed() -> None:
    ((mutants, survivors),) = TOTAL
    assert 100 * (1 - int(survivors) / int(mutants)) >= LEAST_KILLED


def test_every_survivor_is_named_with_its_change_and_its_reason() -> None:
    named = Counter(module for module, *_ in SURVIVORS)
    assert named == Counter({module: int(survivors) for module, _, survivors in COUNTED if survivors != "0"})
