from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.account import Account

from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run


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
