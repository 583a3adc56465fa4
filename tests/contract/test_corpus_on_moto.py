"""The corpus once more, for real: users, roles, keys, tables and grants made on moto through boto3, the
call made by the caller, and the answer compared with what the case expects.

A case that cannot be set up is left out for one of the reasons in helpers/stage/reasons.py, which looks
at the case and at nothing else.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.account import Account
from helpers.stage.checks import check_answer
from helpers.stage.clients import Clients
from helpers.stage.reasons import Reason, ends_at_the_seam, reason_against
from helpers.stage.stage import Stage

from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

CORPUS = Path(__file__).parents[1] / "corpus"
LEAST_PLAYED = 560
"""A change that leaves out more cases than today must say so here."""
NOT_AS_SAID = "the request was not the case's: set it up in helpers/stage, or say in reasons.py why not"


def name_of(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix()


REASONS = {
    path: reason_against(parse_case(path.read_text(encoding="utf-8")))
    for path in sorted(CORPUS.rglob("*.json"))
}
PLAYABLE = [path for path, reason in REASONS.items() if reason is None]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    run = Run(Settings(enforcement="enforce"))
    run.install()
    run.backend.start()
    try:
        account = Account(run)
        yield Stage(Clients(run.backend.root, account.root), run.trail)
    finally:
        run.backend.stop()
        run.close()


@pytest.mark.parametrize("path", PLAYABLE, ids=name_of)
def test_answered_as_the_case_expects(stage: Stage, path: Path) -> None:
    played = stage.play(path.read_text(encoding="utf-8"))
    assert played.decision is not None, f"never asked: {played.error}"
    assert played.differs == [], NOT_AS_SAID
    check_answer(played)


def test_most_of_the_corpus_is_played_for_real(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run with `-v` to see what is left out, and why."""
    left_out = Counter(reason for reason in REASONS.values() if reason)
    table = "\n".join(f"{count:4} {reason.name}: {reason.value}" for reason, count in left_out.most_common())
    summary = f"{len(PLAYABLE)} of {len(REASONS)} cases are played on moto; left out:\n{table}"
    if pytestconfig.get_verbosity() > 0:
        with capsys.disabled():
            sys.stdout.write(f"\n{summary}\n")
    assert len(PLAYABLE) >= LEAST_PLAYED, summary
    assert set(left_out) == set(Reason), "a reason that holds for no case is no reason"


def test_every_kind_of_decision_is_played() -> None:
    decisions = Counter(
        json.loads(path.read_text(encoding="utf-8"))["expect"]["decision"] for path in PLAYABLE
    )
    assert min(decisions[outcome.value] for outcome in Outcome) >= 40


def test_calls_that_moto_cannot_finish_are_few() -> None:
    cases = [parse_case(path.read_text(encoding="utf-8")) for path in PLAYABLE]
    passing = [case for case in cases if case.expect and case.expect.decision is Outcome.ALLOWED]
    assert sum(map(ends_at_the_seam, passing)) <= len(passing) * 0.15


def test_a_case_that_says_otherwise_than_the_account_is_found_out(stage: Stage) -> None:
    """The comparison can fail: a tag that the case gives its user under the name of another key."""
    text = (CORPUS / "lab" / "step4_outsider_passes_dynamodb.json").read_text(encoding="utf-8")
    case = json.loads(text)
    when = {"StringEquals": {"aws:PrincipalType": "Robot"}}
    document = {"Effect": "Deny", "Action": "dynamodb:GetItem", "Resource": "*", "Condition": when}
    case["policies"]["identity"].append(
        {"name": "more", "document": {"Version": "2012-10-17", "Statement": [document]}}
    )
    played = stage.play(json.dumps(case))
    assert played.differs == ["aws:principaltype: the case says None, the request ('User',)"]
