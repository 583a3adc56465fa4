from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.observe.aws_outcome import ALLOWED, AwsOutcome
from pytest_kmslab.observe.comparison import FindingKind, Prediction, compare

ANA = "arn:aws:iam::111122223333:user/ana"
SESSION = "arn:aws:sts::111122223333:assumed-role/reader/s1"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/books"


def entry(
    action: str = "dynamodb:GetItem", effect: str = "Allow", principal: str = ANA, **condition: Any
) -> TrailEntry:
    statement = {"Effect": effect, "Action": "*", "Resource": "*"}
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{**statement, **({"Condition": condition} if condition else {})}],
        }
    )
    policies = Policies(identity=(NamedPolicy("p", read_policy(text)),))
    request = Request(principal, action, TABLE, Context({"kms:CallerAccount": "111122223333"}))
    return TrailEntry(1, "dynamodb:GetItem", request, authorize(request, policies), "", policies)


def expecting(*entries: TrailEntry, **more: Any) -> Prediction:
    return Prediction("dynamodb:GetItem", None, entries, **more)


def denial(action: str = "dynamodb:GetItem", decision: Outcome | None = None, by: str = "") -> AwsOutcome:
    return AwsOutcome("AccessDeniedException", "text", denied=True, decision=decision, action=action, by=by)


IMPLICIT = TrailEntry(
    1,
    "dynamodb:GetItem",
    Request(ANA, "dynamodb:GetItem", TABLE),
    authorize(Request(ANA, "dynamodb:GetItem", TABLE), Policies()),
    "",
    Policies(),
)


def test_allowed_by_both() -> None:
    assert compare(expecting(entry()), ALLOWED).kind is FindingKind.AGREES


@pytest.mark.parametrize("decision", [Outcome.IMPLICIT_DENY, None])
def test_the_same_action_denied_by_both(decision: Outcome | None) -> None:
    assert compare(expecting(IMPLICIT), denial(decision=decision)).kind is FindingKind.AGREES


def test_the_case_of_an_action_does_not_matter() -> None:
    assert compare(expecting(IMPLICIT), denial("DynamoDB:getItem")).kind is FindingKind.AGREES


def test_allowed_where_a_denial_was_expected() -> None:
    found = compare(expecting(entry(), IMPLICIT), ALLOWED)
    assert (found.kind, found.entry, found.decision) == (FindingKind.DISAGREES, IMPLICIT, Outcome.ALLOWED)


def test_denied_where_an_allowance_was_expected() -> None:
    asked = [entry(), entry("kms:Decrypt")]
    found = compare(expecting(*asked), denial("kms:Decrypt", Outcome.EXPLICIT_DENY))
    assert (found.kind, found.entry, found.decision) == (
        FindingKind.DISAGREES,
        asked[1],
        Outcome.EXPLICIT_DENY,
    )


def test_of_several_questions_about_the_action_the_one_whose_resource_aws_names() -> None:
    other = entry()._replace(request=Request(ANA, "dynamodb:GetItem", TABLE.replace("books", "films")))
    told = replace(denial(), message=f"… dynamodb:GetItem on resource: {other.request.resource} because …")
    assert compare(expecting(entry(), other), told).entry == other
    assert compare(expecting(other, entry()), told).entry == other


def test_a_denial_of_an_unnamed_action_is_no_allowance() -> None:
    assert compare(expecting(entry()), denial("")).kind is FindingKind.DISAGREES


def test_denied_for_something_that_the_engine_does_not_authorization() -> None:
    found = compare(expecting(entry()), denial("kms:GenerateDataKey"))
    assert (found.kind, found.entry) == (FindingKind.DISAGREES, None)


def test_another_action_denied_than_expected() -> None:
    found = compare(expecting(IMPLICIT), denial("kms:Decrypt"))
    assert (found.kind, found.entry, found.decision) == (FindingKind.DISAGREES, IMPLICIT, Outcome.ALLOWED)


def test_an_explicit_denial_where_an_implicit_one_was_expected() -> None:
    found = compare(expecting(IMPLICIT), denial(decision=Outcome.EXPLICIT_DENY))
    assert (found.kind, found.decision) == (FindingKind.DISAGREES, Outcome.EXPLICIT_DENY)


@pytest.mark.parametrize(
    ("expected", "answer", "why"),
    [
        (expecting(inconclusive="reading needs iam:GetUser"), ALLOWED, "reading needs iam:GetUser"),
        (expecting(entry()), AwsOutcome(why="AWS throttled the call"), "AWS throttled the call"),
        (
            expecting(entry(), refused="DisabledException"),
            ALLOWED,
            "the engine expects DisabledException, which is no decision",
        ),
        (
            expecting(entry()),
            denial(by="service control policy"),
            "a service control policy decided, and those are not read",
        ),
        (
            expecting(entry()),
            denial(by="VPC endpoint policy"),
            "a VPC endpoint policy decided, and those are not read",
        ),
        (
            expecting(entry()),
            denial(by="session policy"),
            "a session policy decided that was passed before the run",
        ),
        (
            expecting(entry(IpAddress={"aws:SourceIp": "192.0.2.0/24"})),
            denial(),
            "a statement goes by aws:sourceip, which is not known here",
        ),
        (
            expecting(entry(StringEquals={"s3:prefix": "${aws:SourceVpc}"})),
            ALLOWED,
            "a statement goes by aws:sourcevpc, which is not known here",
        ),
        (
            expecting(entry(principal=SESSION, StringEquals={"aws:PrincipalTag/team": "red"})),
            ALLOWED,
            "a statement goes by aws:principaltag of a session, which is not known here",
        ),
        (expecting(IMPLICIT), denial(""), "AWS's denial names no action"),
    ],
)
def test_what_cannot_be_compared_is_not_judged(expected: Prediction, answer: AwsOutcome, why: str) -> None:
    found = compare(expected, answer)
    assert (found.kind, found.why) == (FindingKind.UNJUDGED, why)


def test_a_condition_on_what_is_known_is_judged() -> None:
    asked = entry(StringEquals={"kms:CallerAccount": "111122223333"})
    assert compare(expecting(asked), ALLOWED).kind is FindingKind.AGREES
