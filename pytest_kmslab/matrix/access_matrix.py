"""The access matrix: who may do what on what, each cell a whole call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_kmslab.arguments import check_named, check_text, wrong_type
from pytest_kmslab.authz.arn import name_in, resource_of
from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.enforcement.matching import Named, is_named
from pytest_kmslab.matrix.cells import Asked, check_action, decide_cell, is_allowed
from pytest_kmslab.matrix.expected import Expected, ExpectedMapping, Why, difference, expected_of
from pytest_kmslab.matrix.subjects import (
    MatrixError,
    PrincipalSubject,
    ResourceSubject,
    read_principal,
    read_resource,
)

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.authz.decision import Decision

CHUNK = 16
"""Principals that an executor is given at a time."""
MARKS = {True: "yes", False: "-", None: ""}

ActionOnResource = tuple[str, ResourceSubject]
"""An action, and a resource that it is asked about."""
ProgressReporter = Callable[[int, int], None]
"""Told how many of how many principals are decided."""


class Cell(NamedTuple):
    """Whether one principal may do one action on one resource."""

    principal: str
    action: str
    resource: str
    allowed: bool
    asked: tuple[Asked, ...]
    error: str
    """The service's own error, such as that of a disabled key; empty where there is none."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decision of every authorization that the call requires, up to the first denial."""
        return tuple(asked.decision for asked in self.asked)

    def explain(self) -> str:
        """Why, in a few lines for each authorization."""
        texts = [explain(asked.request, asked.policies, asked.grants, asked.decision) for asked in self.asked]
        return "\n\n".join([*texts, *([self.error] if self.error else [])])


class AccessMatrix:
    """Decided cells; a cell's reasons and explanation are worked out again when they are asked for.

    `matrix[principal, action, resource]` takes the lab's objects, ARNs or the names that end them, and raises
    KeyError for what the matrix was not made of.
    """

    def __init__(
        self, principals: Sequence[PrincipalSubject], questions: Sequence[ActionOnResource], allowed: bytes
    ) -> None:
        self._principals = {principal.arn: principal for principal in principals}
        self._actions = tuple(dict.fromkeys(action for action, _ in questions))
        self._resources = {resource.arn: resource for _, resource in questions}
        keys = [(who, action, what.arn) for who in self._principals for action, what in questions]
        self._allowed = dict(zip(keys, map(bool, allowed), strict=True))

    def __len__(self) -> int:
        return len(self._allowed)

    def __iter__(self) -> Iterator[tuple[str, str, str, bool]]:
        """Principal, action, resource, and whether it is allowed, in the order in which they were given."""
        return ((*key, allowed) for key, allowed in self._allowed.items())

    def __getitem__(self, key: tuple[Named, str, Named]) -> Cell:
        if not isinstance(key, tuple) or len(key) != 3:
            raise wrong_type("matrix[…]", "a principal, an action and a resource", key)
        named = (
            check_named("principal", key[0]),
            check_text("action", key[1]),
            check_named("resource", key[2]),
        )
        principal, action, resource = self._only_cell(*named)
        allowed = self._allowed[principal, action, resource]
        # A million cells with their reasons would not fit into memory, and hardly any is looked at.
        asked, error = decide_cell(self._principals[principal], action, self._resources[resource])
        return Cell(principal, action, resource, allowed, tuple(asked), error)

    def _only_cell(self, who: str, action: str, what: str) -> tuple[str, str, str]:
        """The one cell that is so named."""
        if (who, action, what) in self._allowed:
            return who, action, what
        cells = [
            key
            for key in self._allowed
            if key[1] == action and is_named(key[0], who) and is_named(key[2], what)
        ]
        if len(cells) != 1:
            number = "several cells of the matrix are" if cells else "no cell of the matrix is"
            raise KeyError(f"{number} of `{who}`, `{action}`, `{what}`")
        return cells[0]

    def difference(self, expected: Expected, why: Why | None = None) -> list[str]:
        """What is otherwise than expected, as lines that read like a review; empty where nothing is."""
        return difference(self._allowed, expected, why)

    def assert_equals(self, expected: ExpectedMapping | Path) -> None:
        """Raise AssertionError unless exactly what is expected is allowed; its message reads like a review.

        `expected` is a CSV, YAML or JSON file, or a mapping of principals to mappings of actions to the
        resources (ARNs, names that end one, or the lab's objects) that are allowed. What is not in it is
        expected to be denied. Raises MatrixError for what cannot be read.
        """
        # The traceback ends in the test, whose line says what was expected.
        __tracebackhide__ = True
        lines = self.difference(expected_of(expected))
        if lines:
            raise AssertionError("the access matrix is another than expected:\n" + "\n".join(lines))

    def __str__(self) -> str:
        """A table: a row for each principal and action, a column for each resource; nothing stands where an
        action is not for a resource."""
        heads = _heads(self._resources)
        rows = [
            (
                f"{principal.rpartition('/')[2]} {action}",
                [MARKS[self._allowed.get((principal, action, arn))] for arn in self._resources],
            )
            for principal, action in product(self._principals, self._actions)
        ]
        first = max((len(name) for name, _ in rows), default=0)
        lines = [" " * first + "  " + "  ".join(heads)]
        for name, cells in rows:
            marks = "  ".join(cell.center(len(head)) for cell, head in zip(cells, heads, strict=True))
            lines.append(f"{name:{first}}  {marks}".rstrip())
        return "\n".join(lines)


def _heads(arns: Iterable[str]) -> list[str]:
    """The last part of each ARN; as much more of it as tells all of them apart."""
    paths = list(short_names(arns).values())
    names = [name_in(path) for path in paths]
    return names if len(set(names)) == len(names) else paths


def short_names(arns: Iterable[str]) -> dict[str, str]:
    """The path of each ARN (`key/orders`); the whole ARN where another one's path is the same."""
    paths = {arn: resource_of(arn) for arn in arns}
    # A multi-Region key has one id in each of its Regions.
    counts = Counter(paths.values())
    return {arn: path if counts[path] == 1 else arn for arn, path in paths.items()}


def access_matrix_of(
    view: AccountView,
    principals: Iterable[Named],
    actions: Iterable[str],
    resources: Iterable[Named],
    executor: Executor | None = None,
    report_progress: ProgressReporter | None = None,
) -> AccessMatrix:
    """Decide every cell from what an account is now; no call is made. Raises MatrixError.

    With an executor (a process pool, for example) principals are shared out among its workers.
    """
    actions = tuple(dict.fromkeys(actions))
    for action in actions:
        check_action(action)
    # By ARN: what is named twice, or once as the lab's object and once by its ARN, is one row.
    who = {one.arn: one for one in (read_principal(view, one) for one in principals)}
    what = {one.arn: one for one in (read_resource(view, one) for one in resources)}
    questions = tuple(product(actions, what.values()))
    return decide_matrix(tuple(who.values()), questions, executor, report_progress)


def decide_matrix(
    principals: Sequence[PrincipalSubject],
    questions: Sequence[ActionOnResource],
    executor: Executor | None = None,
    report_progress: ProgressReporter | None = None,
) -> AccessMatrix:
    """Decide every cell; raises MatrixError for an action that is not decided."""
    decided = [answers for _, answers in decided_chunks(principals, questions, executor, report_progress)]
    return AccessMatrix(principals, questions, b"".join(decided))


def decided_chunks(
    principals: Sequence[PrincipalSubject],
    questions: Sequence[ActionOnResource],
    executor: Executor | None = None,
    report_progress: ProgressReporter | None = None,
) -> Iterator[tuple[Sequence[PrincipalSubject], bytes]]:
    """The cells of some principals after the others, one byte each, as soon as they are decided; raises
    MatrixError at the first for an action that is not decided."""
    for action in dict.fromkeys(action for action, _ in questions):
        check_action(action)
    if not principals or not questions:
        missing = "principals" if not principals else "actions, or no resources"
        raise MatrixError(f"an access matrix needs principals, actions and resources, and has no {missing}")
    # The questions go along with every chunk to another process: with each principal alone they would be
    # most of what is sent.
    work = partial(_decide, questions=tuple(questions))
    chunks = [principals[start : start + CHUNK] for start in range(0, len(principals), CHUNK)]
    # Both keep the order of the chunks, whichever of them is done first.
    decided = map(work, chunks) if executor is None else executor.map(work, chunks)
    done = 0
    for chunk, answers in zip(chunks, decided, strict=True):
        yield chunk, answers
        done += len(chunk)
        if report_progress is not None:
            report_progress(done, len(principals))


def _decide(principals: Sequence[PrincipalSubject], questions: Sequence[ActionOnResource]) -> bytes:
    """One byte a cell, in the order of the matrix: nothing else need come back from another process."""
    return bytes(
        is_allowed(*decide_cell(principal, action, resource))
        for principal in principals
        for action, resource in questions
    )
