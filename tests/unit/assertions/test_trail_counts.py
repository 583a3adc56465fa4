"""`denied` and `allowed` go by what was decided in their block, whatever became of the error."""

from __future__ import annotations

import sys
from asyncio import CancelledError
from threading import Thread
from typing import Any
from unittest import SkipTest

import pytest
from botocore.exceptions import ClientError
from unit.assertions.conftest import ANA, KEY, FakeRun

from pytest_kmslab import ExpectationError, allowed, denied
from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.errors import OutsideLabError

MESSAGE = "User: x is not authorized to perform: kms:Decrypt on resource: y"
DENIAL = ClientError({"Error": {"Code": "AccessDeniedException", "Message": MESSAGE}}, "GetItem")
ROLE = "arn:aws:iam::111122223333:role/app/reader"
SESSION = "arn:aws:sts::111122223333:assumed-role/reader/worker"


def test_a_denial_that_was_handled_passes(run: FakeRun) -> None:
    with denied("kms:Decrypt") as denial:
        run.decide("missing")
    assert (denial.action, denial.operation, denial.code) == ("kms:Decrypt", "GetItem", "")


def test_an_exception_that_carries_the_denial_is_swallowed(run: FakeRun) -> None:
    with denied("kms:Decrypt") as denial:
        run.decide("missing")
        try:
            raise DENIAL
        except ClientError as error:
            raise LookupError("no such order") from error
    assert denial.code == "AccessDeniedException"


def test_an_exception_raised_while_the_denial_was_handled_is_swallowed(run: FakeRun) -> None:
    with denied("kms:Decrypt"):
        run.decide("missing")
        try:
            raise DENIAL
        except ClientError:
            raise LookupError("no such order") from None


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are new in Python 3.11")
def test_a_group_that_holds_the_denial_is_swallowed(run: FakeRun) -> None:
    with denied("kms:Decrypt"):
        run.decide("missing")
        raise ExceptionGroup("both", [ValueError(), DENIAL])  # noqa: F821


@pytest.mark.parametrize("error", [AssertionError("not 403"), ValueError("broken")])
def test_an_exception_that_does_not_carry_the_denial_is_never_lost(run: FakeRun, error: Exception) -> None:
    with pytest.raises(type(error)), denied("kms:Decrypt"):  # noqa: PT012
        run.decide("missing")
        raise error


def test_an_error_that_nobody_decided_is_not_a_denial(run: FakeRun) -> None:
    with pytest.raises(ExpectationError, match="no decision of this run says so"), denied("kms:Decrypt"):
        raise DENIAL


def test_what_allowed_it_is_said(run: FakeRun) -> None:
    with (
        pytest.raises(ExpectationError, match=r"it was allowed; .*`Allow use of the key`"),
        denied("kms:Decrypt"),
    ):
        run.decide("allowed")


def test_that_nothing_was_called_is_said(run: FakeRun) -> None:
    with pytest.raises(ExpectationError, match="no AWS call was made"), denied("kms:Decrypt"):
        pass


def test_denied_and_allowed_in_one_block_is_neither(run: FakeRun) -> None:
    with pytest.raises(ExpectationError, match="and allowed too"), denied("kms:Decrypt"):  # noqa: PT012
        run.decide("missing")
        run.decide("allowed")


def test_allowed_by_another_way_does_not_matter_where_one_is_named(run: FakeRun) -> None:
    with denied("kms:Decrypt", via=""):
        run.decide("missing", via="")
        run.decide("allowed", via="dynamodb")
    said = "`kms:Decrypt` called directly was denied, and allowed too"
    with pytest.raises(ExpectationError, match=said), denied("kms:Decrypt", via=""):  # noqa: PT012
        run.decide("missing", via="")
        run.decide("allowed", via="")


def test_allowed_to_another_does_not_matter(run: FakeRun) -> None:
    with denied("kms:Decrypt"):
        run.decide("missing")
        run.decide("allowed", principal=SESSION)


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"by": ANA}, True),
        ({"by": "ana"}, True),
        ({"by": "an"}, False),
        ({"by": ANA.replace("ana", "ben")}, False),
        ({"on": KEY}, True),
        ({"on": KEY.rpartition("/")[2]}, True),
        ({"on": "other"}, False),
        ({"via": "dynamodb"}, True),
        ({"via": ""}, False),
        ({"because": "explicit deny"}, True),
        ({"because": "Keep out"}, True),
        ({"because": "resource-based policy"}, True),
        ({"because": "identity-based policy"}, False),
    ],
)
def test_a_denial_is_the_one_that_was_meant(run: FakeRun, filters: dict[str, str], fits: bool) -> None:
    def go() -> None:
        with denied("kms:Decrypt", **filters):
            run.decide("denied")

    if fits:
        go()
    else:
        with pytest.raises(ExpectationError, match="it was denied otherwise"):
            go()


def test_a_role_stands_for_its_sessions(run: FakeRun) -> None:
    with denied("kms:Decrypt", by=ROLE):
        run.decide("missing", principal=SESSION)
    with pytest.raises(ExpectationError), denied("kms:Decrypt", by=ROLE.replace("reader", "write")):
        run.decide("missing", principal=SESSION)


def test_what_the_lab_does_for_itself_never_counts(run: FakeRun) -> None:
    with pytest.raises(ExpectationError), denied("kms:Decrypt"), calls_of(Origin.LAB):
        run.decide("missing")
    with allowed():
        run.decide("allowed")
        with calls_of(Origin.LAB):
            run.decide("missing")
    with pytest.raises(ExpectationError, match="no AWS call"), allowed(), calls_of(Origin.LAB):
        run.decide("allowed")


def test_allowed_fails_for_a_denial_that_was_handled(run: FakeRun) -> None:
    with (  # noqa: PT012
        pytest.raises(ExpectationError, match="denied, and the error was handled; `kms:Decrypt` denied to"),
        allowed(),
    ):
        run.decide("allowed", "dynamodb:GetItem", via="")
        run.decide("missing")


def test_what_was_denied_many_times_is_told_once(run: FakeRun) -> None:
    with pytest.raises(ExpectationError) as caught, allowed():  # noqa: PT012
        for _ in range(5):
            run.decide("missing")
    assert str(caught.value).count("`kms:Decrypt` denied to") == 1
    assert str(caught.value).endswith(" (5 times)")


def test_allowed_fails_where_no_call_was_made(run: FakeRun) -> None:
    with pytest.raises(ExpectationError, match="no AWS call"), allowed():
        pass


def test_allowed_fails_where_what_is_named_was_not_asked_for(run: FakeRun) -> None:
    with allowed("kms:decrypt", by="ana", on=KEY, via="dynamodb"):
        run.decide("allowed")
    with pytest.raises(ExpectationError, match="`kms:Encrypt` was not asked for"), allowed("kms:Encrypt"):
        run.decide("allowed")


def test_decisions_of_other_threads_count(run: FakeRun) -> None:
    def in_a_thread() -> None:
        with denied("kms:Decrypt"):
            run.decide("missing")
        done.append(True)

    done: list[bool] = []
    with denied("kms:Decrypt"):
        thread = Thread(target=in_a_thread)
        thread.start()
        thread.join()
    assert done == [True]


@pytest.mark.parametrize("expectation", [denied("kms:Decrypt"), allowed()])
def test_outside_a_lab_both_are_errors(run: FakeRun, expectation: object) -> None:
    run.in_lab = False
    with pytest.raises(OutsideLabError, match="needs a lab, and none is open"), expectation:  # type: ignore[attr-defined]
        pass


def test_a_service_that_is_not_decided_denies_nobody() -> None:
    with pytest.raises(ValueError, match="calls to `s3` are not decided"):
        denied("s3:GetObject")


VERDICTS = [
    AssertionError("not 403"),
    pytest.fail.Exception("not so"),
    pytest.skip.Exception("not here"),
    pytest.exit.Exception("enough"),
    SkipTest("not here"),
    KeyboardInterrupt(),
    GeneratorExit(),
    CancelledError(),
]


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("is_from", [True, False])
def test_a_verdict_raised_while_the_denial_was_handled_is_never_lost(
    run: FakeRun, verdict: BaseException, is_from: bool
) -> None:
    with pytest.raises(type(verdict)) as caught, denied("kms:Decrypt"):  # noqa: PT012
        run.decide("missing")
        try:
            raise DENIAL
        except ClientError as error:
            if is_from:
                raise verdict from error
            raise verdict  # noqa: B904
    assert caught.value is verdict


def test_a_program_that_ends_for_the_denial_carries_it(run: FakeRun) -> None:
    with denied("kms:Decrypt"):
        run.decide("missing")
        try:
            raise DENIAL
        except ClientError:
            sys.exit("may not")  # its context is the denial


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are new in Python 3.11")
def test_a_failed_assert_in_a_group_is_never_lost(run: FakeRun) -> None:
    group = ExceptionGroup("both", [DENIAL, ExceptionGroup("in it", [AssertionError("not 403")])])  # noqa: F821
    with pytest.raises(ExceptionGroup), denied("kms:Decrypt"):  # noqa: F821, PT012
        run.decide("missing")
        raise group


def test_a_denial_that_was_handled_before_the_block_is_not_carried_out_of_it(run: FakeRun) -> None:
    try:
        raise DENIAL
    except ClientError:
        with pytest.raises(ValueError, match="broken"), denied("kms:Decrypt"):  # noqa: PT012
            run.decide("missing")
            raise ValueError("broken") from None


@pytest.mark.parametrize("names", [{"by": ""}, {"on": ""}, {"because": ""}])
def test_a_name_that_is_empty_is_a_mistake_of_the_test(names: Any) -> None:
    with pytest.raises(ValueError, match="is empty, and names nothing"):
        denied("kms:Decrypt", **names)


@pytest.mark.parametrize("names", [{"by": 5}, {"on": [KEY]}, {"because": 5}, {"by": object()}])
def test_what_can_name_nothing_is_a_mistake_of_the_test(names: Any) -> None:
    with pytest.raises(TypeError, match=r"`(by|on|because)`: give .*, not `"):
        denied("kms:Decrypt", **names)


@pytest.mark.parametrize("action", [["kms:Decrypt"], 5, ("kms:Decrypt", "dynamodb:Scan")])
def test_several_actions_are_a_mistake_of_the_test(action: Any) -> None:
    with pytest.raises(TypeError, match="`action`: give one text such as"):
        denied(action)


@pytest.mark.parametrize("kind", [{"by": "user"}, {"on": "key"}])
def test_a_kind_of_thing_names_none_of_it(run: FakeRun, kind: Any) -> None:
    with pytest.raises(ExpectationError), denied("kms:Decrypt", **kind):
        run.decide("missing")


@pytest.mark.parametrize(
    ("because", "meant"),
    [
        ("resource based policy", "resource-based policy"),
        ("Key policy", "resource-based policy"),
        ("explicit-deny", "explicit deny"),
    ],
)
def test_a_reason_that_is_nearly_one_is_told(run: FakeRun, because: str, meant: str) -> None:
    with (
        pytest.raises(ExpectationError, match=f"did you mean `{meant}`"),
        denied("kms:Decrypt", because=because),
    ):
        run.decide("missing")


def test_a_sid_is_not_taken_for_a_misspelt_reason(run: FakeRun) -> None:
    with pytest.raises(ExpectationError) as caught, denied("kms:Decrypt", because="DenyOutsiders"):
        run.decide("missing")
    assert "did you mean" not in str(caught.value)
