"""What makes a test a fuzz test, and how many inputs it gets: a thousand in an ordinary run; fifty thousand
between all of them with `--hypothesis-profile=fuzz_share`, which CI runs, and a million with `fuzz_million`,
both from a seed that the run prints: `tox -e fuzz`, and `tox -e fuzz -- --hypothesis-profile=fuzz_million`.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = {"fuzz_share": 112, "fuzz_million": 2250}
"""Seeds for each test, by profile; `hunt.BATCH` inputs come of one."""
FEW = 20

for _name in SEEDS:
    # Where hypothesis sees that it runs in CI, it would draw the same seeds every time.
    settings.register_profile(_name, deadline=None, derandomize=False)


def fuzzed(test: Callable[[int], None]) -> Callable[..., None]:
    """Gives a test the seeds of its mutations."""
    seeds = SEEDS.get(settings.get_current_profile_name(), FEW)
    return settings(max_examples=seeds, deadline=None)(given(seed=st.integers(0, 2**64 - 1))(test))
