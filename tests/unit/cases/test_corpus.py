"""The corpus: every case decided by the engine as it says AWS decides it, and the cases' own order."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from pytest_kmslab.authz.explain.explanation import explain
from pytest_kmslab.cases.case import Case, matched_statements
from pytest_kmslab.cases.read import parse_case

CORPUS = Path(__file__).parents[2] / "corpus"
CASES = sorted(CORPUS.rglob("*.json"))
GOLDEN = ".explain.txt"
SOURCE = re.compile(r"docs\.aws\.amazon\.com/\S+|(recorded|inferred): .+")
SNAKE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")

PERMISSION_ONLY = {
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "dynamodb:AssociateTableReplica",
    "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
}
"""Actions of the service authorization reference that are no API operation of their name."""
MODELS = {"dynamodb": ("dynamodb", "dynamodbstreams"), "cloudwatch": ("cloudwatch",)}


def topic_and_behaviour(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix()


def read(path: Path) -> Case:
    return parse_case(path.read_text(encoding="utf-8"), expectation_required=True)


def explained(case: Case) -> str:
    return explain(case.request, case.policies, case.grants, case.decide()) + "\n"


@pytest.mark.parametrize("path", CASES, ids=topic_and_behaviour)
def test_decided_as_aws_does(path: Path) -> None:
    case = read(path)
    assert case.expect is not None
    decision = case.decide()
    assert decision.decision is case.expect.decision, f"{case.name}\n{case.source}\n{explained(case)}"
    if case.expect.matched is not None:
        assert matched_statements(decision) == case.expect.matched, f"{case.name}\n{explained(case)}"


def test_has_three_hundred_cases_at_least() -> None:
    assert len(CASES) >= 300


def test_holds_cases_and_their_golden_texts_only() -> None:
    behaviours = {topic_and_behaviour(path) for path in CASES}
    strays = [
        name
        for file in CORPUS.rglob("*")
        if file.is_file()
        if (name := file.relative_to(CORPUS).as_posix()).removesuffix(".json").removesuffix(GOLDEN)
        not in behaviours
    ]
    assert strays == []


def test_files_are_topic_and_behaviour_in_snake_case() -> None:
    odd = [
        name
        for name in map(topic_and_behaviour, CASES)
        if name.count("/") != 1 or not all(SNAKE.fullmatch(part) for part in name.split("/"))
    ]
    assert odd == []


def test_names_are_unique() -> None:
    assert twice(read(path).name for path in CASES) == []


def test_no_two_cases_ask_the_same_question_under_the_same_policies() -> None:
    assert twice(json.dumps(evaluation(path), sort_keys=True) for path in CASES) == []


def test_every_case_says_where_it_is_from() -> None:
    assert [path.name for path in CASES if not SOURCE.fullmatch(read(path).source)] == []


def test_every_case_says_whether_it_was_seen_on_aws() -> None:
    assert [path.name for path in CASES if "verified" not in json.loads(path.read_text("utf-8"))] == []


def test_every_decision_is_expected_by_many_cases() -> None:
    decisions = Counter(case.expect.decision.value for case in map(read, CASES) if case.expect)
    assert min(decisions[name] for name in ("allowed", "explicitDeny", "implicitDeny")) >= 50


def test_every_requested_action_exists() -> None:
    known = PERMISSION_ONLY | {
        action
        for service in ("kms", "dynamodb", "iam", "sts", "s3", "cloudwatch")
        for action in actions(service)
    }
    assert {read(path).request.action for path in CASES} - known == set()


def test_every_grant_operation_exists() -> None:
    shape = botocore.session.get_session().get_service_model("kms").shape_for("GrantOperation")
    granted = {operation for path in CASES for grant in read(path).grants for operation in grant.operations}
    assert granted - set(shape.enum) == set()


def evaluation(path: Path) -> dict[str, Any]:
    case = json.loads(path.read_text(encoding="utf-8"))
    return {part: case.get(part) for part in ("request", "policies", "grants")}


def actions(service: str) -> set[str]:
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in MODELS.get(service, (service,))]
    return {f"{service}:{operation}" for model in models for operation in model.operation_names}


def twice(values: Any) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
