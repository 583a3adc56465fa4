"""Gathers the facts of a run in one of its processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from pytest_kmslab.report.evidence.call_facts import call_fact
from pytest_kmslab.report.evidence.model import Assertion, Cell, Fact, Matrix, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_kmslab.calls.api_call import ApiCall, ServiceError
    from pytest_kmslab.enforcement.entry import TrailEntry
    from pytest_kmslab.matrix.access_matrix import AccessMatrix

CELLS_EXPLAINED = 2_000
"""Cells of access matrices that one process explains at most; of those beyond it is told what was decided."""
CELLS_KEPT = 20_000
"""Cells of one matrix that are told of at most."""


class Recorder:
    """Takes note of what happens, and `add`s each fact to the report, if somebody wants one."""

    def __init__(self, add: Callable[[Fact], None]) -> None:
        self.add = add
        self._explained = 0
        self.attempt = 0
        """Which try of `eventually` this is, from 1; 0 outside of it."""

    def call_decided(
        self, call: ApiCall, entries: Sequence[TrailEntry], refusal: ServiceError | None
    ) -> None:
        """Take note of a call; a listener of the trail."""
        self.add(call_fact(call, entries, refusal, time.time()))

    def assertion_ended(self, kind: str, wanted: str, first: int, last: int, unmet: str) -> None:
        """Take note of what a test asserted of the decisions from `first` to `last`."""
        self.add(Assertion(time.time(), kind, wanted, unmet, first, last, self.attempt))

    def matrix_made(self, matrix: AccessMatrix) -> None:
        """Take note of an access matrix, while it can be asked why."""
        # A matrix may have as many cells as an account has principals, actions and resources.
        rows = islice(matrix, CELLS_KEPT)
        cells = tuple(Cell(*row, self._explanation(matrix, row[:3])) for row in rows)
        self.add(Matrix(time.time(), cells))

    def resource_changed(self, event: str, kind: str, name: str, arn: str, hourly: float) -> None:
        """Take note that something was `made` or `undone`."""
        self.add(Resource(time.time(), event, kind, name, arn, hourly))

    def _explanation(self, matrix: AccessMatrix, key: tuple[str, str, str]) -> str:
        if self._explained >= CELLS_EXPLAINED:
            return ""
        self._explained += 1
        return matrix[key].explain()
