"""What a lab has made, and how each thing is removed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pytest_kmslab.errors import ResourceError, TeardownError
from pytest_kmslab.lab.resource_ref import KMS_KEY, USER, ResourceRef
from pytest_kmslab.lab.teardown.ledger import Ledger, NoLedger

Remove = Callable[[], object]
"""Removes one thing; finding it gone already is no error."""


@dataclass(slots=True, eq=False)
class Step:
    """One thing that was to be made. `arn` is empty until it is known to exist, `number` is the ledger's."""

    what: ResourceRef | str
    remove: Remove | None = None
    arn: str = ""
    number: int = 0


class TeardownStack:
    """Removes what was made, newest first.

    A step is announced before the create call (`intend`) and confirmed after it, so that what a lost
    answer leaves behind is known too. What is a Thing is noted in the ledger; a text, for what ends with
    the process, is not.
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or NoLedger()
        self._steps: list[Step] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not self._steps

    def intend(self, what: ResourceRef | str, remove: Remove | None = None) -> Step:
        """Note that `what` is about to be made; give `remove` where it can be told before the answer."""
        number = self._ledger.intend(what) if isinstance(what, ResourceRef) else 0
        step = Step(what, remove, number=number)
        self._steps.append(step)
        return step

    def confirm(self, step: Step, arn: str, remove: Remove | None = None) -> None:
        """Note that it exists now."""
        step.arn = arn
        step.remove = remove or step.remove
        if isinstance(step.what, ResourceRef):
            self._ledger.confirm(step.number, arn)

    def undone(self, step: Step) -> None:
        """Note that it is gone."""
        self._steps.remove(step)
        if isinstance(step.what, ResourceRef):
            self._ledger.undone(step.number)

    def keep(self, until: datetime) -> list[ResourceRef]:
        """Leave every Thing that exists to itself until then, and return them; `unwind` removes the rest."""
        kept = []
        for step in tuple(self._steps):
            if isinstance(step.what, ResourceRef) and step.arn:
                self._ledger.kept(step.number, until)
                self._steps.remove(step)
                kept.append(replace(step.what, arn=step.arn))
        return kept

    def unwind(self) -> None:
        """Remove everything, newest first, going on past errors; where a key stays, so do the users.

        Raises TeardownError at the end, with every error met. A second call tries only what is left.
        """
        failures: list[tuple[ResourceRef | str, BaseException]] = []
        for step in reversed(tuple(self._steps)):
            try:
                _refuse_to_orphan(step.what, [what for what, _ in failures])
                if step.remove is not None:
                    step.remove()
                self.undone(step)
            except Exception as error:
                failures.append((step.what, error))
        if failures:
            raise TeardownError([(str(what), error) for what, error in failures])


def _refuse_to_orphan(what: ResourceRef | str, failed: Sequence[ResourceRef | str]) -> None:
    """A key's policy may leave it to a user alone: without that one nobody could ever remove it."""
    keys = [one for one in failed if isinstance(one, ResourceRef) and one.kind == KMS_KEY]
    if keys and isinstance(what, ResourceRef) and what.kind == USER:
        raise ResourceError(f"left, because {keys[0]} is, which may be that user's alone to remove")
