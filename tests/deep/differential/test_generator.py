"""The random cases are repeatable, readable, and about what they are meant to be about."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

import pytest
from deep.differential.generator import Case, cases
from deep.differential.ours import decide
from deep.differential.vocabulary import OPERATORS

from pytest_kmslab.cases.read import parse_case

SAMPLE = list(islice(cases(20261123), 1500))


def kinds(case: Case) -> set[str]:
    return set(case["policies"])


def test_a_seed_gives_the_same_cases_again() -> None:
    assert list(islice(cases(7), 50)) == list(islice(cases(7), 50))


def test_another_seed_gives_other_cases() -> None:
    assert next(cases(7))["policies"] != next(cases(8))["policies"]


def test_every_case_is_one_that_the_engine_reads() -> None:
    for case in SAMPLE:
        parse_case(json.dumps(case))


def test_every_decision_is_common() -> None:
    decided = Counter(decide(case) for case in SAMPLE)
    assert set(decided) == {"allowed", "explicitDeny", "implicitDeny"}
    assert min(decided.values()) > len(SAMPLE) / 10


@pytest.mark.parametrize("operator", [*sum(OPERATORS.values(), ()), "Null"])
def test_every_operator_is_written(operator: str) -> None:
    written = "".join(json.dumps(case["policies"]) for case in SAMPLE)
    assert f'{operator}": {{' in written


@pytest.mark.parametrize(
    "kind",
    ["identity", "resource", "permissions_boundary", "session", "service_control", "resource_control",
     "vpc_endpoint"],
)  # fmt: skip
def test_every_kind_of_policy_takes_part(kind: str) -> None:
    assert sum(kind in kinds(case) for case in SAMPLE) > 20


@pytest.mark.parametrize(
    "element", ["NotAction", "NotResource", "NotPrincipal", "${", "IfExists", "ForAllValues:", "ForAnyValue:"]
)
def test_every_element_is_written(element: str) -> None:
    assert sum(element in json.dumps(case["policies"]) for case in SAMPLE) > 20
