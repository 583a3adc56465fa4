"""What `kmslab sweep` prints: a table for a person, one JSON object for a program."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pytest_kmslab.lab.resource_kind import manual_commands
from pytest_kmslab.lab.sweep.leftovers import Findings, Leftover
from pytest_kmslab.lab.sweep.target import Target

COLUMNS = ("kind", "name", "Region", "age", "run", "what comes of it", "why")


def as_json(findings: Findings, target: Target) -> str:
    """Everything, as one JSON object."""
    account = target.account
    shown = {
        "backend": account.backend,
        "account": account.account,
        "endpoint": account.endpoint,
        "leftovers": [_object(leftover, findings, target) for leftover in findings.leftovers],
        "problems": findings.problems,
        "notes": findings.notes,
    }
    return json.dumps(shown, indent=2)


def _object(leftover: Leftover, findings: Findings, target: Target) -> dict[str, Any]:
    return {
        "kind": leftover.ref.kind.name,
        "name": leftover.ref.name,
        "region": leftover.ref.region,
        "arn": leftover.ref.arn,
        "run": leftover.run,
        "worker": leftover.worker,
        "age_seconds": None if leftover.age is None else int(leftover.age.total_seconds()),
        "outcome": outcome(leftover, findings),
        "why": leftover.why,
        "error": findings.failures.get(leftover, ""),
        "by_hand": manual_commands(leftover.ref, target.account.endpoint, target.account.profile),
    }


def rows(findings: Findings) -> list[tuple[str, ...]]:
    """A row for each leftover, in the order of COLUMNS."""
    return [
        (
            leftover.ref.kind.name,
            leftover.ref.name,
            leftover.ref.region,
            age_text(leftover.age),
            leftover.run,
            outcome(leftover, findings),
            findings.failures.get(leftover, leftover.why),
        )
        for leftover in findings.leftovers
    ]


def sweep_lines(findings: Findings) -> list[str]:
    """What a run says of the sweep before it: nothing where there was nothing."""
    removed = [f"removed {leftover.ref} of run {leftover.run}" for leftover in findings.removed]
    failed = [f"could not remove {leftover.ref}: {why}" for leftover, why in findings.failures.items()]
    return [f"kmslab sweep: {line}" for line in (*removed, *failed, *findings.problems)]


def outcome(leftover: Leftover, findings: Findings) -> str:
    """What came of a leftover, or would with `--yes`."""
    if leftover in findings.failures:
        return "could not be removed"
    if leftover in findings.removed:
        return "removed"
    return "stays" if leftover.stays else "to be removed"


def age_text(age: timedelta | None) -> str:
    """An age in its two largest units."""
    if age is None:
        return "unknown"
    minutes, seconds = divmod(max(0, int(age.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or f"{seconds} s"
