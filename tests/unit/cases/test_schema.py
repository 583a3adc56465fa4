"""The published JSON Schema of a case says what is read, and what is printed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_kmslab.cases.decide import DecidedCase
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cli.decide import schema_text
from pytest_kmslab.cli.main import main
from pytest_kmslab.errors import CaseError

SCHEMA = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)
ANSWER = Draft202012Validator({**SCHEMA["$defs"]["answer"], "$defs": SCHEMA["$defs"]})
CORPUS = sorted((Path(__file__).parents[2] / "corpus").rglob("*.json"))
DOCUMENT = {"Version": "2012-10-17", "Statement": []}
CASE: dict[str, Any] = {
    "name": "n",
    "request": {"principal": "p", "action": "kms:Decrypt", "resource": "r", "context": {"a": ["b", 1, True]}},
    "policies": {
        "identity": [{"name": "i", "document": DOCUMENT}],
        "resource": "{",
        "permissions_boundary": DOCUMENT,
        "session": [DOCUMENT],
        "service_control": [[DOCUMENT], []],
        "resource_control": [],
        "vpc_endpoint": DOCUMENT,
    },
    "grants": [{"GranteePrincipal": "g", "Operations": ["Decrypt"], "Constraints": {"SourceArn": "s"}}],
    "expect": {"decision": "allowed", "matched": ["a"]},
    "source": "",
    "verified": "2026-01-31",
}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_whole_corpus_and_its_answers_are_valid() -> None:
    for path in CORPUS:
        text = path.read_text(encoding="utf-8")
        assert list(VALIDATOR.iter_errors(json.loads(text))) == [], path.name
        case = parse_case(text)
        assert list(ANSWER.iter_errors(DecidedCase(case, case.decide()).as_json())) == [], path.name


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a case, but for those inside a policy document."""
    yield path
    if value == DOCUMENT:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(path: tuple[Any, ...], to: Any) -> Any:
    case = copy.deepcopy(CASE)
    if not path:
        return to
    inside = case
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = to
    return case


def is_read(case: Any) -> bool:
    try:
        parse_case(case)
    except CaseError:
        return False
    return True


@pytest.mark.parametrize("path", list(places(CASE)), ids=lambda path: ".".join(map(str, path)) or "case")
def test_it_takes_what_is_read_and_nothing_else(path: tuple[Any, ...]) -> None:
    """Each value in turn becomes one of every other kind."""
    assert VALIDATOR.is_valid(CASE)
    assert is_read(CASE)
    for other in (None, 7, True, "text", " ", [], ["text"], [7], [None], {"unknown": "text"}):
        case = changed(path, other)
        assert VALIDATOR.is_valid(case) == is_read(case), (other, list(VALIDATOR.iter_errors(case)))


@pytest.mark.parametrize(
    "path", [path for path in places(CASE) if path and isinstance(path[-1], str)], ids=str
)
def test_what_may_be_left_out_is_what_may_be_missing(path: tuple[Any, ...]) -> None:
    case = copy.deepcopy(CASE)
    inside = case
    for key in path[:-1]:
        inside = inside[key]
    del inside[path[-1]]
    assert VALIDATOR.is_valid(case) == is_read(case)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
