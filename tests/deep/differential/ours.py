"""This engine as a peer of the others."""

from __future__ import annotations

from deep.differential.generator import Case

from pytest_kmslab.cases.read import parse_case


def decide(case: Case) -> str:
    """This engine's decision, in AWS's word for it."""
    return parse_case(case).decide().decision.value
