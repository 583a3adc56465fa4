from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from unit.assertions.conftest import FakeRun

from pytest_kmslab import ExpectationError, allowed

pytestmark = pytest.mark.usefixtures("undecided")


def error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetItem")


def test_a_body_with_a_call_and_without_error_passes(undecided: FakeRun) -> None:
    with allowed():
        undecided.trail.count_call()


def test_a_denial_fails_and_names_the_action() -> None:
    came = error("AccessDeniedException", "User: x is not authorized to perform: kms:Decrypt on resource: y")
    with pytest.raises(ExpectationError) as caught, allowed():
        raise came
    assert str(caught.value).startswith("denied `kms:Decrypt`: GetItem was answered AccessDeniedException: ")
    assert caught.value.__cause__ is came


def test_a_denial_that_names_no_action_fails_too() -> None:
    with pytest.raises(ExpectationError, match="denied `an unnamed action`: "), allowed():
        raise error("AccessDenied", "Access Denied")


def test_another_error_of_a_service_is_neither() -> None:
    with (
        pytest.raises(
            ExpectationError,
            match="neither allowed nor denied: GetItem was answered ResourceNotFoundException: not found",
        ),
        allowed(),
    ):
        raise error("ResourceNotFoundException", "not found")


@pytest.mark.parametrize("came", [ValueError, KeyboardInterrupt, pytest.skip.Exception])
def test_an_exception_that_no_service_answered_passes_through(came: type[BaseException]) -> None:
    with pytest.raises(came), allowed():
        raise came


def test_an_expectation_is_an_assertion() -> None:
    assert issubclass(ExpectationError, AssertionError)
