"""Measuring: candidates take turns, so that what slows the machine slows them all; medians count.

Times are CPU time: what else runs on the machine is not to decide whether a bar is kept.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Round = Callable[[], float]
"""Runs a candidate a number of times, and answers the seconds of one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing; with a `bar`, which `value` must keep: to be at most, or at least, so much."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the bar is kept; a row without one keeps it."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"{'≥' if self.at_least else '≤'} {self.bar:g} {self.unit}".strip()
        verdict = "" if self.bar is None else "ok" if self.kept else "MISSED"
        return f"{self.what:<72} {self.value:>10.2f} {self.unit:<7} {bar:<12} {verdict}".rstrip()


def loop(action: Callable[[], object], times: int) -> Round:
    """A round of `times` runs, after one that is not counted: what the candidate before left in the machine's
    caches is not to be paid for. The garbage collector stays on, as it does in the engines compared with."""

    def run() -> float:
        gc.collect()
        action()
        start = time.process_time()
        for _ in range(times):
            action()
        return (time.process_time() - start) / times

    return run


def in_turn(candidates: Mapping[str, Round], rounds: int) -> dict[str, list[float]]:
    """Seconds by candidate and round; each candidate has had one round unmeasured before.

    What was there before the first round is no garbage: collecting goes through it no more.
    """
    for run in candidates.values():
        run()
    gc.collect()
    gc.freeze()
    measured: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            measured[name].append(run())
    gc.unfreeze()
    return measured


def ratio(measured: Mapping[str, list[float]], slower: str, faster: str) -> float:
    """The median over the rounds of how many times as long `slower` takes."""
    pairs = zip(measured[slower], measured[faster], strict=True)
    return median(one / other for one, other in pairs)


def microseconds(seconds: list[float]) -> float:
    """The median in µs."""
    return median(seconds) * 1e6
