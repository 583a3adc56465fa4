"""What docs/fidelity.md says of the mutants that are left: it adds up, and names what there is."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from functools import reduce
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "fidelity.md").read_text(encoding="utf-8")
PLACES = [(place, int(number)) for place, number in re.findall(r"`([a-z_]+\.[A-Za-z_.]+)` (\d+)", TEXT)]
BY_MODULE = {
    name: (int(left), int(of)) for name, left, of in re.findall(r"([a-z_]+) (\d+) of (\d+)[,;]", TEXT)
}


def test_the_rows_add_up_to_what_is_left_of_each_module() -> None:
    rows: Counter[str] = Counter()
    for place, number in PLACES:
        rows[place.partition(".")[0]] += number
    assert rows == {module: left for module, (left, _) in BY_MODULE.items()}
    assert f"Of the mutants {rows.total()} are left" in TEXT


def test_the_share_that_is_killed_is_that_of_the_total() -> None:
    found = re.search(r"\| ([\d,]+), of which ([\d.]+) % are killed", TEXT)
    assert found is not None
    total, share = int(found[1].replace(",", "")), float(found[2])
    assert share == round(100 * (1 - sum(left for left, _ in BY_MODULE.values()) / total), 1)
    assert sum(of for _, of in BY_MODULE.values()) < total


def test_every_place_is_a_function_of_the_engine() -> None:
    for place, _ in PLACES:
        module, *names = place.split(".")
        assert callable(reduce(getattr, names, importlib.import_module(f"pytest_kmslab.authz.{module}")))
