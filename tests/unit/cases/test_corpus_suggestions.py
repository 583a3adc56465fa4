"""What an explanation offers as the way to allow a denied request does allow it, for every such case."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_kmslab.authz.decision import Outcome, PolicyType
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.explain.suggestions import Suggestion, suggestions
from pytest_kmslab.cases.read import parse_case

CORPUS = Path(__file__).parents[2] / "corpus"
Json = dict[str, Any]


def offered(case: Json) -> list[Suggestion]:
    """The changes offered; none where the case is allowed, or one of them is not a statement to add."""
    parsed = parse_case(case)
    decision = parsed.decide()
    if decision.decision is not Outcome.IMPLICIT_DENY:
        return []
    evaluation = Evaluation(parsed.request, bounded=parsed.policies.permissions_boundary is not None)
    changes = suggestions(evaluation, parsed.policies, decision)
    return changes if all(change.statement for change in changes) else []


def added(document: Json, statement: Json) -> Json:
    held = document.get("Statement", [])
    return {**document, "Statement": [*(held if isinstance(held, list) else [held]), statement]}


def levels(name: str) -> Callable[[Json, Json], Any]:
    return lambda policies, statement: [[*level, added({}, statement)] for level in policies[name]]


CHANGED: dict[PolicyType, tuple[str, Callable[[Json, Json], Any]]] = {
    PolicyType.IDENTITY: (
        "identity",
        lambda held, new: [*held.get("identity", []), {"name": "new", "document": added({}, new)}],
    ),
    PolicyType.RESOURCE: ("resource", lambda held, new: added(held.get("resource", {}), new)),
    PolicyType.PERMISSIONS_BOUNDARY: (
        "permissions_boundary",
        lambda held, new: added(held["permissions_boundary"], new),
    ),
    PolicyType.SESSION: (
        "session",
        lambda held, new: [added(document, new) for document in held.get("session") or [{}]],
    ),
    PolicyType.SERVICE_CONTROL: ("service_control", levels("service_control")),
    PolicyType.RESOURCE_CONTROL: ("resource_control", levels("resource_control")),
    PolicyType.VPC_ENDPOINT: ("vpc_endpoint", lambda held, new: added(held["vpc_endpoint"], new)),
}


def repairable() -> list[Any]:
    cases = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(CORPUS.rglob("*.json"))]
    return [
        pytest.param(case, id=path.relative_to(CORPUS).with_suffix("").as_posix())
        for path, case in cases
        if offered(case)
    ]


@pytest.mark.parametrize("case", repairable())
def test_statements_offered_allow_the_request(case: Json) -> None:
    policies = dict(case["policies"])
    for change in offered(case):
        name, apply = CHANGED[change.policy_type]
        policies[name] = apply(policies, dict(change.statement or {}))
    assert parse_case({**case, "policies": policies}).decide().allowed
