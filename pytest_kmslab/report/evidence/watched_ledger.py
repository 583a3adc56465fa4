"""A ledger that tells the report what is made and removed, whether or not anything is written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_kmslab.lab.teardown.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_kmslab.lab.cost.prices import Prices
    from pytest_kmslab.lab.resource_kind import ResourceRef
    from pytest_kmslab.report.evidence.recorder import Recorder


@dataclass(frozen=True, slots=True)
class _Noted:
    ref: ResourceRef
    number: int
    """The inner ledger's."""


class WatchedLedger(Ledger):
    """Passes everything on to the run's ledger; numbers are its own, as not every ledger gives any."""

    def __init__(self, ledger: Ledger, recorder: Recorder, prices: Callable[[], Prices]) -> None:
        self._ledger = ledger
        self._recorder = recorder
        self._prices = prices
        self._numbers = count(1)
        self._noted: dict[int, _Noted] = {}

    def intend(self, ref: ResourceRef) -> int:
        """Note that something is about to be made; raises LedgerError, and then it must not be."""
        number = next(self._numbers)
        self._noted[number] = _Noted(ref, self._ledger.intend(ref))
        return number

    def confirm(self, number: int, arn: str) -> None:
        """Note that it exists."""
        noted = self._noted[number] = replace(
            self._noted[number], ref=replace(self._noted[number].ref, arn=arn)
        )
        self._ledger.confirm(noted.number, arn)
        self._tell("made", noted.ref)

    def undone(self, number: int) -> None:
        """Note that it is gone."""
        noted = self._noted.pop(number)
        self._ledger.undone(noted.number)
        # Without an ARN nothing was made: the create call was refused.
        if noted.ref.arn:
            self._tell("undone", noted.ref)

    def kept(self, number: int, until: datetime) -> None:
        """Note that it is to stay until then."""
        self._ledger.kept(self._noted[number].number, until)

    def keep_text(self, name: str, text: str) -> Path | None:
        """Keep a text that something is to be put back to, in a file of this run; None where none is kept."""
        return self._ledger.keep_text(name, text)

    def _tell(self, event: str, ref: ResourceRef) -> None:
        if not ref.kind.is_file:
            hourly = ref.kind.hourly_price(self._prices())
            self._recorder.resource_changed(event, ref.kind.title, ref.name, ref.arn, hourly)
