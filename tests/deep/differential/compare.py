"""Compares this engine with a peer case by case, and knows which disagreements are settled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from deep.differential.generator import Case
from deep.differential.ours import decide
from deep.differential.peer_errors import KNOWN_ERRORS, KnownError
from deep.differential.peers import Running, said
from deep.differential.shrink import shrink


@dataclass(frozen=True)
class Disagreement:
    """A case on which a peer answers otherwise than this engine, and no known error of the peer says why."""

    case: Case
    peer: str
    ours: str
    theirs: str

    def as_corpus_case(self) -> str:
        """The case in the form of tests/corpus, for when it is settled."""
        settled = {
            "name": f"{self.case['name']}: {self.peer} says {self.theirs}",
            "source": "to be settled from AWS's documentation",
            "verified": None,
            **{part: self.case[part] for part in ("request", "policies")},
            "expect": {"decision": self.ours},
        }
        return json.dumps(settled, indent=2)


@dataclass
class DecisionCounts:
    """What came of the cases put to one peer so far."""

    asked: int = 0
    agreed: int = 0
    explained: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)


def explained(
    case: Case, ours: str, peer: Running, errors: Sequence[KnownError] = KNOWN_ERRORS
) -> tuple[KnownError, ...]:
    """The known errors of a peer that account for its answer, as few as do; empty where they do not.

    They do when, once the case is rewritten so that it means the same to AWS and avoids the errors, the
    peer answers as we do, and we answer as before.
    """
    theirs = [error for error in errors if error.peer == peer.peer.name and error.rewrite(case) is not None]
    candidates = [(error,) for error in theirs] + ([tuple(theirs)] if len(theirs) > 1 else [])
    return next((tried for tried in candidates if _agrees(case, ours, peer, tried)), ())


def _agrees(case: Case, ours: str, peer: Running, errors: Sequence[KnownError]) -> bool:
    rewritten = case
    for error in errors:
        rewritten = error.rewrite(rewritten) or rewritten
    return decide(rewritten) == ours and peer.decide(rewritten) == ours


def compare(cases: Sequence[Case], peer: Running, counts: DecisionCounts) -> None:
    """Put the cases that a peer covers to it and to this engine, and note in `tally` what came of it."""
    asked = [case for case in cases if peer.peer.covers(case)]
    answers = [said(answer) for answer in peer.authorization(asked)]
    counts.asked += len(asked)
    for case, theirs in zip(asked, answers, strict=True):
        ours = decide(case)
        if ours == theirs:
            counts.agreed += 1
        elif errors := explained(case, ours, peer):
            counts.explained += 1
            counts.known.update(error.name for error in errors)
        else:
            counts.disagreements.append(_shrunk(case, ours, theirs, peer))


def _shrunk(case: Case, ours: str, theirs: str, peer: Running) -> Disagreement:
    def fails(smaller: Case) -> bool:
        if not peer.peer.covers(smaller) or decide(smaller) != ours or peer.decide(smaller) != theirs:
            return False
        return not explained(smaller, ours, peer)

    return Disagreement(shrink(case, fails), peer.peer.name, ours, theirs)


def stale(peer: Running, read: Sequence[tuple[str, Case]]) -> Iterator[str]:
    """What is wrong with the list of a peer's known errors, a line each.

    `read` holds the corpus cases of tests/corpus/peer_errors by name. Each error must have one, on which
    the peer errs and which that error alone explains.
    """
    cases = dict(read)
    for error in KNOWN_ERRORS:
        if error.peer != peer.peer.name:
            continue
        case = cases.get(error.name)
        if case is None:
            yield f"{error.name}: has no case in tests/corpus/peer_errors"
        elif peer.decide(case) == decide(case):
            yield f"{error.name}: {error.peer} no longer errs on it: drop the error"
        elif not explained(case, decide(case), peer, [error]):
            yield f"{error.name}: does not explain what {error.peer} answers to its case"
