"""What a report tells of a test: what it is called, and how its parts ended."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.report.evidence.model import BegunTest, Phase

LONGEST = 20_000
"""Characters of a failure that are kept; the end of it says most."""


def test_of(item: pytest.Item, at: float, worker: str) -> BegunTest:
    """The fact of a test that begins."""
    module = getattr(item, "module", None)
    return BegunTest(
        at=at,
        id=item.nodeid,
        title=_title(item),
        module=item.nodeid.partition("::")[0],
        module_title=_first_line(getattr(module, "__doc__", None)),
        worker=worker,
    )


# By its name pytest would take it for a test in every module that imports it.
test_of.__test__ = False  # type: ignore[attr-defined]


def _title(item: pytest.Item) -> str:
    """The first line of its docstring, or its name in words; with the id of its parameters."""
    name = getattr(item, "originalname", None) or item.name
    docstring = _first_line(getattr(getattr(item, "obj", None), "__doc__", None))
    words = docstring or name.removeprefix("test_").replace("_", " ").strip() or name
    callspec = getattr(item, "callspec", None)
    return f"{words} [{callspec.id}]" if callspec is not None else words


def _first_line(doc: str | None) -> str:
    return next((line.strip() for line in (doc or "").splitlines() if line.strip()), "")


def phase_of(report: pytest.TestReport) -> Phase:
    """The fact of a part of a test that ended, from pytest's report of it."""
    context: Any = getattr(report, "context", None)
    name, outcome = "", str(report.outcome)
    if context is not None:  # a subtest's: what it was given tells it from the others
        values = ", ".join(f"{key}={value!r}" for key, value in context.kwargs.items())
        name = " ".join(part for part in (context.msg or "", f"({values})" if values else "") if part)
    if hasattr(report, "wasxfail"):
        # pytest calls an xfail skipped, and an xpass passed or failed.
        outcome = "xpassed" if report.passed else "xfailed"
    return Phase(
        when=str(report.when) if context is None else "subtest",
        name=name,
        outcome=outcome,
        seconds=getattr(report, "duration", 0.0),
        text=_text(report),
    )


def _text(report: pytest.TestReport) -> str:
    if report.passed:
        return ""
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):  # where it was skipped, and why
        return str(longrepr[2])
    text = report.longreprtext
    text = text if len(text) <= LONGEST else f"…{text[-LONGEST:]}"
    # pytest-rerunfailures: the failure is told, though the test may have passed in the end.
    return f"It was tried again after this:\n{text}" if str(report.outcome) == "rerun" else text
