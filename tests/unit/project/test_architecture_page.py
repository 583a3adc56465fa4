"""docs/architecture.md names files, functions and ranks: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.readme import ROOT, page, rows

PAGE = page("docs/architecture.md")
PATHS = sorted(set(re.findall(r"`((?:[\w-]+/)+(?:[\w-]+\.\w+)?|[\w-]+\.py)`", PAGE)))
PLACES = sorted(set(re.findall(r"`([\w/.]+\.py)` \| `([\w.]+)` \|$", PAGE, re.MULTILINE)))
LAYER = re.compile(r"^    \"([a-z :]+)\",$", re.MULTILINE)


def found(path: str) -> Path:
    """A path of the page, which leaves out the package's own folder."""
    return next((place for place in (ROOT / "pytest_kmslab" / path, ROOT / path) if place.exists()), Path())


def layers() -> list[str]:
    """The ranks of pyproject.toml, from the highest."""
    text = page("pyproject.toml")
    return [" : ".join(sorted(rank.split(" : "))) for rank in LAYER.findall(text.partition("layers = [")[2])]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_named_is_there(path: str) -> None:
    assert found(path) != Path(), "the page names a file that was moved or removed: mend the page"


@pytest.mark.parametrize(("path", "name"), PLACES)
def test_a_name_stands_in_its_file(path: str, name: str) -> None:
    text = found(path).read_text(encoding="utf-8")
    for part in name.split("."):
        assert re.search(rf"^ *(?:def|class) {part}\b", text, re.MULTILINE), f"`{part}` is not in {path}"


def test_a_table_that_is_named_is_there() -> None:
    files = [found(path) for path in PATHS if path.endswith(".py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    tables = set(re.findall(r"`([A-Z]{4,})`", PAGE))
    assert tables
    assert {table for table in tables if not re.search(rf"^{table}\b", text, re.MULTILINE)} == set()


def test_the_page_names_enough_to_follow_a_call() -> None:
    assert len(PATHS) >= 60
    assert len(PLACES) >= 30


def test_the_ranks_are_those_that_are_checked() -> None:
    ranks = [" : ".join(sorted(re.findall(r"`(\w+)`", row[0]))) for row in rows("rank", PAGE)]
    assert ranks == layers()


def test_the_words_of_our_own_are_at_most_twenty() -> None:
    words = [row[0] for row in rows("word", PAGE)]
    assert len(set(words)) == len(words) <= 20


def test_every_folder_of_the_package_has_a_rank() -> None:
    folders = {path.parent.name for path in (ROOT / "pytest_kmslab").glob("*/__init__.py")}
    assert folders <= set(re.findall(r"\w+", " ".join(layers())))
