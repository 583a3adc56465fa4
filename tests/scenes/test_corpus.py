"""The corpus through the gateway: over moto all of it that can be set up, over an endpoint a share."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from helpers.stage.checks import check_answer
from helpers.stage.comparison import mentioned
from helpers.stage.reasons import reason_against
from helpers.stage.remote import RemoteStage

from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case
from scenes.conftest import UPSTREAM

CORPUS = Path(__file__).parents[1] / "corpus"
EVERY = 6
"""Over an endpoint one case in so many: each is some forty calls of the endpoint."""

LEAST = 560
LACKING = frozenset({"InvalidAction", "UnknownOperationException", "NotImplementedException"})
"""What an endpoint says of an operation that it has not got; the decision was made before."""


def name_of(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix()


def playable(path: Path) -> bool:
    case = parse_case(path.read_text(encoding="utf-8"))
    return reason_against(case) is None and not without_address(case)


def without_address(case: Case) -> bool:
    """Whether its request has no address: one that comes over a network has."""
    return "aws:sourceip" in mentioned(case)


def is_taken(path: Path) -> bool:
    """Whether LocalStack's IAM takes a case's identity-based policies: their conditions have texts alone. AWS
    takes numbers and booleans without quotes too."""
    given = json.loads(path.read_text(encoding="utf-8"))["policies"]
    documents = [policy["document"] for policy in given.get("identity", ())]
    blocks = [
        statement.get("Condition", {})
        for document in documents
        for statement in listed(document.get("Statement", ()))
    ]
    values = [value for block in blocks for keys in block.values() for value in keys.values()]
    return all(isinstance(one, str) for value in values for one in listed(value))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


PLAYABLE = [path for path in sorted(CORPUS.rglob("*.json")) if playable(path)]
SHARE = [path for path in PLAYABLE[::EVERY] if is_taken(path)]


@pytest.fixture(scope="module")
def stage(gateway_url: str) -> RemoteStage:
    return RemoteStage(gateway_url, first=secrets.randbelow(10**10))


@pytest.mark.parametrize("path", SHARE if UPSTREAM else PLAYABLE, ids=name_of)
def test_answered_as_the_case_expects(stage: RemoteStage, path: Path) -> None:
    played = stage.play(path.read_text(encoding="utf-8"))
    check_answer(played, finished=not (UPSTREAM and played.code in LACKING))


def test_most_of_the_corpus_can_be_played() -> None:
    assert len(PLAYABLE) >= LEAST
