from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from unit.resources.fakes import Bed

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.resources.waiters import FIRST_PAUSE, LONGEST_PAUSE, Waiter, error_code

CODES = frozenset({"MalformedPolicyDocumentException"})


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutKeyPolicy")


def answers(*given: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    left = iter(given)

    def call() -> object:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def test_a_first_look_that_is_good_costs_no_sleep(bed: Bed) -> None:
    seen = Waiter(settles=True, sleep=bed.sleep).until(answers("ACTIVE"), lambda s: s == "ACTIVE", "it", 10)
    assert (seen, bed.slept) == ("ACTIVE", [])


def test_what_was_seen_already_is_not_looked_at_again() -> None:
    waiter = Waiter(settles=True)
    assert waiter.until(answers(), lambda s: s == "ACTIVE", "it", 10, first="ACTIVE") == "ACTIVE"


def test_it_looks_until_it_is_so_with_longer_and_longer_pauses(bed: Bed) -> None:
    looks = answers(*["CREATING"] * 9, "ACTIVE")
    waiter = Waiter(settles=False, sleep=bed.sleep)
    assert waiter.until(looks, lambda s: s == "ACTIVE", "it", 60, first="CREATING") == "ACTIVE"
    assert len(bed.slept) == 9
    assert bed.slept == sorted(bed.slept)
    assert bed.slept[0] == FIRST_PAUSE
    assert bed.slept[-1] == LONGEST_PAUSE


def test_a_wait_in_vain_says_for_what_how_long_and_what_was_seen(bed: Bed) -> None:
    with pytest.raises(ResourceError, match="waited 30 s for table `t`, last seen: `CREATING`"):
        Waiter(settles=False, sleep=bed.sleep).until(
            lambda: "CREATING", lambda s: s == "ACTIVE", "table `t`", 30
        )
    assert 30 <= sum(bed.slept) <= 30 + LONGEST_PAUSE


def test_a_passing_refusal_is_asked_again(bed: Bed) -> None:
    call = answers(refusal("MalformedPolicyDocumentException"), "done")
    assert Waiter(settles=False, sleep=bed.sleep).while_refused(call, CODES, 120) == "done"
    assert bed.slept == [FIRST_PAUSE]


def test_another_refusal_is_final(bed: Bed) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        Waiter(settles=False, sleep=bed.sleep).while_refused(answers(refusal("AccessDenied")), CODES, 120)
    assert bed.slept == []


def test_a_refusal_that_lasts_is_raised_as_it_is(bed: Bed) -> None:
    def call() -> None:
        raise refusal("MalformedPolicyDocumentException")

    with pytest.raises(ClientError, match="MalformedPolicyDocumentException"):
        Waiter(settles=False, sleep=bed.sleep).while_refused(call, CODES, 20)
    assert sum(bed.slept) >= 20


def test_where_changes_act_at_once_a_refusal_is_final(bed: Bed) -> None:
    call = answers(refusal("MalformedPolicyDocumentException"), "never asked for")
    with pytest.raises(ClientError):
        Waiter(settles=True, sleep=bed.sleep).while_refused(call, CODES, 120)
    assert bed.slept == []


def test_the_code_of_an_error() -> None:
    assert error_code(refusal("AccessDenied")) == "AccessDenied"
    assert error_code(ValueError("x")) == ""
