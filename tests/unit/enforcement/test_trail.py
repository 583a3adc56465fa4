from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.fake_account import call

from pytest_kmslab.authz.context import LazyContext
from pytest_kmslab.authz.decision import Decision, Outcome
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.enforcement.trail import Trail

ANA = "arn:aws:iam::111122223333:user/ana"
ASKED = Request(
    ANA, "kms:Decrypt", "*", LazyContext(lambda: {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"})
)
ALLOWED = Decision(Outcome.ALLOWED, ())
DENIED = Decision(Outcome.IMPLICIT_DENY, ())


def test_many_threads_write_and_read_and_nothing_is_lost() -> None:
    trail = Trail(kept=50)

    def write(_: int) -> int:
        for number in range(100):
            trail.record("kms:Decrypt", ASKED, ALLOWED)
            if number % 20 == 0:
                numbers = [entry.number for entry in trail.since()]
                assert numbers == list(range(1, len(numbers) + 1))
        return 100

    with ThreadPoolExecutor(8) as threads:
        written = sum(threads.map(write, range(8)))
    assert trail.mark() == written
    assert [entry.number for entry in trail.since()] == list(range(1, written + 1))
    trail.close()


def test_what_memory_is_too_small_for_is_read_back_whole() -> None:
    trail = Trail(kept=2)
    for number in range(5):
        trail.record(f"kms:Call{number}", ASKED, DENIED if number == 0 else ALLOWED, "dynamodb")
    entries = trail.since(1)
    assert [entry.operation for entry in entries] == [f"kms:Call{number}" for number in range(1, 5)]
    assert entries[0].request == ASKED
    assert entries[0].request.context["kms:viaservice"] == ("dynamodb.us-east-1.amazonaws.com",)
    assert [entry.operation for entry in trail.denials()] == ["kms:Call0"]
    trail.close()


def test_what_cannot_be_put_away_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    trail = Trail(kept=1)
    trail.record("kms:Decrypt", ASKED, ALLOWED)
    with pytest.raises(OSError, match="gone"):
        trail.record("kms:Decrypt", ASKED, ALLOWED)


def test_it_is_that_of_the_test_which_runs() -> None:
    trail = Trail()
    trail.record("kms:Decrypt", ASKED, DENIED)
    trail.begin_test()
    trail.record("kms:Decrypt", ASKED, ALLOWED)
    with calls_of(Origin.FIXTURE):
        trail.record("dynamodb:GetItem", ASKED._replace(action="dynamodb:GetItem"), DENIED)
    assert [entry.number for entry in trail] == [2, 3]
    assert [entry.number for entry in trail.denied()] == [3]
    assert [entry.number for entry in trail.allowed("kms:Decrypt", by=ANA)] == [2]
    assert [entry.number for entry in trail.for_("ana")] == [2, 3]
    assert trail.for_("ben") == []
    assert [entry.origin for entry in trail] == [Origin.TEST, Origin.FIXTURE]


def test_what_was_denied_and_allowed_is_found_by_all_that_names_it() -> None:
    trail = Trail()
    ben = "arn:aws:iam::111122223333:user/ben"
    for outcome in (ALLOWED, DENIED):
        trail.record("kms:Decrypt", ASKED, outcome, "dynamodb")
        trail.record("kms:Decrypt", ASKED._replace(principal=ben), outcome)
        trail.record("kms:Encrypt", ASKED._replace(action="kms:Encrypt", resource=ben), outcome)
    for found, first in ((trail.allowed, 0), (trail.denied, 3)):
        assert [entry.number - first for entry in found()] == [1, 2, 3]
        assert [entry.number - first for entry in found("kms:Decrypt")] == [1, 2]
        assert [entry.number - first for entry in found("kms:Decrypt", by="ben")] == [2]
        assert [entry.number - first for entry in found(on=ben)] == [3]
        assert [entry.number - first for entry in found(via="dynamodb")] == [1]
        assert [entry.number - first for entry in found(via="")] == [2, 3]


def test_listeners_are_told_of_the_call_its_decisions_and_its_refusal() -> None:
    trail, told = Trail(), []
    trail.listeners.append(lambda *what: told.append(what))
    entry, refusal = trail.record("kms:Decrypt", ASKED, DENIED), ServiceError("AccessDeniedException", "no")
    asking = call("kms", "Decrypt", {"CiphertextBlob": b"x"})
    trail.tell(asking, [entry], refusal)
    assert told == [(asking, [entry], refusal)]


def test_what_a_call_was_allowed_before_it_was_denied_was_in_vain() -> None:
    trail = Trail()
    needless, denied, allowed = (trail.record("kms:Decrypt", ASKED, it) for it in (ALLOWED, DENIED, ALLOWED))
    trail.record_in_vain([needless])
    assert [trail.was_in_vain(entry) for entry in (needless, denied, allowed)] == [True, True, False]
    assert trail.least_privilege("ana").denials == 1
    assert [use.request for use in trail.uses(trail)] == [ASKED]


def test_a_call_that_was_decided_after_all_is_taken_back_from_its_address() -> None:
    trail = Trail()
    trail.record_undecided("here:1", 2)
    trail.record_undecided("there:2")
    trail.record_decided("here:1")
    trail.record_decided("there:2")
    assert dict(trail.elsewhere) == {"here:1": 1}


def test_its_file_is_gone_with_it_and_written_on_after_it_was_read() -> None:
    trail = Trail(kept=1)
    trail.close()
    for number in range(2):
        trail.record(f"kms:Call{number}", ASKED, ALLOWED)
    assert len(trail.since()) == 2
    trail.record("kms:Call2", ASKED, ALLOWED)
    trail.record("kms:Call3", ASKED, ALLOWED)
    assert [entry.operation for entry in trail.since()] == [f"kms:Call{number}" for number in range(4)]
    trail.close()
    assert [entry.operation for entry in trail.since()] == ["kms:Call3"]
