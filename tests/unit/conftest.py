"""An account on moto for any unit test; no random test is failed for taking its time, and garbage waits.

The latter two not at the top, where the lab would load hypothesis too and cost other than what users pay.
"""

from __future__ import annotations

import gc
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


def pytest_collection_finish() -> None:
    # Each account leaves cycles, and Python's own thresholds had all tests looked through for them every few
    # accounts: a third of the time. What was collected stays to the end; the rest is looked through seldom.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 1, 8)


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
