"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.fake_account import call

from pytest_kmslab.calls.rules.policy_normalization import normalized_document

LATER = "2012-10-17"


def sent(document: Any, operation: str = "CreatePolicy") -> Any:
    """What is put in place of a document, read; None where it stays."""
    text = document if isinstance(document, str) else json.dumps(document)
    found = normalized_document(call("iam", operation, {"PolicyDocument": text}))
    assert found.keys() <= {"PolicyDocument"}
    return json.loads(found["PolicyDocument"]) if found else None


def with_condition(condition: Any) -> dict[str, Any]:
    return {"Version": LATER, "Statement": [{"Effect": "Deny", "Condition": condition}]}


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("NumericLessThan", 7, "7"),
        ("NumericLessThan", [7, "8", 1.5], ["7", "8", "1.5"]),
        ("DateLessThan", 1767355200, "1767355200"),
        ("DateLessThan", "2026-01-02T12:00Z", "2026-01-02T12:00:00Z"),
        ("DateLessThan", "2026-01-02T12:00:30-02:00", "2026-01-02T14:00:30Z"),
        ("ForAllValues:DateLessThan", ["2026-01-02T12:00:30.5-02:00"], ["2026-01-02T14:00:30.5Z"]),
    ],
)
def test_numbers_are_quoted_and_dates_told_in_utc(operator: str, value: Any, expected: Any) -> None:
    assert sent(with_condition({operator: {"k": value}})) == with_condition({operator: {"k": expected}})


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"k": "7"}},
        {"Bool": {"k": True}},
        {"StringEquals": {"k": "2026-01-02T12:00-02:00"}},
        {"DateLessThan": {"k": "2026-01-02T12:00:00Z"}},
        {"DateLessThan": {"k": "2026-01-02T12:00:00+02:00"}},
        {"DateLessThan": {"k": "2026-13-02T12:00-02:00"}},
        {"StringEquals": "nothing"},
        "nothing",
    ],
)
def test_what_is_taken_as_it_stands_stays(condition: Any) -> None:
    assert sent(with_condition(condition)) is None


def test_a_statement_that_is_no_list() -> None:
    document = {"Version": LATER, "Statement": {"Condition": {"NumericEquals": {"k": 1}}}}
    assert sent(document) == {"Version": LATER, "Statement": {"Condition": {"NumericEquals": {"k": "1"}}}}


@pytest.mark.parametrize("document", ["no JSON", "[]", "7", '{"Statement": ["x"], "Version": "2012-10-17"}'])
def test_what_is_no_policy_stays(document: str) -> None:
    assert sent(document) is None


@pytest.mark.parametrize("operation", ["PutUserPolicy", "PutRolePolicy", "PutGroupPolicy"])
@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_an_inline_policy_of_the_older_version_has_no_variables_in_the_later(
    operation: str, version: dict[str, str]
) -> None:
    statement = {"Resource": "arn:aws:s3:::b/${aws:username}"}
    assert sent({**version, "Statement": [statement]}, operation) == {
        "Version": LATER,
        "Statement": [{"Resource": "arn:aws:s3:::b/${$}{aws:username}"}],
    }


def test_a_managed_policy_of_the_older_version_stays_for_iam_to_refuse() -> None:
    assert sent({"Version": "2008-10-17", "Statement": [{"Resource": "${aws:username}"}]}) is None
