from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.fake_client import Bed

from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.session.run import Run


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LabContext]:
    """A run of its own on moto, whatever the run of these tests is on."""
    run = Run(Settings())
    run.install()
    run.backend.start()
    try:
        naming = Naming("1a2b3c4d", "gw0")
        yield LabContext.of(run.backend, run.settings, run.trail, naming, tmp_path, creations=run.creations)
    finally:
        run.backend.stop()
        run.close()


@pytest.fixture
def lab(site: LabContext) -> Iterator[Lab]:
    with open_lab(site) as lab:
        yield lab


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab for all tests of a module, in which nothing is made that stays."""
    run = Run(Settings())
    run.install()
    run.backend.start()
    try:
        naming, directory = Naming("1a2b3c4d", "gw0"), tmp_path_factory.mktemp("credentials")
        context = LabContext.of(
            run.backend, run.settings, run.trail, naming, directory, creations=run.creations
        )
        with open_lab(context) as lab:
            yield lab
    finally:
        run.backend.stop()
        run.close()
