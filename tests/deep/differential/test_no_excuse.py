"""No error of this engine hides behind a known error of a peer.

The engine is given a fault, and a peer without any answers as the engine does without it: each of their
disagreements has to come out unexplained.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import pytest
from deep.differential import compare, peer_errors_principals
from deep.differential.generator import FULL_ACCESS, Case, cases
from deep.differential.ours import decide
from deep.differential.peers import PEERS, Peer, Running
from deep.differential.rewriting import Statement, rewrite_statements

SAMPLE = list(islice(cases(20261125), 700))
Fault = Callable[[Case], Case]


class Faultless:
    """A peer that decides as this engine does without its fault."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def decide(self, case: Case) -> str:
        return decide(case)

    def authorization(self, asked: Sequence[Case]) -> Iterator[dict[str, Any]]:
        return iter([{"decision": decide(case)} for case in asked])


def of_statements(change: Callable[[str, Statement], Statement | None]) -> Fault:
    return lambda case: rewrite_statements(case, change) or case


def without(*kinds: str) -> Fault:
    def fault(case: Case) -> Case:
        return {**case, "policies": {k: v for k, v in case["policies"].items() if k not in kinds}}

    return fault


def without_element(name: str, effect: str) -> Fault:
    def change(_: str, statement: Statement) -> Statement:
        return {k: v for k, v in statement.items() if k != name or statement["Effect"] != effect}

    return of_statements(change)


def only_the_first_condition(_: str, statement: Statement) -> Statement:
    operators = list(statement.get("Condition", {}).items())
    return {**statement, "Condition": dict(operators[:1])} if operators else statement


def everything_in_place_of(name: str) -> Fault:
    def change(_: str, statement: Statement) -> Statement:
        return {**statement, name: "*"} if name in statement else statement

    return of_statements(change)


def everybody(_: str, statement: Statement) -> Statement:
    return {**statement, "Principal": "*"} if "Principal" in statement else statement


def root_trusted(case: Case) -> Case:
    if case["request"]["resource"] == "*" or not case["policies"].get("resource"):
        return case
    changed = copy.deepcopy(case)
    owner = case["request"]["resource"].split(":")[4]
    root = {"AWS": f"arn:aws:iam::{owner}:root"}
    changed["policies"]["resource"]["Statement"].append({**FULL_ACCESS["Statement"][0], "Principal": root})
    return changed


FAULTS: dict[str, Fault] = {
    "conditions of an Allow are not looked at": without_element("Condition", "Allow"),
    "conditions of a Deny are not looked at": without_element("Condition", "Deny"),
    "only the first operator is looked at": of_statements(only_the_first_condition),
    "a Deny is not looked at": of_statements(lambda _, one: one if one["Effect"] == "Allow" else None),
    "a Deny with NotPrincipal is not looked at": of_statements(
        lambda _, one: None if "NotPrincipal" in one else one
    ),
    "every resource is meant": everything_in_place_of("Resource"),
    "every action is meant": everything_in_place_of("Action"),
    "everybody is named": of_statements(everybody),
    "every key policy trusts the account": root_trusted,
    "boundaries do not limit": without("permissions_boundary"),
    "session policies do not limit": without("session"),
    "organizations do not limit": without("service_control", "resource_control"),
    "endpoints do not limit": without("vpc_endpoint"),
    "identity-based policies do not count": without("identity"),
}


@pytest.fixture(scope="module")
def right() -> list[str]:
    """What is decided without a fault."""
    return [decide(case) for case in SAMPLE]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_of_ours_is_not_explained(
    fault: str, right: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(case: Case) -> str:
        return decide(FAULTS[fault](case))

    monkeypatch.setattr(compare, "decide", faulty)
    monkeypatch.setattr(peer_errors_principals, "decide", faulty)
    decided = [(case, faulty(case), known) for case, known in zip(SAMPLE, right, strict=True)]
    wrong = [(case, ours) for case, ours, known in decided if ours != known]
    excused = {
        error.name: case
        for peer in PEERS
        for case, ours in wrong
        for error in compare.explained(case, ours, cast("Running", Faultless(peer)))
    }
    assert excused == {}
    assert len(wrong) >= 3, "a fault that never shows proves nothing"
