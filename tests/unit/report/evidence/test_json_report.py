from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import jsonschema
from browser.made_up import RUN, facts_of

from pytest_kmslab.report.evidence.html_report import write_html
from pytest_kmslab.report.evidence.json_report import SCHEMA, write_json
from pytest_kmslab.report.evidence.model import BegunTest, Phase
from pytest_kmslab.report.evidence.records import TestRecord

HALF = "half a character: \udc80"


def record() -> TestRecord:
    """A test in which everything occurs, and which printed half a character."""
    told = list(facts_of(7))
    assert isinstance(told[0], BegunTest)
    made = TestRecord(told[0])
    for fact in told[1:]:
        made.add(fact)
    made.phases.append(Phase("call", "", "failed", 0.1, HALF))
    return made


def test_it_is_as_its_schema_says(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", RUN, [record()], str)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    (test,) = report["tests"]
    assert HALF in test["failure"]
    assert report["totals"]["denied"] == 5


def test_the_page_has_the_same_facts(tmp_path: Path) -> None:
    write_html(tmp_path / "report.html", RUN, [record()], str)
    page = (tmp_path / "report.html").read_text("utf-8")
    data = json.loads(gzip.decompress(base64.b64decode(page.partition('id="data">')[2].partition("<")[0])))
    assert HALF in data["texts"]
    assert data["totals"]["denied"] == 5
    assert len(data["tests"]) == 1
