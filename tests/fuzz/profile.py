"""What makes a test a fuzz test, and how many inputs it gets: a few thousand in an ordinary run of all of
them, a million with `--hypothesis-profile=fuzz_million` (`tox -e fuzz`).
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

MILLION = "fuzz_million"
FEW, MANY = 20, 2900
"""Seeds for each test; `hunt.BATCH` inputs come of one."""

settings.register_profile(MILLION, deadline=None)


def fuzzed(test: Callable[[int], None]) -> Callable[..., None]:
    """Gives a test the seeds of its mutations."""
    seeds = MANY if settings.get_current_profile_name() == MILLION else FEW
    return settings(max_examples=seeds, deadline=None)(given(seed=st.integers(0, 2**64 - 1))(test))
