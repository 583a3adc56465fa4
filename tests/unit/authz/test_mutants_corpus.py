"""The whole corpus in one test, explanations included: what a mutated engine is put to first."""

from __future__ import annotations

from pathlib import Path

from pytest_kmslab.authz.case import parse_case
from pytest_kmslab.authz.explain import explain

CORPUS = Path(__file__).parents[2] / "corpus"


def test_every_case_is_decided_and_explained_as_it_says() -> None:
    paths = sorted(CORPUS.rglob("*.json"))
    assert len(paths) >= 300
    for path in paths:
        case = parse_case(path.read_text(encoding="utf-8"), expectation_required=True)
        decision = case.decide()
        assert case.expect is not None
        assert case.expect.holds_for(decision), path.name
        golden = path.with_suffix(".explain.txt").read_text(encoding="utf-8")
        assert explain(case.request, case.policies, case.grants, decision) + "\n" == golden, path.name
