"""What a run costs in a real account, at most: by a table of prices with its date, which can be replaced.

https://aws.amazon.com/kms/pricing/ · https://aws.amazon.com/dynamodb/pricing/on-demand/ ·
https://aws.amazon.com/cloudwatch/pricing/. Free tiers are not counted, so a bill is lower, or the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pytest_kmslab.cases.input_file import read_input
from pytest_kmslab.errors import PriceError

DEFAULT = Path(__file__).with_name("prices.json")
HOURS_A_MONTH = 730


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
    def request(self) -> float:
        """The most that one call of KMS or DynamoDB costs: its own unit, and the key's use with it."""
        units = max(self.dynamodb_million_writes, self.dynamodb_million_reads) / 1_000_000
        return units + self.kms_10000_requests / 10_000


def read_prices(path: Path = DEFAULT) -> Prices:
    """The prices in a JSON file of the form of `prices.json`; raises PriceError, which says what is wrong."""
    text = read_input(
        path,
        lambda why: PriceError(f"cannot read the prices in `{path}`: {why.removeprefix('cannot be read: ')}"),
    )
    try:
        read = json.loads(text)
    except ValueError as error:
        raise PriceError(f"the prices in `{path}` are not JSON: {error}") from None
    names = {field.name: field.type for field in fields(Prices)}
    if not isinstance(read, dict) or set(read) != set(names):
        raise PriceError(f"the prices in `{path}` need exactly these members: {', '.join(names)}")
    return Prices(**{name: _value(path, name, read[name], kind) for name, kind in names.items()})


def _value(path: Path, name: str, value: Any, kind: Any) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    # True is a number to Python, and no price.
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    what = "text" if kind == "str" else "a number, 0 or more"
    raise PriceError(f"the prices in `{path}`: `{name}` is `{value}`: give {what}")


# How long each resource of a run existed: what it costs hangs on that.


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long one resource existed."""

    kind: str
    """The name of its kind."""
    seconds: float


class Lifetimes:
    """Takes the time from when a resource is known to exist until it is gone; each goes by its number."""

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
        """Kind and seconds of each, plain enough to be sent from one process to another."""
        return [*self._ended, *((kind, self._now() - since) for kind, since in self._since.values())]
