"""Strike a run at every call it makes, and see that `kmslab sweep` leaves nothing of it: `tox -e faults`.

A call that changes the account is struck by every fault. At a call that only reads it makes no difference
whether it was acted on: there the faults take turns, unless --all asks for every one. With --share, which CI
asks for, one of the two faults that leave most behind strikes a call; which of them is drawn for each run.

Exit status: 0 nothing leaked, 1 something did, or is gone that was not ours.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from deep.faults.account import FAULTS, Fault
from deep.faults.harness import OTHERS, WHOLE, Harness, Outcome

READS = ("Get", "List", "Describe", "s3:GET")
SWEEP_FAULTS = tuple(fault for fault in FAULTS if fault.acted or fault.kills)
SWEEP_CALLS = 40
"""Calls of a sweep that are struck: more than one makes until all that it found is removed."""
SHARE = ("killed after the call", "timeout after the call")
"""The two faults that leave most behind: the call was acted on, and nobody heard of it."""


class Scenario(NamedTuple):
    """Where something is struck, and by what: a run, or the sweep after a run that was killed at a call."""

    at: int
    fault: Fault
    operation: str
    killed_at: int = 0

    def __str__(self) -> str:
        if self.killed_at:
            return f"sweep, call {self.at}: {self.fault.name}"
        return f"call {self.at} ({self.operation}): {self.fault.name}"

    def play(self, harness: Harness) -> Outcome:
        """Have it happen."""
        if self.killed_at:
            return harness.sweep(self.at, self.fault, self.killed_at)
        return harness.run(self.at, self.fault)


def scenarios(operations: Sequence[str], every: bool) -> Iterator[Scenario]:
    """All that are to be tried, those of the run first."""
    for at, operation in enumerate(operations, 1):
        reads = operation.startswith(READS) and not every
        for fault in (FAULTS[at % len(FAULTS)],) if reads else FAULTS:
            yield Scenario(at, fault, operation)
    fullest = 1 + max(
        at for at, operation in enumerate(operations) if operation.startswith(("Create", "Put"))
    )
    for at in range(1, SWEEP_CALLS + 1):
        for fault in SWEEP_FAULTS if every else (SWEEP_FAULTS[at % len(SWEEP_FAULTS)],):
            yield Scenario(at, fault, "", fullest)


def main(argv: Sequence[str] | None = None) -> int:
    """Try them all on every processor, tell what is wrong, and count."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every fault at every call: several times as many")
    parser.add_argument("--share", action=argparse.BooleanOptionalAction, help="one of two faults at a call")
    parser.add_argument(
        "--others", action="store_true", help="a lab of roles, groups, policies and grants instead"
    )
    parser.add_argument("--turn", type=int, choices=(0, 1), help="which of them begins (default: drawn)")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="(default: %(default)s)"
    )
    parser.add_argument("--only", type=int, nargs="*", help="calls of the run to strike, by number")
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--fault", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--list", action="store_true", help="only list the calls of a run")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(Path(folder), OTHERS if arguments.others else WHOLE)
        if arguments.list:
            print("\n".join(f"{at} {name}" for at, name in enumerate(harness.operations, 1)))
            return 0
        chosen = list(scenarios(harness.operations, arguments.all))
        if arguments.only:
            chosen = [one for one in chosen if one.at in arguments.only and not one.killed_at]
        if arguments.fault:
            chosen = [one for one in chosen if one.fault.name in arguments.fault]
        if arguments.share:
            chosen = list(_share(chosen, arguments.turn))
        return _tell(harness, chosen, _played(harness, chosen, arguments.jobs, Path(folder)))


def _share(chosen: Sequence[Scenario], turn: int | None) -> Iterator[Scenario]:
    """Those of the two faults of the share, which take turns from call to call."""
    turn = random.randrange(2) if turn is None else turn
    print(f"the share of turn {turn}: `--share --turn {turn}` repeats it", flush=True)
    return (one for one in chosen if one.fault.name == SHARE[(one.at + turn) % 2])


def _played(
    harness: Harness, chosen: Sequence[Scenario], jobs: int, folder: Path
) -> Iterator[tuple[Scenario, dict[str, Any]]]:
    """Play the scenarios in several processes; a result for each, as they come."""
    reading, writing = os.pipe()
    for job in range(jobs):
        if os.fork() == 0:
            try:
                harness.apart(folder / str(job))
                for number in range(job, len(chosen), jobs):
                    os.write(writing, json.dumps([number, _result(harness, chosen[number])]).encode() + b"\n")
            finally:
                os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as results:
        for line in results:
            number, result = json.loads(line)
            yield chosen[number], result
    for _ in range(jobs):
        os.wait()


def _result(harness: Harness, scenario: Scenario) -> dict[str, Any]:
    try:
        outcome = scenario.play(harness)
    except Exception:
        return {"left": 0, "killed": False, "wrong": [traceback.format_exc()[-2000:]]}
    killed = outcome.status > 128
    return {"left": len(outcome.left), "killed": killed, "wrong": [line[:400] for line in outcome.wrong[:5]]}


def _tell(
    harness: Harness, chosen: Sequence[Scenario], results: Iterator[tuple[Scenario, dict[str, Any]]]
) -> int:
    played, left, killed, wrong = 0, 0, 0, 0
    for scenario, result in results:
        played += 1
        left += bool(result["left"])
        killed += result["killed"]
        wrong += bool(result["wrong"])
        for line in result["wrong"]:
            print(f"WRONG {scenario}: {line}", flush=True)
        if played % 50 == 0:
            print(f"{played} of {len(chosen)} scenarios, wrong {wrong}", file=sys.stderr, flush=True)
    sweeps = len({one.at for one in chosen if one.killed_at})
    print(
        f"{len(harness.operations)} boundaries of a run and {sweeps} of a sweep × {len(FAULTS)} faults, "
        f"{played} of {len(chosen)} scenarios: {killed} killed, {left} left something to the sweep, "
        f"leaks {wrong}"
    )
    return 1 if wrong or played != len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
