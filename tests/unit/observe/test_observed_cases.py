from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.observe.aws_outcome import ALLOWED, AwsOutcome
from pytest_kmslab.observe.comparison import Prediction
from pytest_kmslab.observe.observed_cases import agreed_cases, case_of, digest, file_name

ANA = "arn:aws:iam::111122223333:user/ana"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CONTEXT = {
    "aws:PrincipalArn": ANA,
    "aws:username": "ana",
    "aws:CurrentTime": "2026-11-25T00:00:00Z",
    "dynamodb:LeadingKeys": ["patient-1"],
    "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
    "kms:EncryptionContext:aws:dynamodb:tableName": "books",
    "kms:EncryptionContext:patient": "1",
    "kms:EncryptionContextKeys": ["aws:dynamodb:tableName", "patient"],
}


def entry(action: str = "kms:Decrypt", condition: Any = None, grants: tuple[Grant, ...] = ()) -> TrailEntry:
    statement = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "*", "Resource": "*"}
    if condition is not None:
        statement["Condition"] = condition
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies = Policies(resource=NamedPolicy(KEY, read_policy(text)))
    request = Request(ANA, action, KEY, Context(CONTEXT))
    return TrailEntry(
        1, "dynamodb:GetItem", request, authorize(request, policies, grants), "", policies, grants
    )


def kept(given: TrailEntry) -> set[str]:
    return set(case_of(given, Outcome.ALLOWED, "recorded: x", "2026-11-25").request.context)


LEAST = {"aws:PrincipalArn", "kms:ViaService", "kms:EncryptionContext:aws:dynamodb:tableName"}


def test_only_context_that_can_bear_on_the_decision_is_kept() -> None:
    assert kept(entry()) == LEAST


@pytest.mark.parametrize(
    ("condition", "more"),
    [
        ({"StringLike": {"aws:UserName": "a*"}}, {"aws:username"}),
        ({"StringEquals": {"kms:ViaService": "${aws:username}"}}, {"aws:username"}),
        ({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["patient-1"]}}, {"dynamodb:LeadingKeys"}),
        (
            {"StringEquals": {"kms:EncryptionContext:patient": "1"}},
            {"kms:EncryptionContext:patient", "kms:EncryptionContextKeys"},
        ),
    ],
)
def test_context_that_a_policy_goes_by_is_kept(condition: Any, more: set[str]) -> None:
    assert kept(entry(condition=condition)) == LEAST | more


def test_a_grant_s_constraint_goes_by_the_whole_encryption_context() -> None:
    grant = Grant(ANA, frozenset({"Decrypt"}), encryption_context_subset={"patient": "1"})
    pairs = {"kms:EncryptionContext:patient", "kms:EncryptionContextKeys"}
    assert kept(entry(grants=(grant,))) == LEAST | pairs


def test_every_question_of_a_call_that_went_through_was_allowed() -> None:
    expected = Prediction("dynamodb:GetItem", None, (entry("dynamodb:GetItem"), entry()))
    first, second = agreed_cases(expected, ALLOWED, "2026-11-25")
    assert first.source == "recorded: AWS let dynamodb:GetItem through"
    assert second.source == "recorded: AWS let dynamodb:GetItem through, which is taken to ask kms:Decrypt"
    assert second.verified == "2026-11-25"
    assert second.expect is not None
    assert second.expect.decision is Outcome.ALLOWED


@pytest.mark.parametrize(
    ("decision", "more"),
    [
        (Outcome.IMPLICIT_DENY, ""),
        (None, " (which does not say whether a Deny or no Allow decided)"),
    ],
)
def test_of_a_denial_the_question_that_was_denied(decision: Outcome | None, more: str) -> None:
    never = {"StringEquals": {"aws:username": "ben"}}
    expected = Prediction("dynamodb:GetItem", None, (entry("dynamodb:GetItem"), entry(condition=never)))
    answer = AwsOutcome(
        "AccessDeniedException", "some\ntext", denied=True, decision=decision, action="kms:Decrypt"
    )
    (case,) = agreed_cases(expected, answer, "2026-11-25")
    assert case.request.action == "kms:Decrypt"
    assert case.expect is not None
    assert case.expect.decision is Outcome.IMPLICIT_DENY
    assert case.source == (
        f"recorded: AWS answered dynamodb:GetItem with AccessDeniedException: some text{more}"
    )


def test_a_case_is_named_by_what_it_shows() -> None:
    case = case_of(entry(), Outcome.ALLOWED, "recorded: x", "2026-11-25")
    assert case.name == f"kms:Decrypt through dynamodb is allowed, as seen on AWS ({digest(case)})"
    assert file_name(case) == f"kms_decrypt_allowed_{digest(case)}.json"


def test_the_date_and_the_source_do_not_make_another_case() -> None:
    one = case_of(entry(), Outcome.ALLOWED, "recorded: x", "2026-11-25")
    other = case_of(entry(), Outcome.ALLOWED, "recorded: y", "2026-11-26")
    denied = case_of(entry(), Outcome.IMPLICIT_DENY, "recorded: x", "2026-11-25")
    assert digest(one) == digest(other) != digest(denied)
