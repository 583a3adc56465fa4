from __future__ import annotations

from collections import Counter

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.observe.aws_outcome import ALLOWED, AwsOutcome
from pytest_kmslab.observe.comparison import Finding, FindingKind, Prediction
from pytest_kmslab.observe.observations import Disagreement
from pytest_kmslab.report.observing import summary, text_of

ANA = "arn:aws:iam::111122223333:user/ana"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/books"


def entry(action: str, principal: str = ANA) -> TrailEntry:
    request = Request(principal, action, TABLE)
    return TrailEntry(1, "dynamodb:GetItem", request, authorize(request, Policies()), "", Policies())


def allowed(action: str) -> TrailEntry:
    return entry(action, "arn:aws:iam::111122223333:root")


def text(answer: AwsOutcome, *entries: TrailEntry) -> list[str]:
    expected = Prediction("dynamodb:GetItem", None, entries)
    finding = Finding(FindingKind.DISAGREES, "", entries[-1], Outcome.ALLOWED)
    return text_of(Disagreement(expected, answer, finding, ".kmslab/disagreements/x.json")).splitlines()


def test_a_disagreement_shows_both_sides_and_its_case() -> None:
    assert text(ALLOWED, entry("dynamodb:GetItem")) == [
        "AWS and the engine disagree on dynamodb:GetItem",
        "  AWS:    let it through",
        "  engine: implicitDeny dynamodb:GetItem on table/books for user/ana: "
        "no identity-based policy allows it",
        "  case:   .kmslab/disagreements/x.json",
    ]


def test_a_denial_is_shown_as_aws_words_it_and_an_allowance_by_what_was_asked() -> None:
    answer = AwsOutcome("AccessDeniedException", "not you", denied=True)
    _, aws, engine, _ = text(answer, allowed("dynamodb:GetItem"), allowed("dynamodb:Query"))
    assert aws == "  AWS:    AccessDeniedException: not you"
    assert engine == "  engine: allowed, as dynamodb:GetItem, dynamodb:Query are"


def counts(**given: int) -> Counter[str]:
    return Counter({"agreed": 0, "unsettled": 0, "disagreements": 0, "inconclusive": 0, **given})


def test_the_summary_counts_everything_that_was_observed() -> None:
    told = summary(counts(agreed=209, unsettled=3, inconclusive=2), Counter({"AWS throttled the call": 2}))
    assert told == (
        "kmslab: observed 214 calls: AWS and the engine agree on 209, 3 not settled yet, "
        "2 not judged (AWS throttled the call), 0 disagreements"
    )


def test_without_a_hindrance_none_is_told() -> None:
    assert "0 not judged, 0 disagreements" in summary(counts(agreed=1), Counter())


def test_the_commonest_hindrances_are_told_and_the_rest_counted() -> None:
    why = Counter({"a": 1, "b": 5, "c": 3, "d": 1, "e": 2})
    assert "12 not judged (5 × b; 3 × c; 2 × e; 2 for other reasons), " in summary(
        counts(inconclusive=12), why
    )
