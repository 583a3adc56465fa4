"""Every case's explanation is the golden text beside it; nothing here ever writes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.cases.read import parse_case

CORPUS = Path(__file__).parents[2] / "corpus"
CASES = sorted(CORPUS.rglob("*.json"))
GOLDEN = ".explain.txt"
HOW = "run `python tools/write_explanations.py` by hand and read the diff"


def topic_and_behaviour(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix()


@pytest.mark.parametrize("path", CASES, ids=topic_and_behaviour)
def test_explained_as_the_golden_text_says(path: Path) -> None:
    golden = path.with_suffix(GOLDEN)
    assert golden.exists(), f"{golden.name} is missing: {HOW}"
    case = parse_case(path.read_text(encoding="utf-8"))
    text = explain(case.request, case.policies, case.grants, case.decide())
    assert f"{text}\n" == golden.read_text(encoding="utf-8"), HOW


def test_no_golden_text_is_without_its_case() -> None:
    orphans = [
        golden.name
        for golden in CORPUS.rglob(f"*{GOLDEN}")
        if not golden.with_name(golden.name.removesuffix(GOLDEN) + ".json").exists()
    ]
    assert orphans == [], HOW
