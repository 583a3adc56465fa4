from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from helpers.fake_client import Bed

from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.waiting.waiters import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    ROW_PAUSE,
    Passing,
    Waiter,
)

PASSING = Passing(frozenset({"MalformedPolicyDocumentException"}), "invalid principals")


def refusal(code: str, message: str = "one or more invalid principals.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "PutKeyPolicy")


def answers(*given: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    left = iter(given)

    def call() -> object:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def test_a_first_look_that_is_good_costs_no_sleep(bed: Bed) -> None:
    seen = Waiter(is_strongly_consistent=True, sleep=bed.sleep).until(
        answers("ACTIVE"), lambda s: s == "ACTIVE", "it", 10
    )
    assert (seen, bed.slept) == ("ACTIVE", [])


def test_what_was_seen_already_is_not_looked_at_again() -> None:
    waiter = Waiter(is_strongly_consistent=True)
    assert waiter.until(answers(), lambda s: s == "ACTIVE", "it", 10, first="ACTIVE") == "ACTIVE"


def test_it_looks_until_it_is_so_with_longer_and_longer_pauses(bed: Bed) -> None:
    looks = answers(*["CREATING"] * 9, "ACTIVE")
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    assert waiter.until(looks, lambda s: s == "ACTIVE", "it", 60, first="CREATING") == "ACTIVE"
    assert len(bed.slept) == 9
    assert bed.slept == sorted(bed.slept)
    assert bed.slept[0] == FIRST_PAUSE
    assert bed.slept[-1] == LONGEST_PAUSE


def test_a_wait_in_vain_says_for_what_how_long_and_what_was_seen(bed: Bed) -> None:
    with pytest.raises(ResourceError, match="waited 30 s for table `t`, last seen: `CREATING`"):
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).until(
            lambda: "CREATING", lambda s: s == "ACTIVE", "table `t`", 30
        )
    assert 30 <= sum(bed.slept) <= 30 + LONGEST_PAUSE


def test_a_passing_refusal_is_asked_again(bed: Bed) -> None:
    call = answers(refusal("MalformedPolicyDocumentException"), "done")
    assert (
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).while_refused(call, PASSING, "it", 120)
        == "done"
    )
    assert bed.slept == [FIRST_PAUSE]


def test_another_refusal_is_final(bed: Bed) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).while_refused(
            answers(refusal("AccessDenied")), PASSING, "it", 120
        )
    assert bed.slept == []


def test_a_refusal_that_lasts_is_raised_as_it_is(bed: Bed) -> None:
    def call() -> None:
        raise refusal("MalformedPolicyDocumentException")

    with pytest.raises(ClientError, match="MalformedPolicyDocumentException"):
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).while_refused(call, PASSING, "it", 20)
    assert sum(bed.slept) >= 20


def test_where_changes_act_at_once_a_refusal_is_final(bed: Bed) -> None:
    call = answers(refusal("MalformedPolicyDocumentException"), "never asked for")
    with pytest.raises(ClientError):
        Waiter(is_strongly_consistent=True, sleep=bed.sleep).while_refused(call, PASSING, "it", 120)
    assert bed.slept == []


def test_the_code_of_an_error() -> None:
    assert error_code(refusal("AccessDenied")) == "AccessDenied"
    assert error_code(ValueError("x")) == ""


def test_a_refusal_of_that_code_for_another_reason_is_final(bed: Bed) -> None:
    call = answers(refusal("MalformedPolicyDocumentException", "not JSON"))
    with pytest.raises(ClientError, match="not JSON"):
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).while_refused(call, PASSING, "it", 120)
    assert bed.slept == []


def is_on(seen: object) -> bool:
    return seen == "on"


def test_it_must_be_seen_so_several_times_running(bed: Bed) -> None:
    looks = answers("off", "on", "off", "on", "on", "on")
    assert (
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).until(looks, is_on, "it", 60, in_a_row=3)
        == "on"
    )
    assert bed.slept.count(ROW_PAUSE) == 3
    with pytest.raises(StopIteration):
        looks()


def test_what_was_seen_already_counts_in_the_row(bed: Bed) -> None:
    looks = answers("on")
    Waiter(is_strongly_consistent=False, sleep=bed.sleep).until(
        looks, is_on, "it", 60, first="on", in_a_row=2
    )
    with pytest.raises(StopIteration):
        looks()


def test_where_changes_act_at_once_once_is_enough() -> None:
    assert Waiter(is_strongly_consistent=True).until(answers("on"), is_on, "it", 60, in_a_row=3) == "on"


def test_a_row_that_has_begun_in_time_is_let_finish(bed: Bed) -> None:
    looks = answers("off", *["on"] * 3)
    assert (
        Waiter(is_strongly_consistent=False, sleep=bed.sleep).until(looks, is_on, "it", 0.1, in_a_row=3)
        == "on"
    )


def test_one_can_go_on_without_it(bed: Bed) -> None:
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    assert not waiter.holds(lambda: "off", is_on, "it", 30, 1)
    assert waiter.holds(lambda: "on", is_on, "it", 30, 2)


def test_a_long_wait_is_told_of_and_a_short_one_is_not(bed: Bed) -> None:
    told: list[str] = []
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep, report_progress=told.append)
    waiter.until(answers(*["off"] * 4, "on"), is_on, "a short one", 60)
    assert told == []
    waiter.until(answers(*["off"] * 9, "on"), is_on, "table `t`", 60)
    assert told == [
        "kmslab: waiting for table `t`: 3 s so far, 60 s at most",
        "kmslab: waiting for table `t`: 6 s so far, 60 s at most",
        "kmslab: waiting for table `t`: 16 s so far, 60 s at most",
    ]


def test_a_faster_stand_in_is_waited_for_as_much_faster(bed: Bed) -> None:
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep, pace=0.1)
    with pytest.raises(ResourceError, match="waited 3 s for it"):
        waiter.until(lambda: "off", is_on, "it", 30)
    assert bed.slept[0] == pytest.approx(FIRST_PAUSE / 10)
    assert max(bed.slept) == pytest.approx(LONGEST_PAUSE / 10)
