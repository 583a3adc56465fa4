"""One decision: on the document's case, against the independent engines in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

from deep.differential.generator import cases
from deep.differential.peers import IAM_SIMULATE, MINISTACK, Running, start
from document import case
from measure import Round, Row, in_turn, loop, microseconds, ratio

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case

# Many short rounds: the median is then one in which nothing else ran.
ROUNDS = 51
LOOPS = {"ours": 1000, MINISTACK.name: 100, IAM_SIMULATE.name: 50}
BARS = {MINISTACK.name: 9.0, IAM_SIMULATE.name: 25.0}
RANDOM_BARS = {MINISTACK.name: 2.0, IAM_SIMULATE.name: 10.0}


def rows(work: Path) -> Iterator[Row]:
    """The document's case, allowed and denied, then random cases that every engine sets out to decide."""
    with ExitStack() as stack:
        peers = [stack.enter_context(start(peer, work)) for peer in (MINISTACK, IAM_SIMULATE)]
        for title, key_user in (("a key user, allowed", True), ("an outsider, denied", False)):
            yield from _document(title, case(key_user=key_user), peers)
        yield from _random(peers)


def _document(title: str, drawn: dict[str, Any], peers: list[Running]) -> Iterator[Row]:
    parsed = parse_case(drawn)
    measured = in_turn(
        {
            "ours": loop(lambda: authorize(parsed.request, parsed.policies), LOOPS["ours"]),
            "built": loop(lambda: authorize(_built(drawn), parsed.policies), LOOPS["ours"]),
            **{peer.peer.name: _of_peer(peer, [drawn]) for peer in peers},
        },
        ROUNDS,
    )
    yield Row(f"decision, {title}", microseconds(measured["ours"]), "µs")
    yield Row(f"decision, {title}, request built for it", microseconds(measured["built"]), "µs")
    for peer in peers:
        name = peer.peer.name
        yield Row(f"  {name} on the same case", microseconds(measured[name]), "µs")
        yield Row(f"  {name} / ours", ratio(measured, name, "ours"), "×", BARS[name], at_least=True)


def _random(peers: list[Running]) -> Iterator[Row]:
    covered = (one for one in cases(7) if all(peer.peer.covers(one) for peer in peers))
    drawn = list(islice(covered, 40))
    parsed = [parse_case(one) for one in drawn]
    measured = in_turn(
        {
            "ours": _of_cases(parsed),
            **{peer.peer.name: _of_peer(peer, drawn) for peer in peers},
        },
        11,
    )
    yield Row("decision, mean of 40 random cases", microseconds(measured["ours"]), "µs")
    for peer in peers:
        name = peer.peer.name
        yield Row(f"  {name} / ours", ratio(measured, name, "ours"), "×", RANDOM_BARS[name], at_least=True)


def _built(drawn: dict[str, Any]) -> Request:
    asked = drawn["request"]
    return Request(asked["principal"], asked["action"], asked["resource"], Context(asked["context"]))


def _of_cases(parsed: list[Case]) -> Round:
    def decide_all() -> None:
        for one in parsed:
            authorize(one.request, one.policies)

    run = loop(decide_all, 10)
    return lambda: run() / len(parsed)


def _of_peer(peer: Running, drawn: list[dict[str, Any]]) -> Round:
    """A peer measures itself, in its own process, without the pipe between."""
    loops = LOOPS[peer.peer.name]
    list(peer.authorization(drawn, loops=2000 // len(drawn)))  # its compiler needs a while

    def run() -> float:
        answers = list(peer.authorization(drawn, loops=loops))
        return mean(float(answer["microseconds"]) for answer in answers) / 1e6

    return run
