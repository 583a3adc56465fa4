"""What a lab has made, and how each of it is removed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from pytest_kmslab.errors import ResourceError, TeardownError
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.ledger import Ledger

Remove = Callable[[], object]
"""Removes one resource; finding it gone already is no error."""

PutOff = Callable[[], AbstractContextManager[object]]
"""Lets what would end the run from outside wait while the block lasts."""


@dataclass(slots=True, eq=False)
class TeardownStep:
    """One resource that was to be made, or a text that says what else has to be undone."""

    what: ResourceRef | str
    remove: Remove | None = None
    arn: str = ""
    """Empty until it is known to exist."""
    number: int = 0
    """The ledger's."""


class TeardownStack:
    """Removes what was made, newest first.

    A step is announced before the create call (`intend`) and confirmed after it, so that what a lost
    answer leaves behind is known too. Resources are written to the ledger; a text, for what ends with the
    process, is not.
    """

    def __init__(self, ledger: Ledger | None = None, put_off: PutOff = nullcontext) -> None:
        self._ledger = ledger or Ledger()
        self._put_off = put_off
        self._steps: list[TeardownStep] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not self._steps

    def has(self, ref: ResourceRef) -> bool:
        """Whether this very resource is to be removed."""
        return any(
            isinstance(step.what, ResourceRef) and step.what.kind is ref.kind and step.arn == ref.arn
            for step in self._steps
        )

    def intend(
        self, what: ResourceRef | str, remove: Remove | None = None, *, after: TeardownStep | None = None
    ) -> TeardownStep:
        """Note that `what` is about to be made; give `remove` where it is known before the answer.

        It is removed before all that there is, or `after` another.
        """
        # First, and it may raise: what could not be written down is not made.
        number = self._ledger.intend(what) if isinstance(what, ResourceRef) else 0
        step = TeardownStep(what, remove, number=number)
        # The end of the list is removed first.
        self._steps.insert(len(self._steps) if after is None else self._steps.index(after), step)
        return step

    def confirm(self, step: TeardownStep, arn: str, remove: Remove | None = None) -> None:
        """Note that it exists now."""
        step.arn = arn
        step.remove = remove or step.remove
        if isinstance(step.what, ResourceRef):
            self._ledger.confirm(step.number, arn)

    def undone(self, step: TeardownStep) -> None:
        """Note that it is gone."""
        self._steps.remove(step)
        if isinstance(step.what, ResourceRef):
            self._ledger.undone(step.number)

    def remove(self, step: TeardownStep) -> None:
        """Remove one before its time; it stays to be removed where that fails."""
        if step.remove is not None:
            step.remove()
        self.undone(step)

    def retain(self, until: datetime) -> list[ResourceRef]:
        """Leave every resource that exists to itself until then, and return them; `unwind` removes others."""
        retained = []
        for step in tuple(self._steps):
            if isinstance(step.what, ResourceRef) and step.arn:
                self._ledger.kept(step.number, until)
                self._steps.remove(step)
                retained.append(replace(step.what, arn=step.arn))
        return retained

    def forget_account(self) -> None:
        """Take everything in the account for gone: whoever made the account throws it away."""
        for step in tuple(self._steps):
            # What is in this process or on its disk stays to be undone.
            if isinstance(step.what, ResourceRef) and not step.what.kind.is_file:
                self.undone(step)

    def unwind(self) -> None:
        """Remove everything, newest first, going on past errors; where a key stays, so do the users.

        Raises TeardownError at the end, with every error met. A second call tries only what is left. What
        would end the run waits for it.
        """
        failures: list[tuple[ResourceRef | str, BaseException]] = []
        with self._put_off():
            for step in reversed(tuple(self._steps)):
                try:
                    _refuse_to_orphan(step.what, [what for what, _ in failures])
                    if step.remove is not None:
                        step.remove()
                    self.undone(step)
                except Exception as error:  # Whatever it is: the rest is still to be removed.
                    failures.append((step.what, error))
        if failures:
            raise TeardownError([(str(what), error) for what, error in failures])


def _refuse_to_orphan(what: ResourceRef | str, failed: Sequence[ResourceRef | str]) -> None:
    """A key's policy may leave it to a user alone: without that one nobody could ever remove it."""
    if not isinstance(what, ResourceRef):
        return
    for stays in failed:
        if isinstance(stays, ResourceRef) and stays.kind.name in what.kind.may_remove:
            raise ResourceError(
                f"left in place, because {stays} is left too: perhaps only this user can remove it"
            )
