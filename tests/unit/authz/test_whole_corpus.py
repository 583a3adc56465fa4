"""The whole corpus in one test, explanations included: what a mutated engine is put to first."""

from __future__ import annotations

from helpers.corpus import CASES, otherwise


def test_every_case_is_decided_and_explained_as_it_says() -> None:
    assert len(CASES) >= 300
    assert list(otherwise()) == []
