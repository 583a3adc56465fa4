"""What each service sees of a change, and from when on: late, and for a while only now and then.

AWS's services hold copies. A copy that knows a change already does not prove that all do, so between the
first sight of a change and its end a service answers from either, at random.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Span = tuple[float, float]
"""From and to, in seconds of AWS's."""

WAVERING: Span = (0.5, 3.0)
"""How long a change is seen now and then. Nobody has measured that; five looks a second apart outlast it,
three do not."""


@dataclass(frozen=True)
class Version:
    """A value, and for each service from when on it is seen now and then, and from when on always."""

    value: Any
    seen: Mapping[str, Span]


class History:
    """The values of what changes. `delays` say for a kind of thing when a service sees a change of it."""

    def __init__(
        self,
        delays: Mapping[str, Mapping[str, Span]],
        random: Random,
        now: Callable[[], float],
        pace: float,
    ) -> None:
        self._delays = delays
        self._random = random
        self._now = now
        self._pace = pace
        self._versions: dict[Hashable, list[Version]] = {}

    def put(self, kind: str, name: str, value: Any, at_once: bool = False) -> None:
        """Note what something is now, if that is another value than before."""
        versions = self._versions.setdefault((kind, name), [])
        if versions and versions[-1].value == value:
            return
        delays = {} if at_once else self._delays[kind]
        seen = {service: self._span(delay) for service, delay in delays.items()}
        if versions:
            seen = {service: _after(versions[-1].seen.get(service), span) for service, span in seen.items()}
        versions.append(Version(value, seen))

    def get(self, kind: str, name: str, service: str) -> Any:
        """What a service sees; None for what it has not seen yet."""
        now = self._now()
        for version in reversed(self._versions.get((kind, name), [])):
            first, last = version.seen.get(service, (0.0, 0.0))
            if now >= last or (now >= first and self._random.random() < 0.5):
                return version.value
        return None

    def knows(self, kind: str, name: str) -> bool:
        """Whether anything of that was ever noted."""
        return (kind, name) in self._versions

    def names(self, kind: str) -> list[str]:
        """Everything of a kind."""
        return [name for of, name in self._versions if of == kind]  # type: ignore[misc]

    def _span(self, delay: Span) -> Span:
        first = self._random.uniform(*delay)
        last = first + self._random.uniform(*WAVERING)
        return self._now() + first * self._pace, self._now() + last * self._pace


def _after(before: Span | None, span: Span) -> Span:
    """A change is not seen before the one that it follows."""
    if before is None:
        return span
    return max(before[0], span[0]), max(before[1], span[1])
