from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytest_kmslab.report.evidence.model import BegunTest, Call, Change, Decision, Fact, Phase, read
from pytest_kmslab.report.evidence.parts import Part, line_of, part_of, read_parts
from pytest_kmslab.report.evidence.records import CONTROLLER, TestRecord, read_records, turns
from pytest_kmslab.report.evidence.trail_file import LineFile

ANA = "arn:aws:iam::111122223333:user/ana"
CHANGE = Change("key policy", "key", "{}", '{"Statement":[]}')


def decision(word: str, action: str = "kms:Decrypt") -> Decision:
    return Decision(1, action, ANA, "key", word, "dynamodb", ("because",), "explained")


def call(*words: str, origin: str = "test", change: Change | None = None) -> Call:
    return Call(1.0, "dynamodb:GetItem", ANA, origin, tuple(map(decision, words)), "", "", change)


def test_a_fact_is_read_back_as_it_was() -> None:
    fact = call("allowed", "implicitDeny", change=CHANGE)
    assert read("call", json.loads(json.dumps(fact))) == fact


def test_a_turn_names_what_was_changed_in_between() -> None:
    calls = [call("implicitDeny"), call(change=CHANGE), call("allowed"), call("allowed")]
    (turn,) = turns(calls)
    assert (turn.before.decision, turn.after.decision, turn.changes) == ("implicitDeny", "allowed", (CHANGE,))


def test_a_change_before_both_changed_nothing_of_it() -> None:
    (turn,) = turns([call(change=CHANGE), call("allowed"), call("explicitDeny")])
    assert turn.changes == ()


def test_what_the_lab_does_for_itself_is_no_turn() -> None:
    assert list(turns([call("implicitDeny", origin="lab"), call("allowed")])) == []


def test_two_answers_in_one_call_are_no_turn_and_the_denial_counts() -> None:
    assert list(turns([call("allowed", "implicitDeny")])) == []
    (turn,) = turns([call("allowed", "implicitDeny"), call("allowed")])
    assert turn.before.decision == "implicitDeny"


PHASES = [
    (["passed", "passed", "passed"], "passed"),
    (["passed", "failed", "passed"], "failed"),
    (["failed", "passed"], "error"),
    (["passed", "passed", "failed"], "error"),
    (["skipped", "passed"], "skipped"),
    (["passed", "xfailed", "passed"], "xfailed"),
    ([], "crashed"),
]


@pytest.mark.parametrize(("outcomes", "outcome"), PHASES)
def test_the_outcome_of_a_test_is_its_worst(outcomes: list[str], outcome: str) -> None:
    names = ["setup", "teardown"] if len(outcomes) == 2 else ["setup", "call", "teardown"]
    phases = [Phase(when, "", one, 0.5, "") for when, one in zip(names, outcomes, strict=False)]
    assert TestRecord(BegunTest(0.0, "t.py::t", "t", "t.py", "", ""), phases).outcome == outcome


def test_parts_are_put_together_and_half_a_line_is_left_out(tmp_path: Path) -> None:
    test = BegunTest(0.0, "t.py::one", "one", "t.py", "", "gw0")
    part_of(tmp_path, "gw0").write_text(
        "".join(f"{line_of(fact)}\n" for fact in (test, call("allowed"))) + '["call",{"at":1.0,"oper'
    )
    crash = Phase("???", "", "failed", 0.0, "worker 'gw0' crashed")
    controller = [
        BegunTest(0.0, "t.py::one", "", "", "", ""),
        crash,
        BegunTest(0.0, "t.py::two", "", "", "", ""),
        crash,
    ]
    part_of(tmp_path, CONTROLLER).write_text("".join(f"{line_of(fact)}\n" for fact in controller))
    assert len(list(read_parts(tmp_path))) == 6
    one, two = read_records(tmp_path)
    assert (one.test, one.outcome, len(one.calls)) == (test, "failed", 1)
    assert (two.test.id, two.failure) == ("t.py::two", "worker 'gw0' crashed")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_worker_s_facts_are_written_at_once_and_others_when_their_test_ends(
    tmp_path: Path, at_once: bool
) -> None:
    part = Part(LineFile(part_of(tmp_path, ""), str), at_once)
    begun, another = (BegunTest(0.0, name, name, "t.py", "", "") for name in ("t.py::one", "t.py::two"))

    def written() -> list[Fact]:
        return list(read_parts(tmp_path))

    part.add(begun)
    part.add(call("allowed"))
    assert written() == ([begun, call("allowed")] if at_once else [begun])
    part.add(another)
    part.add(call("implicitDeny"))
    part.close()
    assert written() == [begun, call("allowed"), another, call("implicitDeny")]


def test_what_a_fork_tells_is_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends without closing anything, and what waits is its parent's."""
    part = Part(LineFile(part_of(tmp_path, ""), str), at_once=False)
    part.add(call("allowed"))
    with monkeypatch.context() as as_fork:
        as_fork.setattr(os, "getpid", lambda: 1)
        part.add(call("implicitDeny"))
    part.close()
    assert list(read_parts(tmp_path)) == [call("implicitDeny"), call("allowed")]


def test_a_full_disk_is_told_at_the_end_and_to_a_worker_at_once(tmp_path: Path) -> None:
    class Full(LineFile):
        def write(self, *_: str) -> None:
            raise OSError("the disk is full")

    part, worker = (Part(Full(part_of(tmp_path, name), str), at_once=bool(name)) for name in ("", "gw0"))
    part.add(call("allowed"))
    part.close()
    assert str(part.problem) == "the disk is full"
    with pytest.raises(OSError, match="the disk is full"):
        worker.add(call("allowed"))
