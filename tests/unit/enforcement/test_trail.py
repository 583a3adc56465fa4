from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_kmslab.authz.context import LazyContext
from pytest_kmslab.authz.decision import Decision, Outcome
from pytest_kmslab.authz.request import Request
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
