"""`-p helpers.runner_plugin --real-aws`: a run in an account served elsewhere, and what each test asked.

`RUNNER_URL` says where the account is, `RUNNER_ASKED` the file to which a line a test is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from deep.standin import PACE

from pytest_kmslab.session.backend_specs import STAND_IN, StandIn


class Asked:
    """Reads the account's trail after each test."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = url
        self._file = file
        self._read = 0

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """What was asked since the last test."""
        self._write(nodeid)

    def pytest_unconfigure(self) -> None:
        """What was asked after the last one: the teardown of the lab."""
        self._write("")

    def _write(self, test: str) -> None:
        asked = list(self._new())
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": test, "asked": asked}) + "\n")

    def _new(self) -> Iterator[tuple[str, str, str]]:
        with urlopen(f"{self._url}/_kmslab/trail?since={self._read}") as answer:
            for entry in json.load(answer):
                self._read = entry["number"]
                yield entry["principal"], entry["action"], entry["resource"]


@pytest.hookimpl(wrapper=True)  # before pytest-kmslab begins its run in this hook
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    early_config.stash[STAND_IN] = StandIn(os.environ["RUNNER_URL"], PACE)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    url = os.environ["RUNNER_URL"]
    if "RUNNER_ASKED" in os.environ:
        config.pluginmanager.register(Asked(url, Path(os.environ["RUNNER_ASKED"])))
