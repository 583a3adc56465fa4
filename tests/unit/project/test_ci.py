"""What CI runs is said once, in tox.ini's label `ci`: every group is in it, and all that plain `tox` runs."""

from __future__ import annotations

import configparser
import re
import runpy

import pytest
from helpers.readme import ROOT

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini", encoding="utf-8")


def environments(value: str) -> set[str]:
    """The names of a list in tox.ini, with `py3{10,11}` written out."""
    names = re.sub(r"(\w+)\{([\d,]+)\}", lambda found: _each(found[1], found[2]), value)
    return {name.strip() for name in names.split(",")}


def _each(start: str, ends: str) -> str:
    return ", ".join(f"{start}{end}" for end in ends.split(","))


def label(name: str) -> set[str]:
    """The environments of one of the labels."""
    lines = (line.partition("=") for line in TOX["tox"]["labels"].strip().splitlines())
    return environments({name.strip(): listed for name, _, listed in lines}[name])


GROUPS = ("lint", "py3", "e2e", "deep", "bench", "docs")


def test_every_environment_is_in_one_group() -> None:
    sections = {name.removeprefix("testenv:") for name in TOX.sections() if name.startswith("testenv:")}
    grouped = [name for group in GROUPS for name in sorted(label(group))]
    by_hand = {"format", "mutation", "nightly"}
    assert sorted(grouped) == sorted({*sections - by_hand, *label("py3")})


def test_ci_runs_every_group_but_the_measurements() -> None:
    """`lab` is run by every Python, one lab a test."""
    assert label("ci") == set().union(*map(label, GROUPS)) - label("bench") - {"lab"}


def test_ci_runs_what_tox_runs() -> None:
    assert environments(TOX["tox"]["env_list"]) <= label("ci")


def test_the_lowest_and_the_newest_python_run_the_whole_suite() -> None:
    tests_of = runpy.run_path(str(ROOT / "toxfile.py"), run_name="__main__")["tests_of"]
    assert tests_of(["3.10", "3.11", "3.12", "3.13"], "LONG", "SHARE") == {
        "TESTS_ON_py310": "LONG",
        "TESTS_ON_py311": "SHARE LONG",
        "TESTS_ON_py312": "SHARE LONG",
    }
    assert tests_of(["3.11", "3.12"], "LONG", "SHARE") == {"TESTS_ON_py311": "LONG"}
    assert tests_of(["3.12"], "LONG", "SHARE") == {}


def test_the_minutes_of_each_environment_are_told_longest_first() -> None:
    told = runpy.run_path(str(ROOT / "toxfile.py"), run_name="__main__")["minutes_of"](
        {"lint": 6, "py313": 540}
    )
    assert told.splitlines()[1:] == ["     9.0  py313", "     0.1  lint"]


@pytest.mark.parametrize("name", ["long", "share"])
def test_what_is_left_out_or_shared_is_there(name: str) -> None:
    words = TOX["tests"][name].split()
    paths = [word.removeprefix("--ignore=").removeprefix("--ignore-glob=") for word in words]
    assert [path for path in paths if not any(ROOT.glob(path))] == []


def test_ci_runs_that_label() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^.*bin/tox.* run.*$", script, re.MULTILINE) == [
        '"$tools/bin/tox" run-parallel -m ci --parallel auto --skip-missing-interpreters false'
    ]
