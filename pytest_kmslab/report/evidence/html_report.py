"""`--kmslab-report=FILE.html`: the facts of a run as one page, which needs no network and no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pytest_kmslab.report.evidence.page_data import PageData
from pytest_kmslab.report.evidence.records import TestRecord
from pytest_kmslab.report.evidence.run_facts import RunFacts

Mask = Callable[[str], str]

PAGE = Path(__file__).with_name("page")
DATA_HERE = "@data@"
SCRIPTS = (
    *("data.js", "dom.js", "summary.js", "tests.js", "timeline.js", "policies.js", "matrix.js", "rest.js"),
    "main.js",
)
"""In the order in which they are put together."""


def write_html(path: Path, run: RunFacts, records: Iterable[TestRecord], mask: Mask) -> None:
    """Write the report; raises OSError. `mask` takes the numbers of accounts out of a text."""
    data = PageData(mask)
    data.begin(run.started)
    for record in records:
        data.add(record)
    # The data is written piece by piece between the two: it is never whole in memory.
    before, after = _page(run, data).split(DATA_HERE)
    with path.open("w", encoding="utf-8") as file:
        file.write(before)
        data.write(file, run)
        file.write(after)


def _page(run: RunFacts, data: PageData) -> str:
    """The page without its data, with what a reader sees who has no JavaScript."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined)
    texts: dict[str, Any] = {
        "style": (PAGE / "report.css").read_text(encoding="utf-8"),
        "script": "\n".join((PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS),
        "data": DATA_HERE,
    }
    return templates.get_template("report.html").render(
        **texts, run=run, totals=data.totals, outcomes=data.outcomes
    )
