"""`access_matrix()`: who may do what in the lab that is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_kmslab.errors import OutsideLabError
from pytest_kmslab.session.current import current_run

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pytest_kmslab.enforcement.matching import Named
    from pytest_kmslab.matrix.access_matrix import AccessMatrix


def access_matrix(
    principals: Iterable[Named],
    actions: Iterable[str],
    resources: Iterable[Named],
    *,
    executor: Executor | None = None,
) -> AccessMatrix:
    """Decide, for every principal, action and resource, whether the whole call would be let through; no
    call is made.

        matrix = access_matrix([key_user, outsider], ["dynamodb:GetItem"], [encrypted_table])
        assert not matrix[outsider, "dynamodb:GetItem", encrypted_table].allowed
        matrix.assert_equals(Path("access.csv"))

    `dynamodb:GetItem` on a table is allowed only if the caller may read the table and use its key.
    Conditions on what a request says (the keys of an item, an encryption context given by hand) see a
    request that says nothing. Principals and resources are ARNs or the lab's objects. An `executor` of
    `concurrent.futures` shares the work out. Raises OutsideLabError where no lab is open, and MatrixError
    (a ValueError) for what cannot be decided.
    """
    from pytest_kmslab.matrix.access_matrix import access_matrix_of

    run = current_run()
    if run is None or not run.in_lab:
        raise OutsideLabError(
            "`access_matrix` needs a lab, and none is open: let the test ask for the fixture `kmslab`"
        )
    matrix = access_matrix_of(run.view, principals, actions, resources, executor)
    if run.recorder is not None:
        run.recorder.matrix_made(matrix)
    return matrix
