"""Makes the profiles known before pytest's command line chooses one, and says how a run is repeated."""

from __future__ import annotations

from random import SystemRandom

import pytest
from deep.fuzz.hunt import BATCH
from deep.fuzz.profile import SEEDS


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before hypothesis looks for a seed."""
    if config.option.hypothesis_profile in SEEDS and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(SystemRandom().randrange(2**32))


def pytest_report_header(config: pytest.Config) -> list[str]:
    profile = config.option.hypothesis_profile
    if profile not in SEEDS:
        return []
    inputs, seed = SEEDS[profile] * BATCH, config.option.hypothesis_seed
    return [f"fuzz: {inputs} inputs a test; the same again: --hypothesis-seed={seed}"]
