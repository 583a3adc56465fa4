"""`access_matrix()`: who may do what in the lab that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import (
    NAMED,
    arn_of,
    check_text,
    refusal_text,
    several,
    several_texts,
    wrong_type,
)
from pytest_kmslab.errors import OutsideLabError
from pytest_kmslab.session.current import current_run

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.enforcement.matching import Named
    from pytest_kmslab.matrix.access_matrix import AccessMatrix

PROGRESS = "kmslab: access matrix, principals decided"


def access_matrix(
    principals: Iterable[Named] | Named = (),
    actions: Iterable[str] | str = (),
    resources: Iterable[Named] | Named = (),
    *,
    policies: Path | None = None,
    account: str = "",
    region: str = "",
    executor: Executor | None = None,
) -> AccessMatrix:
    """Decide, for every principal, action and resource, whether the whole call would be let through; no
    call is made.

        matrix = access_matrix([key_user, outsider], ["dynamodb:GetItem"], [encrypted_table])
        assert not matrix[outsider, "dynamodb:GetItem", encrypted_table].allowed
        matrix.assert_equals(Path("access.csv"))

    `dynamodb:GetItem` on a table is allowed only if the caller may read the table and use its key.
    Conditions on what a request says (the keys of an item, an encryption context given by hand) see a
    request that says nothing. Principals and resources are ARNs or the lab's objects, one or several. An
    `executor` of `concurrent.futures` shares the work out.

    With `policies`, a directory of policy files as `kmslab matrix` reads it, no lab is needed. Names do for
    its principals and resources, and what is not named is all that the directory has; `account` and `region`
    are needed only where its files do not say them.

    What takes more than two seconds is told on a terminal. Raises OutsideLabError where no lab is open, and
    MatrixError (a ValueError) for what cannot be decided.
    """
    run = current_run()
    principals = several("principals", principals, "users or roles")
    actions = several_texts("actions", actions, "actions")
    resources = several("resources", resources, "keys, tables or roles")
    _check_place(policies, account, region)
    # A class has the method too, and nothing to call it on.
    if isinstance(executor, type) or (executor is not None and not callable(getattr(executor, "map", None))):
        raise wrong_type("executor", "an `Executor` of `concurrent.futures`", executor)
    if policies is not None:
        matrix = _of_files(policies, principals, actions, resources, (account, region), executor)
    elif run is None or not run.in_lab:
        raise OutsideLabError(
            "`access_matrix` needs a lab, and none is open: let the test ask for the fixture `kmslab`"
        )
    else:
        matrix = _of_lab(run.view, principals, actions, resources, executor)
    # A matrix of policy files is made without a lab too: the report of the run shows it all the same.
    if run is not None and run.recorder is not None:
        run.recorder.matrix_made(matrix)
    return matrix


def _of_lab(
    view: AccountView,
    principals: Iterable[Named],
    actions: Iterable[str],
    resources: Iterable[Named],
    executor: Executor | None,
) -> AccessMatrix:
    # Not imported above, here and below: every run loads what tests may say, and few ask for a matrix.
    from pytest_kmslab.matrix.access_matrix import access_matrix_of
    from pytest_kmslab.report.console import terminal_progress

    progress = terminal_progress(PROGRESS)
    return access_matrix_of(view, principals, actions, resources, executor, progress)


def _of_files(
    policies: Path,
    principals: Iterable[Named],
    actions: Sequence[str],
    resources: Iterable[Named],
    place: tuple[str, str],
    executor: Executor | None,
) -> AccessMatrix:
    from pytest_kmslab.matrix.access_matrix import decide_matrix
    from pytest_kmslab.matrix.policy_directory import read_directory
    from pytest_kmslab.report.console import terminal_progress

    directory = read_directory(policies, *place)
    named = [arn_of("principals", one, NAMED) for one in principals]
    who = directory.chosen_principals(named)
    questions = directory.questions(actions, [arn_of("resources", one, NAMED) for one in resources])
    return decide_matrix(who, questions, executor, terminal_progress(PROGRESS))


def _check_place(policies: Any, account: Any, region: Any) -> None:
    """Raise for policies that are no directory, and for an account or Region that would have no effect."""
    if policies is not None and not isinstance(policies, Path):
        raise wrong_type("policies", "the `pathlib.Path` of a directory of policy files", policies)
    for argument, value in (("account", account), ("region", region)):
        if check_text(argument, value) and policies is None:
            wanted = "it with `policies` alone (a lab has an account and a Region)"
            raise ValueError(refusal_text(argument, wanted, value))
