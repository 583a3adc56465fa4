"""docs/internals/mutants.md: its numbers add up and keep the bars, and no survivor is left out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "internals" / "mutants.md").read_text(encoding="utf-8")
LEAST_KILLED = {"authz": 98.0, "calls": 90.0}
"""Per cent, as tools/mutation_run.py has them."""
EACH = pytest.mark.parametrize("package", LEAST_KILLED)


@dataclass(frozen=True)
class Row:
    """What is recorded of one module, or of all."""

    mutants: int
    tried: int
    survivors: int
    killed: str

    @property
    def share(self) -> float:
        return 100 * (1 - self.survivors / self.tried)


def section(package: str) -> str:
    return next(part for part in PAGE.split("\n## ") if f"`pytest_kmslab/{package}`" in part.splitlines()[0])


def rows(package: str) -> dict[str, Row]:
    found = re.findall(
        r"^\| (`[\w.]+`|all) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+)(?: \(\d+ to \d+\))? \|$",
        section(package),
        re.MULTILINE,
    )
    return {name.strip("`"): Row(*map(int, counts), killed) for name, *counts, killed in found}  # type: ignore[arg-type]


@EACH
def test_the_modules_add_up_to_all(package: str) -> None:
    modules = rows(package)
    whole = modules.pop("all")
    for name in ("mutants", "tried", "survivors"):
        assert sum(getattr(row, name) for row in modules.values()) == getattr(whole, name)
    assert all(row.survivors <= row.tried <= row.mutants for row in modules.values())
    assert {name: row.killed for name, row in modules.items()} == {
        name: f"{row.share:.1f}" for name, row in modules.items()
    }


@EACH
def test_enough_are_killed(package: str) -> None:
    """A module that was tried in part counts as large as it is."""
    modules = rows(package)
    whole = modules.pop("all")
    share = sum(row.share * row.mutants for row in modules.values()) / whole.mutants
    assert whole.killed == f"{share:.1f}"
    assert share >= LEAST_KILLED[package]


def test_every_survivor_of_the_engine_is_named_with_its_change_and_its_reason() -> None:
    row = r"^\| `([\w.]+)`: `[^`]+` \| (\d+) \| .+ \| .+ \|$"
    named: Counter[str] = Counter()
    for module, survivors in re.findall(row, section("authz"), re.MULTILINE):
        named[module] += int(survivors)
    modules = rows("authz")
    del modules["all"]
    assert named == Counter({module: row.survivors for module, row in modules.items() if row.survivors})


def test_every_survivor_of_the_calls_is_of_a_kind_that_is_told() -> None:
    kinds = re.findall(r"^\| [^`|]+ \| (\d+) \| [^|]+ \|$", section("calls"), re.MULTILINE)
    assert sum(map(int, kinds)) == rows("calls")["all"].survivors
