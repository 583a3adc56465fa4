"""What a person is told of what a run in a real account has made, and what that cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil
from typing import TYPE_CHECKING

from pytest_kmslab.lab.cost.prices import HOURS_A_MONTH, Lifetime, Prices
from pytest_kmslab.lab.kinds.registry import KINDS

if TYPE_CHECKING:
    from pytest_kmslab.config.options import Settings


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


# What a run in a real account is about to do, told before it does any of it.

MADE = "IAM users with access keys, KMS keys with aliases, DynamoDB tables (on demand), CloudWatch alarms"


def plan(settings: Settings, place: str, prices: Prices) -> Iterator[str]:
    """The lines of the plan; `place` is the account, the Region and the caller."""
    month, unit = prices.kms_key_month, prices.currency
    hour = month / HOURS_A_MONTH
    yield "kmslab: this run uses a real AWS account"
    yield f"  where   {place}"
    yield f"  makes   {MADE}: what the tests ask for, each tagged kmslab:run, kmslab:worker, kmslab:expires"
    yield from _given(settings)
    yield "  lasts   until each lab's last test has ended, on failure, Ctrl-C and SIGTERM too"
    yield f"  costs   at most {hour:.4f} {unit} for each key and begun hour, {prices.request:.7f} a call, and"
    yield f"          {month:.2f} a month for a key that is left (prices of {prices.date}, {prices.region})"
    yield "  undone  newest first; a key is scheduled for deletion in 7 days, and refuses use from then on"


def _given(settings: Settings) -> Iterator[str]:
    if settings.key_arn:
        managed = settings.manage_key_policy
        changes = "its policy is changed, and put back" if managed else "nothing of it is changed"
        yield f"  uses    key {settings.key_arn}: {changes}; it is never deleted"
    if settings.table:
        yield f"  uses    table {settings.table}: items are written and read; it is never changed or deleted"
