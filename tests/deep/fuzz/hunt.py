"""Runs a check on many mutated inputs, and shows the smallest one that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from deep.fuzz.mutation import mutated

BATCH = 50
"""Inputs for each seed that hypothesis draws."""

Check = Callable[[str], None]


def hunt(seed: int, good: Sequence[str], check: Check) -> None:
    """Check mutations of the good texts; an AssertionError shows one that breaks the check, made small."""
    random = Random(seed)
    for _ in range(BATCH):
        text = mutated(random.choice(good), random)
        broken = _breaks(check, text)
        if broken is not None:
            small = _smallest(text, check, type(broken))
            raise AssertionError(f"seed {seed}: {type(broken).__name__}: {broken}\n{small!r}") from broken


def _smallest(text: str, check: Check, kind: type[Exception]) -> str:
    return reduced(text, lambda tried: type(_breaks(check, tried)) is kind)


def reduced(text: str, fails: Callable[[str], bool]) -> str:
    """The text without every piece that it fails without."""
    size = max(1, len(text) // 2)
    while size:
        at = 0
        while at < len(text):
            shorter = text[:at] + text[at + size :]
            if fails(shorter):
                text = shorter
            else:
                at += size
        size //= 2
    return text


def _breaks(check: Check, text: str) -> Exception | None:
    try:
        check(text)
    except Exception as error:  # whatever it is, it is what is looked for
        return error
    return None
