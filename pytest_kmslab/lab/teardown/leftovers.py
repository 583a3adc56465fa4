"""What a sweep looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from pytest_kmslab.lab.resource_ref import (
    ALARM,
    CREDENTIALS_FILE,
    KEY_POLICY,
    KMS_KEY,
    TABLE,
    USER,
    ResourceRef,
)
from pytest_kmslab.lab.teardown.ledger import Account

ORDER = (CREDENTIALS_FILE, KEY_POLICY, ALARM, TABLE, KMS_KEY, USER)
"""Users last: a key may leave its deletion to one of them."""


class ClientMaker(Protocol):
    """Gives clients that nobody decides about."""

    def of(self, service: str, region: str = "") -> Any:
        """The client of a service in a Region."""


@dataclass(frozen=True, slots=True)
class Target:
    """The account that is swept: where it is, its clients, and the Regions to look in."""

    account: Account
    clients: ClientMaker
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something an earlier run left. `why` says why it goes, or for `stays` why it does not."""

    ref: ResourceRef
    run: str
    worker: str
    age: timedelta | None
    why: str
    stays: bool = False


@dataclass(slots=True)
class Findings:
    """What was found. `problems` tell what could not be looked at; `notes` what is no problem."""

    leftovers: list[Leftover] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: dict[Leftover, str] = field(default_factory=dict)
    removed: list[Leftover] = field(default_factory=list)

    @property
    def to_remove(self) -> list[Leftover]:
        """What goes, in the order in which it does."""
        going = [one for one in self.leftovers if not one.stays]
        return sorted(going, key=lambda one: ORDER.index(one.ref.kind))

    @property
    def is_left(self) -> bool:
        """Whether something is there that is to go, or may be there unseen."""
        return bool(self.problems) or any(one not in self.removed for one in self.to_remove)
