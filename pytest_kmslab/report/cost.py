"""What a person is told of what a run in a real account has made, and what that cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import ceil

from pytest_kmslab.lab.cost.lifetimes import Lifetime
from pytest_kmslab.lab.cost.prices import Prices
from pytest_kmslab.lab.kinds.registry import KINDS

SECONDS_AN_HOUR = 3600


def cost_line(prices: Prices, lifetimes: Iterable[tuple[str, float]], calls: int) -> str:
    """One line: what was made, how long it lived, and the most that it cost; `calls` were decided."""
    made = [Lifetime(kind, seconds) for kind, seconds in lifetimes]
    what = made_line(made) or "nothing"
    counted = f"{calls} decisions" if calls else "calls not counted"
    most = cost(prices, made, calls)
    return (
        f"kmslab: made {what}; cost at most {most:.4f} {prices.currency} with {counted} "
        f"(prices of {prices.date}, {prices.region})"
    )


def cost(prices: Prices, lifetimes: Iterable[Lifetime], calls: int = 0) -> float:
    """The most that resources of these lifetimes and this many calls of KMS and DynamoDB cost.

    A begun hour counts as a whole one. Tables on demand cost what their calls do; IAM is free.
    """
    kept = sum(
        KINDS[lifetime.kind].hourly_price(prices) * max(1, ceil(lifetime.seconds / SECONDS_AN_HOUR))
        for lifetime in lifetimes
    )
    return kept + calls * prices.request


def made_line(lifetimes: Iterable[Lifetime]) -> str:
    """What was made, and how long the oldest of a kind existed: `1 KMS key (312 s), 2 IAM users (310 s)`."""
    counted: Counter[str] = Counter()
    longest: dict[str, float] = {}
    for lifetime in lifetimes:
        if not KINDS[lifetime.kind].is_file:
            counted[lifetime.kind] += 1
            longest[lifetime.kind] = max(longest.get(lifetime.kind, 0), lifetime.seconds)
    return ", ".join(
        f"{number} {KINDS[kind].title}{'s' if number > 1 else ''} ({longest[kind]:.0f} s)"
        for kind, number in counted.items()
    )
