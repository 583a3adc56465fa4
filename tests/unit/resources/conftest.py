from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.resources.fakes import Bed

from pytest_kmslab.options import Settings
from pytest_kmslab.resources.lab import Lab, open_lab
from pytest_kmslab.resources.naming import Naming
from pytest_kmslab.resources.site import Site
from pytest_kmslab.run import Run


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A run of its own on moto, whatever the run of these tests is on."""
    run = Run(Settings())
    run.install()
    run.backend.start()
    try:
        yield Site.of(run.backend, run.settings, run.trail, Naming("1a2b3c4d", "gw0"), lambda: tmp_path)
    finally:
        run.backend.stop()
        run.close()


@pytest.fixture
def lab(site: Site) -> Iterator[Lab]:
    with open_lab(site) as lab:
        yield lab
