"""The corpus as one question: is every case decided and explained as it says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.cases.read import parse_case

CORPUS = Path(__file__).parents[1] / "corpus"


Verdict = tuple[str, str, str]


def _read() -> list[Verdict]:
    """Name, case and golden text of every case; mixed, so that an engine that errs is found out early."""
    paths = sorted(CORPUS.rglob("*.json"))
    Random(1).shuffle(paths)
    return [
        (path.name, path.read_text(encoding="utf-8"), path.with_suffix(".explain.txt").read_text("utf-8"))
        for path in paths
    ]


CASES = _read()


def otherwise(cases: Sequence[Verdict] = CASES) -> Iterator[str]:
    """The names of the cases that are decided, or explained, otherwise than they say."""
    for name, text, golden in cases:
        case = parse_case(text, expectation_required=True)
        decision = case.decide()
        expected = case.expect is not None and case.expect.holds_for(decision)
        if not expected or explain(case.request, case.policies, case.grants, decision) + "\n" != golden:
            yield name
