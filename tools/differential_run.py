"""Decides random cases with this engine and with independent ones, and reports where they differ.

    PYTHONPATH=tests python tools/differential_run.py [--cases 5000] [--seed n] [--work folder]

Needs node, npm and pip: the other engines are installed, at exact versions, below the work folder.
Exit 0 if every difference is a known error of a peer, 1 if one is not (each is printed, made small, as
a case for tests/corpus, and how to see it again), 2 if a peer cannot be run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import SystemRandom

from deep.differential.compare import DecisionCounts, compare, stale
from deep.differential.generator import Case, cases
from deep.differential.peers import PEERS, PeerError, Running, start

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus" / "peer_errors"
BATCH = 1000


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code."""
    options = parse_arguments(arguments)
    print(f"{options.cases} random cases of seed {options.seed}", flush=True)
    tallies: list[DecisionCounts] = []
    problems: list[str] = []
    for peer in PEERS:
        try:
            with start(peer, options.work) as running:
                problems += stale(running, list(corpus()))
                tallies.append(authorization(running, options.cases, options.seed))
        except PeerError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    for problem in problems:
        print(f"stale: {problem}")
    found = [disagreement for counts in tallies for disagreement in counts.disagreements]
    for disagreement in found:
        print(f"\n{disagreement.peer} says {disagreement.theirs}, this engine {disagreement.ours}:")
        print(disagreement.as_corpus_case())
    if found or problems:
        again = f"--cases {options.cases} --seed {options.seed}"
        print(f"\nthe same again: tox -e differential -- {again}")
        return 1
    return 0


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="compare this engine with independent ones on random cases")
    parser.add_argument("--cases", type=int, default=5000, help="how many (default 5000)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32), help="repeat a run")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "peers", help="where peers are installed"
    )
    return parser.parse_args(arguments)


def corpus() -> Iterator[tuple[str, Case]]:
    """The cases of the peers' known errors, by name."""
    for path in sorted(CORPUS.glob("*.json")):
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))


def authorization(peer: Running, count: int, seed: int) -> DecisionCounts:
    """Put the cases to one peer, and print what came of it."""
    began = time.perf_counter()
    counts = DecisionCounts()
    drawn = islice(cases(seed), count)
    while batch := list(islice(drawn, BATCH)):
        compare(batch, peer, counts)
    seconds = time.perf_counter() - began
    print(
        f"{peer.peer.name}: {counts.asked} asked, {counts.agreed} agreed, {counts.explained} known errors of "
        f"it, {len(counts.disagreements)} unexplained ({seconds:.0f} s)"
    )
    for name, times in counts.known.most_common():
        print(f"  {times:6} {name}")
    return counts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
