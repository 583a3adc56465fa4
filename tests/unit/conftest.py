"""An account on moto for any unit test; and no random test is failed for taking its time.

The latter not at the top, where the lab would load hypothesis too.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.account import Account
from hypothesis import settings

from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

settings.register_profile("kmslab", deadline=None)
settings.load_profile("kmslab")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--threads-for",
        type=float,
        default=0,
        metavar="SECONDS",
        help="how long test_threads.py tries its luck",
    )


def make(enforcement: str) -> Iterator[Account]:
    run = Run(Settings(enforcement=enforcement))
    run.install()
    run.backend.start()
    try:
        yield Account(run)
    finally:
        run.backend.stop()
        run.close()


@pytest.fixture
def account() -> Iterator[Account]:
    yield from make("enforce")


@pytest.fixture
def lax_account() -> Iterator[Account]:
    yield from make("off")
