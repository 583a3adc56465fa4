"""`--kmslab-report=FILE.json`: the facts of a run. docs/evidence.md and report.schema.json say what is in it.

It is written as it is read, one test after the other: a long run needs no more memory than a short one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from pytest_kmslab.report.evidence.accounts import masked_values
from pytest_kmslab.report.evidence.model import plain
from pytest_kmslab.report.evidence.records import TestRecord, Turn, turns
from pytest_kmslab.report.evidence.run_facts import RunFacts

VERSION = 1
SCHEMA = Path(__file__).with_name("report.schema.json")

BROKEN = "backslashreplace"
"""What becomes of half a character, as a test may print one: its escape, which is JSON."""

Mask = Callable[[str], str]


def write_json(path: Path, run: RunFacts, records: Iterable[TestRecord], mask: Mask) -> None:
    """Write the report; raises OSError. `mask` takes the numbers of accounts out of a text."""
    totals: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", errors=BROKEN) as file:
        file.write(f'{{"version":{VERSION},\n"run":')
        _dump(file, masked_values(run_values(run), mask))
        file.write(',\n"tests":[')
        for number, record in enumerate(records):
            file.write(",\n" if number else "\n")
            _dump(file, masked_values(values_of(record), mask))
            count(record, totals, outcomes)
        file.write('\n],\n"totals":')
        _dump(file, {**total_values(totals), "outcomes": dict(outcomes)})
        file.write("}\n")


def count(record: TestRecord, totals: Counter[str], outcomes: Counter[str]) -> None:
    """Add a test to the totals of a run."""
    if record.test.id:
        outcomes[record.outcome] += 1
    for call in record.calls:
        totals["calls"] += 1
        for decision in call.decisions:
            totals["decisions"] += 1
            totals["denied"] += decision.decision != "allowed"
    for resource in record.resources:
        totals[resource.event] += 1


def total_values(totals: Counter[str]) -> dict[str, int]:
    """The totals, each there."""
    return {name: totals[name] for name in ("calls", "decisions", "denied", "made", "undone")}


def run_values(run: RunFacts) -> dict[str, Any]:
    """The run as plain values."""
    return {
        "started": timestamp(run.started),
        "seconds": round(run.finished - run.started, 3),
        "exit_status": run.exit_status,
        "workers": run.workers,
        "backend": run.backend,
        "place": run.place,
        "account": run.account,
        "region": run.region,
        "enforcement": run.enforcement,
        "versions": dict(run.versions),
        "undecided": dict(run.undecided),
        "left": list(run.left),
        "kept": list(run.kept),
        "cost": run.cost,
        "observed": None if run.observed is None else dict(run.observed),
        "policy_coverage": run.coverage,
    }


def values_of(record: TestRecord) -> dict[str, Any]:
    """One test as plain values."""
    test = record.test
    return {
        "id": test.id,
        "title": test.title,
        "module": test.module,
        "module_title": test.module_title,
        "worker": test.worker,
        "started": timestamp(test.at),
        "outcome": record.outcome,
        "seconds": round(record.seconds, 6),
        "failure": record.failure,
        "subtests": [
            {"name": part.name, "outcome": part.outcome, "seconds": round(part.seconds, 6), "text": part.text}
            for part in record.phases
            if part.when == "subtest"
        ],
        "assertions": list(map(_timed, record.assertions)),
        "calls": list(map(_timed, record.calls)),
        "turns": [_turn(turn) for turn in turns(record.calls)],
        "matrices": list(map(_timed, record.matrices)),
        "resources": list(map(_timed, record.resources)),
    }


def _timed(fact: Any) -> dict[str, Any]:
    return {**plain(fact), "at": timestamp(fact.at)}


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "principal": turn.principal,
        "action": turn.action,
        "resource": turn.resource,
        "before": turn.before.decision,
        "after": turn.after.decision,
        "decision": turn.after.number,
        "changes": plain(turn.changes),
    }


def timestamp(seconds: float) -> str:
    """A time in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _dump(file: IO[str], values: Any) -> None:
    file.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
