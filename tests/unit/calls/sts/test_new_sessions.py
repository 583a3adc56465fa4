"""What STS refuses of a session, whoever may ask for it.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import required_authorizations
from helpers.fake_account import ACCOUNT, FakeAccount, call, policy, role_session, user
from helpers.fake_account import refusal as refusal_of

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ServiceError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/svc/app"
CHAINED = role_session(
    "first", tags={"Team": "blue"}, transitive=("Team",), context={"aws:SourceIdentity": "bob"}
)
DUPLICATE = "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."
INHERITED = (
    "InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with "
    "a transitive tag key from the calling session."
)
RESERVED = "InvalidParameterValue: Tag keys and values that begin with aws: are reserved for system use."
NOT_PASSED = "InvalidParameterValue: The specified transitive tag key must be included in the requested tags."
TOO_LONG = "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
ONE_HOUR = (
    "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
    "role chaining."
)


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.iam_arns["role", "app"] = ROLE
    view.key_policies[ROLE] = policy({"Principal": "*", "Action": "sts:*"})
    return view


def refusal(view: FakeAccount, caller: Caller | None = None, **params: Any) -> str:
    """What STS says, every permission given; empty where it makes the session."""
    given = {"RoleArn": ROLE, "RoleSessionName": "s1", **params}
    return refusal_of(call("sts", "AssumeRole", given, caller or user()), view)


def tags(*keys: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": "v"} for key in keys]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"Tags": tags("team", "TEAM")}, DUPLICATE),
        ({"Tags": tags("a", "b", "a")}, DUPLICATE),
        ({"Tags": tags("aws:team")}, RESERVED),
        ({"Tags": [{"Key": "k", "Value": "AWS:v"}]}, RESERVED),
        ({"Tags": [*tags("a"), {"Key": "k", "Value": "x aws:v"}]}, ""),
        ({"Tags": tags("a"), "TransitiveTagKeys": ["b"]}, NOT_PASSED),
        ({"Tags": tags("a"), "TransitiveTagKeys": ["A"]}, ""),
    ],
)
def test_tags(view: FakeAccount, params: dict[str, Any], expected: str) -> None:
    assert refusal(view, **params) == expected


@pytest.mark.parametrize(("key", "expected"), [("Team", INHERITED), ("team", INHERITED), ("Other", "")])
def test_a_tag_that_was_handed_on_is_not_passed_again(view: FakeAccount, key: str, expected: str) -> None:
    assert refusal(view, CHAINED, Tags=tags(key)) == expected


def test_a_source_identity_stays(view: FakeAccount) -> None:
    expected = "ValidationError: The source identity is already set for this assume role session"
    assert refusal(view, CHAINED, SourceIdentity="eve") == expected
    assert refusal(view, CHAINED, SourceIdentity="bob") == ""
    assert refusal(view, CHAINED) == ""
    assert refusal(view, SourceIdentity="eve") == ""


@pytest.mark.parametrize(
    ("caller", "longest", "seconds", "expected"),
    [
        (None, 3600, 3600, ""),
        (None, 3600, 3601, TOO_LONG),
        (None, 7200, 7200, ""),
        (None, 7200, 43_200, TOO_LONG),
        (CHAINED, 43_200, 3600, ""),
        (CHAINED, 43_200, 3601, ONE_HOUR),
    ],
)
def test_a_session_lasts_as_long_as_the_role_allows(
    view: FakeAccount, caller: Caller | None, longest: int, seconds: int, expected: str
) -> None:
    view.session_durations[ROLE] = longest
    assert refusal(view, caller, DurationSeconds=seconds) == expected


def test_who_may_not_assume_the_role_is_told_so_first(view: FakeAccount) -> None:
    found = required_authorizations(
        call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s1", "DurationSeconds": 99999}), view
    )
    assert next(found).request.action == "sts:AssumeRole"


def test_the_tags_of_a_federated_user_too(view: FakeAccount) -> None:
    given = {"Name": "fed", "Tags": tags("a", "A")}
    with pytest.raises(ServiceError, match="Duplicate tag keys"):
        list(required_authorizations(call("sts", "GetFederationToken", given), view))
