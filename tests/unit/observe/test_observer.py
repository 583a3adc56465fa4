"""The observer before moto: what it predicts, and that nothing that goes wrong in it reaches a caller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pytest_kmslab.account.model import Caller
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.policy import NamedPolicy, read_policy
from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.pipeline import Incoming
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import UnreadError
from pytest_kmslab.observe.observations import Observations, ObservedFiles
from pytest_kmslab.observe.observer import Observed, Observer

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROOT = Caller(ROOT_ARN, ACCOUNT, ROOT_ARN, ACCOUNT, "Account")
NOBODY = Caller(ANA, ACCOUNT, ANA, "AIDA", "User", "ana")
DENIED = {
    "Error": {
        "Code": "AccessDeniedException",
        "Message": f"User: {ANA} is not authorized to perform: kms:ListKeys because no identity-based policy "
        "allows the kms:ListKeys action",
    }
}
OF_AWS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALL = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
ALLOWED: dict[str, Any] = {}


def incoming(call: ApiCall) -> Incoming:
    return Incoming(call.service, call.operation, call.region, lambda: call.caller, lambda: call.params)


class Seen:
    """An observer, and what it observed."""

    def __init__(self, backend: Any, root: Path) -> None:
        self.trail, self.clock = Trail(), Clock()
        self.found = Observations(ObservedFiles(root, lambda: "run-main", self.clock.now))
        self.observer = Observer(backend, self.trail, self.clock, self.found)

    def call(
        self,
        status: int,
        parsed: dict[str, Any],
        service: str = "kms",
        operation: str = "ListKeys",
        caller: Caller = NOBODY,
        **params: Any,
    ) -> Observed:
        call = ApiCall(service, operation, params, REGION, caller)
        observed = self.observer.before(incoming(call))
        self.observer.after(observed, status, parsed)
        return observed

    @property
    def counts(self) -> tuple[int, int, dict[str, int], int]:
        told = self.found.counts()
        return told["agreed"], told["unsettled"], told["inconclusive"], told["disagreements"]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoBackend]:
    """Moto's account, whose facts are read anew each time."""
    backend = MotoBackend(REGION)
    monkeypatch.setattr(type(backend.reader), "forget_all", lambda _: None, raising=False)
    backend.start()
    yield backend
    backend.stop()


@pytest.fixture
def seen(backend: MotoBackend, tmp_path: Path) -> Seen:
    return Seen(backend, tmp_path)


def test_what_both_deny_is_an_agreement_and_in_the_trail(seen: Seen, tmp_path: Path) -> None:
    seen.call(400, DENIED)
    assert seen.counts == (1, 0, {}, 0)
    assert [entry.request.action for entry in seen.trail.denials()] == ["kms:ListKeys"]
    assert len((tmp_path / ".kmslab/observed/run-main.jsonl").read_text("utf-8").splitlines()) == 1


def test_the_same_decision_is_kept_once(seen: Seen, tmp_path: Path) -> None:
    for _ in range(3):
        seen.call(400, DENIED)
    assert len((tmp_path / ".kmslab/observed/run-main.jsonl").read_text("utf-8").splitlines()) == 1


def test_what_aws_lets_through_and_the_engine_does_not_is_a_disagreement(seen: Seen) -> None:
    seen.call(200, ALLOWED)
    assert seen.counts == (0, 0, {}, 1)
    (found,) = seen.found.disagreements
    assert found.finding.decision is Outcome.ALLOWED
    assert found.file.startswith(".kmslab/disagreements/kms_list_keys_allowed_")


def test_what_aws_denies_and_the_engine_does_not_is_a_disagreement(seen: Seen, tmp_path: Path) -> None:
    seen.call(400, DENIED, caller=ROOT, Limit=7)
    assert seen.counts == (0, 0, {}, 1)
    (found,) = seen.found.disagreements
    case = parse_case((tmp_path / found.file).read_text("utf-8"), expectation_required=True)
    assert case.expect is not None
    assert case.expect.decision is Outcome.IMPLICIT_DENY
    assert case.decide().allowed
    assert case.source.startswith("recorded: AWS answered kms:ListKeys with AccessDeniedException: User: ")
    assert found.expected.call is None


def test_a_question_that_the_engine_does_not_ask_makes_no_case(seen: Seen, tmp_path: Path) -> None:
    message = "User: x is not authorized to perform: kms:Decrypt on resource: y"
    seen.call(400, {"Error": {"Code": "AccessDeniedException", "Message": message}}, caller=ROOT)
    assert seen.found.disagreements[0].file.startswith("(no case: AWS asks for something that the engine")
    assert not (tmp_path / ".kmslab").exists()


def test_what_somebody_else_has_changed_meanwhile_is_no_disagreement(
    seen: Seen, backend: MotoBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = [True]
    monkeypatch.setattr(type(backend.reader), "forget_all", lambda _: stale.clear())
    everything = NamedPolicy("p", read_policy(ALL))
    monkeypatch.setattr(backend.reader, "identity", lambda _: ((), None) if stale else ((everything,), None))
    seen.call(200, ALLOWED)
    assert seen.counts == (0, 1, {}, 0)
    assert len(seen.trail.since()) == 1


def test_the_same_disagreement_is_written_once(seen: Seen, tmp_path: Path) -> None:
    for _ in range(3):
        seen.call(200, ALLOWED)
    assert len(list((tmp_path / ".kmslab/disagreements").iterdir())) == 1
    assert (tmp_path / ".kmslab/.gitignore").read_text("utf-8").endswith("*\n")


def test_soon_after_a_change_it_is_not_settled(seen: Seen) -> None:
    seen.call(200, ALLOWED, "iam", "AttachUserPolicy", UserName="ana", PolicyArn=OF_AWS)
    assert seen.counts[3] == 0
    seen.call(200, ALLOWED)
    assert seen.counts[1:] == (2, {}, 0)
    seen.clock.advance(1000)
    seen.call(200, ALLOWED)
    assert seen.counts[1:] == (2, {}, 1)


def test_a_change_whose_answer_was_lost_may_have_been_made(seen: Seen) -> None:
    change = ApiCall("iam", "DeleteUserPolicy", {"UserName": "ana", "PolicyName": "p"}, REGION, NOBODY)
    seen.observer.no_answer(seen.observer.before(incoming(change)))
    seen.call(200, ALLOWED)
    assert seen.counts == (0, 1, {"no answer came": 1}, 0)


def test_another_error_is_not_judged(seen: Seen) -> None:
    seen.call(400, {"Error": {"Code": "ThrottlingException", "Message": "slow down"}})
    assert seen.counts == (0, 0, {"AWS throttled the call": 1}, 0)


def test_an_operation_that_is_not_mapped_is_not_judged(seen: Seen) -> None:
    seen.call(400, DENIED, operation="ListUnicorns")
    assert seen.counts == (0, 0, {"kms:ListUnicorns is not known here": 1}, 0)


def test_a_refusal_for_another_reason_than_permission_is_not_judged(seen: Seen) -> None:
    seen.call(200, ALLOWED, operation="DescribeKey", KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    assert seen.counts == (0, 0, {"the engine expects NotFoundException, which is no decision": 1}, 0)


DENIED_READ = ClientError(
    {"Error": {"Code": "AccessDenied", "Message": "User: x is not authorized to perform: iam:GetUser on y"}},
    "GetUser",
)
THROTTLED_READ = ClientError({"Error": {"Code": "Throttling", "Message": ""}}, "GetUser")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (DENIED_READ, "reading needs iam:GetUser"),
        (THROTTLED_READ, "reading was answered Throttling (GetUser)"),
        (EndpointConnectionError(endpoint_url="x"), "reading failed: EndpointConnectionError"),
        (UnreadError("who it is"), "something cannot be read"),
        (ZeroDivisionError(), "a fault of pytest-kmslab: ZeroDivisionError, please report it"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
)
@pytest.mark.parametrize("place", ["describe", "before_call", "identity", "after_call"])
def test_whatever_goes_wrong_is_not_judged_and_raises_nothing(
    seen: Seen,
    backend: MotoBackend,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: Exception,
    why: str,
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    if place == "describe":
        seen.observer.after(
            seen.observer.before(Incoming("kms", "ListKeys", REGION, fail, dict)), 200, ALLOWED
        )
    else:
        owner: Any = backend.reader if place == "identity" else MotoBackend
        monkeypatch.setattr(owner, place, fail)
        seen.call(200, ALLOWED)
    assert seen.counts == (0, 0, {why: 1}, 0)


def test_files_that_cannot_be_written_are_told_and_raise_nothing(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / ".kmslab").write_text("a file", "utf-8")
    seen.call(400, DENIED)
    seen.call(200, ALLOWED)
    assert seen.counts == (1, 0, {}, 1)
    assert seen.found.disagreements[0].file.startswith("(no case: it cannot be written: ")
    assert seen.found.problem.startswith("what AWS decided cannot be kept: ")
