"""What a run costs in a real account, at most: by a table of prices with its date, which can be replaced.

https://aws.amazon.com/kms/pricing/ · https://aws.amazon.com/dynamodb/pricing/on-demand/ ·
https://aws.amazon.com/cloudwatch/pricing/. Free tiers are not counted, so a bill is lower, or the same.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

from pytest_kmslab.errors import PriceError
from pytest_kmslab.lab.resource_ref import ALARM, KMS_KEY, TABLE, USER, WORDS

DEFAULT = Path(__file__).with_name("prices.json")
IN_ACCOUNT = (KMS_KEY, TABLE, USER, ALARM)
HOURS_A_MONTH = 730
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices as of `date` (an ISO date) in a Region, in `currency`; writes and reads are DynamoDB's units."""

    date: str
    region: str
    currency: str
    kms_key_month: float
    kms_10000_requests: float
    dynamodb_million_writes: float
    dynamodb_million_reads: float
    cloudwatch_alarm_month: float

    @property
    def kms_key_hour(self) -> float:
        """Of a key that exists and is not scheduled for deletion: KMS prorates by the hour."""
        return self.kms_key_month / HOURS_A_MONTH

    @property
    def request(self) -> float:
        """The most that one call of KMS or DynamoDB costs: its own unit, and the key's use with it."""
        units = max(self.dynamodb_million_writes, self.dynamodb_million_reads) / 1_000_000
        return units + self.kms_10000_requests / 10_000


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long one thing existed, in seconds; `kind` as in `things`."""

    kind: str
    seconds: float


class Lifetimes:
    """Takes the time from when a thing is known to exist until it is gone; things go by their numbers."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since: dict[int, tuple[str, float]] = {}
        self._ended: list[tuple[str, float]] = []

    def begin(self, number: int, kind: str) -> None:
        """It exists."""
        self._since.setdefault(number, (kind, self._now()))

    def end(self, number: int) -> None:
        """It is gone; what never existed has no lifetime."""
        if number in self._since:
            kind, since = self._since.pop(number)
            self._ended.append((kind, self._now() - since))

    def all(self) -> list[tuple[str, float]]:
        """Kind and seconds of each, plain enough to be told by one process to another."""
        return [*self._ended, *((kind, self._now() - since) for kind, since in self._since.values())]


def read_prices(path: Path = DEFAULT) -> Prices:
    """The prices in a JSON file of the form of `prices.json`; raises PriceError, which says what is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceError(f"cannot read the prices in `{path}`: {error.strerror or error}") from None
    except ValueError as error:
        raise PriceError(f"the prices in `{path}` are not JSON: {error}") from None
    names = {field.name: field.type for field in fields(Prices)}
    if not isinstance(found, dict) or set(found) != set(names):
        raise PriceError(f"the prices in `{path}` need exactly these members: {', '.join(names)}")
    return Prices(**{name: _value(path, name, found[name], kind) for name, kind in names.items()})


def cost(prices: Prices, lifetimes: Iterable[Lifetime], calls: int = 0) -> float:
    """The most that things of these lifetimes and this many calls of KMS and DynamoDB cost.

    A begun hour counts as a whole one. Tables on demand cost what their calls do; IAM is free.
    """
    an_hour = {KMS_KEY: prices.kms_key_hour, ALARM: prices.cloudwatch_alarm_month / HOURS_A_MONTH}
    kept = sum(an_hour.get(one.kind, 0) * max(1, ceil(one.seconds / SECONDS_AN_HOUR)) for one in lifetimes)
    return kept + calls * prices.request


def told(lifetimes: Iterable[Lifetime]) -> str:
    """What was made, and how long the oldest of a kind existed: `1 KMS key (312 s), 2 IAM users (310 s)`."""
    counted: Counter[str] = Counter()
    longest: dict[str, float] = {}
    for one in lifetimes:
        if one.kind in IN_ACCOUNT:
            counted[one.kind] += 1
            longest[one.kind] = max(longest.get(one.kind, 0), one.seconds)
    return ", ".join(
        f"{number} {WORDS[kind]}{'s' if number > 1 else ''} ({longest[kind]:.0f} s)"
        for kind, number in counted.items()
    )


def _value(path: Path, name: str, value: Any, kind: Any) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    what = "text" if kind == "str" else "a number, 0 or more"
    raise PriceError(f"the prices in `{path}`: `{name}` is `{value}`: give {what}")
