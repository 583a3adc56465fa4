"""What CI runs is said once, in tox.ini's label `ci`: nothing is missing that a person runs by `tox`."""

from __future__ import annotations

import configparser
import re

from helpers.readme import ROOT

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini", encoding="utf-8")


def environments(value: str) -> set[str]:
    """The names of a list in tox.ini, with `py3{10,11}` written out."""
    names = re.sub(r"(\w+)\{([\d,]+)\}", lambda found: _each(found[1], found[2]), value)
    return {name.strip() for name in names.split(",")}


def _each(start: str, ends: str) -> str:
    return ", ".join(f"{start}{end}" for end in ends.split(","))


BESIDES = {
    *("localstack", "ministack", "scenes", "clients"),
    *("differential", "fuzz-share", "standin", "faults-share", "permissions"),
}


def test_ci_runs_what_tox_runs_and_the_other_backends_real_clients_and_random_input() -> None:
    plain = environments(TOX["tox"]["env_list"])
    label, _, listed = TOX["tox"]["labels"].partition("=")
    assert label.strip() == "ci"
    assert environments(listed) == plain | BESIDES


def test_ci_runs_that_label() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^.*bin/tox.* run.*$", script, re.MULTILINE) == [
        '"$tools/bin/tox" run-parallel -m ci --parallel auto --skip-missing-interpreters false'
    ]
