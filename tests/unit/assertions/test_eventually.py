from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import ExpectationError, allowed, denied, eventually
from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.waiting.retry_policy import RetryPolicy, default_retry_policy
from pytest_kmslab.session.current import current_run
from pytest_kmslab.session.run import Run

pytestmark = pytest.mark.usefixtures("undecided")

DENIED = ("AccessDeniedException", "User: x is not authorized to perform: kms:Decrypt on resource: y")
UNKNOWN_KEY = ("UnrecognizedClientException", "The security token included in the request is invalid.")


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now

    def eventually(self, **asked: Any) -> Iterator[Any]:
        return eventually(sleep=self.sleep, clock=self.clock, **asked)


@pytest.fixture
def time() -> Time:
    return Time()


class Calls:
    """A call that is answered so and so, one after another, the last answer for ever."""

    def __init__(self, *answers: tuple[str, str] | None) -> None:
        self.answers = list(answers)
        self.made = 0

    def __call__(self) -> None:
        answer = self.answers[min(self.made, len(self.answers) - 1)]
        self.made += 1
        run = current_run()
        assert run is not None
        run.trail.count_call()
        if answer is not None:
            code, message = answer
            raise ClientError({"Error": {"Code": code, "Message": message}}, "GetItem")


def allow_eventually(time: Time, call: Calls, **asked: Any) -> None:
    for attempt in time.eventually(**asked):
        with attempt, allowed():
            call()


def call_eventually(time: Time, call: Callable[[], None], **asked: Any) -> None:
    for attempt in time.eventually(**asked):
        with attempt:
            call()


def test_what_holds_at_once_is_tried_once_without_sleeping(time: Time) -> None:
    call = Calls(None)
    allow_eventually(time, call, within=60)
    assert (call.made, time.slept) == (1, [])


def test_without_a_time_the_first_failure_decides_without_sleeping(time: Time) -> None:
    call = Calls(DENIED, None)
    with pytest.raises(ExpectationError) as caught:
        allow_eventually(time, call)
    assert (call.made, time.slept) == (1, [])
    assert "tried" not in str(caught.value)


def test_without_a_time_a_row_is_made_without_sleeping(time: Time) -> None:
    call = Calls(None)
    allow_eventually(time, call, in_a_row=3)
    assert (call.made, time.slept) == (3, [])


def test_without_a_time_a_row_that_breaks_fails(time: Time) -> None:
    call = Calls(None, None, DENIED, None)
    with pytest.raises(ExpectationError, match=r"tried 3 times in 0\.0 s"):
        allow_eventually(time, call, in_a_row=3)
    assert time.slept == []


def test_an_unmet_expectation_is_tried_again_until_it_holds(time: Time) -> None:
    call = Calls(DENIED, DENIED, None)
    allow_eventually(time, call, within=60)
    assert call.made == 3
    assert time.slept == [0.25, 0.5]


def test_a_denial_can_be_waited_for(time: Time) -> None:
    call = Calls(None, None, DENIED)
    for attempt in time.eventually(within=60):
        with attempt, denied("kms:Decrypt"):
            call()
    assert call.made == 3


def test_pauses_grow_to_a_limit_and_end_with_the_time_given(time: Time) -> None:
    with pytest.raises(ExpectationError):
        allow_eventually(time, Calls(DENIED), within=30)
    assert time.slept == [0.25, 0.5, 1, 2, 4, 8, 8, 6.25]
    assert time.now == 1030


def test_a_timeout_says_how_long_and_how_often_and_what_came_last(time: Time) -> None:
    call = Calls(UNKNOWN_KEY, DENIED)
    with pytest.raises(ExpectationError) as caught:
        allow_eventually(time, call, within=1)
    assert str(caught.value).startswith("denied `kms:Decrypt`: GetItem was answered AccessDeniedException: ")
    assert str(caught.value).endswith("\n(tried 4 times in 1.0 s)")
    assert isinstance(caught.value.__cause__, ExpectationError)


@pytest.mark.parametrize(
    "code",
    ["UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "ThrottlingException"],
)
def test_a_service_error_that_passes_is_tried_again_outside_an_expectation_too(time: Time, code: str) -> None:
    call = Calls((code, "wait"), None)
    call_eventually(time, call, within=60)
    assert call.made == 2


def test_a_service_error_that_did_not_pass_is_told(time: Time) -> None:
    with pytest.raises(ExpectationError, match="GetItem was answered UnrecognizedClient") as caught:
        call_eventually(time, Calls(UNKNOWN_KEY), within=1)
    assert isinstance(caught.value.__cause__, ClientError)


def test_a_service_error_with_one_try_stays_what_it_is(time: Time) -> None:
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        call_eventually(time, Calls(UNKNOWN_KEY))


@pytest.mark.parametrize("came", [AssertionError("plain"), ValueError("broken"), KeyboardInterrupt()])
def test_anything_else_ends_it_at_once(time: Time, came: BaseException) -> None:
    call = Mock(side_effect=came)
    with pytest.raises(type(came)) as caught:
        call_eventually(time, call, within=60)
    assert caught.value is came
    assert call.call_count == 1


def test_a_service_error_that_does_not_pass_ends_it_at_once(time: Time) -> None:
    call = Calls(("ResourceNotFoundException", "no table"), None)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        call_eventually(time, call, within=60)
    assert call.made == 1


def test_successes_must_follow_one_another(time: Time) -> None:
    call = Calls(None, None, DENIED, None, None, None)
    allow_eventually(time, call, within=60, in_a_row=3)
    assert call.made == 6


def test_between_successes_there_is_a_pause_where_time_is_given(time: Time) -> None:
    allow_eventually(time, Calls(None), within=60, in_a_row=3)
    assert time.slept == [0.25, 0.25]


def test_a_row_that_has_begun_in_time_is_let_finish(time: Time) -> None:
    call = Calls(DENIED, None)
    allow_eventually(time, call, within=0.25, in_a_row=4)
    assert call.made == 5
    assert time.now > 1000.25


def test_time_spent_in_the_call_counts(time: Time) -> None:
    refused = Calls(UNKNOWN_KEY)

    def call() -> None:
        time.now += 6
        refused()

    with pytest.raises(ExpectationError, match="tried 2 times in 1"):
        call_eventually(time, call, within=10)
    assert refused.made == 2


@pytest.mark.parametrize("within", [-1, float("nan")])
def test_a_time_that_is_none_is_a_mistake_of_the_test(within: float) -> None:
    with pytest.raises(ValueError, match="`within`: give seconds, 0 or more, not `"):
        eventually(within=within)


def test_a_row_of_none_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="`in_a_row`: give how many successes, 1 or more, not `0`"):
        eventually(in_a_row=0)


SLOW = RetryPolicy(within=120, within_if_allowed=400, in_a_row=3)


def test_what_the_backend_needs_is_taken_where_a_test_says_nothing(time: Time) -> None:
    call = Calls(DENIED, None, DENIED, None)
    with default_retry_policy(lambda: SLOW):
        allow_eventually(time, call)
    assert call.made == 3 + SLOW.in_a_row
    with pytest.raises(ExpectationError, match="tried") as caught, default_retry_policy(lambda: SLOW):
        allow_eventually(time, Calls(DENIED))
    assert "in 120.0 s" in str(caught.value)


def deny_eventually(time: Time, call: Calls, **asked: Any) -> None:
    for attempt in time.eventually(**asked):
        with attempt, denied("kms:Decrypt"):
            call()


def test_what_goes_through_and_should_be_denied_is_waited_for_longer(time: Time) -> None:
    with default_retry_policy(lambda: SLOW), pytest.raises(ExpectationError, match=r"in 400\.0 s"):
        deny_eventually(time, Calls(None))


def test_a_denial_of_something_else_is_not(time: Time) -> None:
    other = Calls(("AccessDeniedException", "User: x is not authorized to perform: dynamodb:Scan on y"))
    with default_retry_policy(lambda: SLOW), pytest.raises(ExpectationError, match=r"in 120\.0 s"):
        deny_eventually(time, other)


def test_what_a_test_says_counts(time: Time) -> None:
    call = Calls(DENIED, None)
    with default_retry_policy(lambda: SLOW):
        allow_eventually(time, call, within=1, in_a_row=1)
        assert call.made == 2
        with pytest.raises(ExpectationError, match=r"in 1\.0 s"):
            deny_eventually(time, Calls(None), within=1)


def test_a_long_wait_is_told_of(time: Time) -> None:
    told: list[str] = []
    with default_retry_policy(lambda: RetryPolicy(within=60, report_progress=told.append)):
        allow_eventually(time, Calls(*[DENIED] * 5, None))
    assert told == ["kmslab: waiting for an expectation to hold: 4 s so far, 60 s at most"]


def test_where_changes_act_at_once_nothing_is_needed_and_on_aws_minutes() -> None:
    assert Run(Settings()).retry_policy() == RetryPolicy()
    aws = Run(Settings(backend="aws")).retry_policy()
    assert (aws.within, aws.within_if_allowed, aws.in_a_row) == (120, 400, 3)
