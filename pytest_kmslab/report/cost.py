"""What a person is told of what a run in a real account has made, and what that cost."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_kmslab.lab.cost.prices import Lifetime, Prices, cost, told


def cost_line(prices: Prices, lifetimes: Iterable[tuple[str, float]], calls: int) -> str:
    """One line: what was made, how long it lived, and the most that it cost; `calls` were decided."""
    made = [Lifetime(kind, seconds) for kind, seconds in lifetimes]
    what = told(made) or "nothing"
    counted = f"{calls} decisions" if calls else "calls not counted"
    most = cost(prices, made, calls)
    return (
        f"kmslab: made {what}; cost at most {most:.4f} {prices.currency} with {counted} "
        f"(prices of {prices.date}, {prices.region})"
    )
