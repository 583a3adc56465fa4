"""What a lab has made, and how each thing is removed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_kmslab.errors import TeardownError

Remove = Callable[[], object]
"""Removes one thing; finding it gone already is no error."""


@dataclass(slots=True, eq=False)
class Step:
    """One thing that was to be made. `arn` is empty until it is known to exist."""

    what: str
    remove: Remove | None = None
    arn: str = ""


class Undo:
    """Removes what was made, newest first.

    A step is announced before the create call (`intend`) and confirmed after it, so that what a lost
    answer leaves behind is known too.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def intend(self, what: str, remove: Remove | None = None) -> Step:
        """Note that `what` is about to be made; give `remove` where it can be told before the answer."""
        step = Step(what, remove)
        self._steps.append(step)
        return step

    def confirm(self, step: Step, arn: str, remove: Remove | None = None) -> None:
        """Note that it exists now."""
        step.arn = arn
        step.remove = remove or step.remove

    def undone(self, step: Step) -> None:
        """Note that it is gone."""
        self._steps.remove(step)

    def unwind(self) -> None:
        """Remove everything, newest first, going on past errors.

        Raises TeardownError at the end, with every error met. A second call tries only what is left.
        """
        failures: list[tuple[str, BaseException]] = []
        for step in reversed(tuple(self._steps)):
            try:
                if step.remove is not None:
                    step.remove()
            except Exception as error:
                failures.append((step.what, error))
            else:
                self.undone(step)
        if failures:
            raise TeardownError(failures)
