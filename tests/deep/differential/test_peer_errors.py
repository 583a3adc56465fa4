"""A known error of a peer explains what it was made for and nothing else: seen without the peers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pytest
from deep.differential.compare import DecisionCounts, compare, explained
from deep.differential.generator import Case, cases
from deep.differential.ours import decide
from deep.differential.peer_errors import KNOWN_ERRORS, KnownError
from deep.differential.peers import IAM_SIMULATE, PEERS, Running

CORPUS = Path(__file__).parents[2] / "corpus" / "peer_errors"
SAMPLE = list(islice(cases(20261124), 1500))
REWRITES = {error.name: error.rewrite for error in KNOWN_ERRORS}


class Parrot:
    """A peer that answers as this engine does, but for the cases where it was told otherwise."""

    peer = IAM_SIMULATE

    def __init__(self, wrong: str, on: Sequence[Case]) -> None:
        self.wrong, self.on = wrong, [case["policies"] for case in on]

    def decide(self, case: Case) -> str:
        return self.wrong if case["policies"] in self.on else decide(case)

    def authorization(self, asked: Sequence[Case]) -> Iterator[dict[str, Any]]:
        return iter([{"decision": self.decide(case)} for case in asked])


def parrot(wrong: str, *on: Case) -> Running:
    return cast("Running", Parrot(wrong, on))


def case_of(name: str) -> Case:
    read: Case = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_means_the_same(name: str) -> None:
    rewritten = [(case, changed) for case in SAMPLE if (changed := REWRITES[name](case)) is not None]
    assert all(decide(changed) == decide(case) for case, changed in rewritten)


@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_leaves_the_case_given_as_it_is(name: str) -> None:
    case = case_of(name)
    assert REWRITES[name](case) is not None
    assert case == case_of(name)


@pytest.mark.parametrize("name", REWRITES)
def test_an_error_says_where_aws_says_otherwise(name: str) -> None:
    assert "https://docs.aws.amazon.com/" in (REWRITES[name].__doc__ or "")


def test_every_error_has_a_case_and_every_case_an_error() -> None:
    assert {path.stem for path in CORPUS.glob("*.json")} == set(REWRITES)


def test_an_error_is_one_of_a_peer_that_is_asked() -> None:
    assert {error.peer for error in KNOWN_ERRORS} <= {peer.name for peer in PEERS}


def test_a_peer_that_errs_on_the_case_only_is_explained() -> None:
    case = case_of("root_user_needs_no_policy")
    (error,) = explained(case, decide(case), parrot("implicitDeny", case))
    assert error.name == "root_user_needs_no_policy"


def test_a_peer_that_errs_on_the_rewritten_case_too_is_not() -> None:
    case = case_of("root_user_needs_no_policy")
    rewritten = REWRITES["root_user_needs_no_policy"](case)
    assert rewritten is not None
    assert explained(case, decide(case), parrot("implicitDeny", case, rewritten)) == ()


def test_an_error_of_one_peer_does_not_excuse_another() -> None:
    case = case_of("root_user_needs_no_policy")
    others = [KnownError("ministack", REWRITES["root_user_needs_no_policy"])]
    assert explained(case, decide(case), parrot("implicitDeny", case), others) == ()


def test_an_unexplained_disagreement_is_shrunk_and_printed_as_a_case() -> None:
    case = next(case for case in SAMPLE if decide(case) == "allowed" and case["policies"].get("identity"))

    class Contrary(Parrot):
        def decide(self, case: Case) -> str:
            return "implicitDeny"

    counts = DecisionCounts()
    compare([case], cast("Running", Contrary("", [])), counts)
    (found,) = counts.disagreements
    assert (found.ours, found.theirs) == ("allowed", "implicitDeny")
    printed = json.loads(found.as_corpus_case())
    assert printed["expect"] == {"decision": "allowed"}
    assert len(json.dumps(printed["policies"])) <= len(json.dumps(case["policies"]))
    assert decide({part: printed[part] for part in ("name", "request", "policies")}) == "allowed"


def test_agreement_is_counted() -> None:
    counts = DecisionCounts()
    compare(SAMPLE[:20], parrot(""), counts)
    assert (counts.asked, counts.agreed, counts.disagreements) == (20, 20, [])
