from __future__ import annotations

import pytest

from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.enforcement.trail import Trail, UndecidedCalls
from pytest_kmslab.errors import BackendError


def test_calls_are_counted_by_their_service() -> None:
    trail = Trail()
    for service in ("s3", "sqs", "s3"):
        UndecidedCalls(trail).let_through(service, "Anything")
    assert trail.undecided == {"s3": 2, "sqs": 1}


def test_a_call_is_refused_where_the_run_asks_for_that() -> None:
    calls = UndecidedCalls(Trail(), refuse=True)
    with pytest.raises(
        BackendError, match="`s3:PutObject` is not decided, and --kmslab-undecided=error refuses"
    ):
        calls.let_through("s3", "PutObject")
    with pytest.raises(BackendError, match="`a call to s3` is not decided"):
        calls.let_through("s3")


@pytest.mark.parametrize("refuse", [True, False])
def test_what_the_lab_does_for_itself_goes_through_uncounted(refuse: bool) -> None:
    trail = Trail()
    with calls_of(Origin.LAB):
        UndecidedCalls(trail, refuse=refuse).let_through("cloudwatch", "PutMetricAlarm")
    assert not trail.undecided
