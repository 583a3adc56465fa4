"""What a session has from the call that asked for it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from helpers.fake_account import ACCOUNT, call, role_session, user

from pytest_kmslab.calls.sts.sessions import (
    expiration,
    federated_user,
    given_tags,
    issued_at,
    lasting_context,
    merged_tags,
    moved_on,
    passed_policies,
    role_session_tags,
    transitive_keys,
)

PASSED = {
    "Tags": [{"Key": "Team", "Value": "red"}, {"Key": "Cost", "Value": "7"}],
    "TransitiveTagKeys": ["Team"],
}
NOW = datetime.now(timezone.utc)


def test_the_tags_that_are_passed() -> None:
    assert given_tags(PASSED) == {"Team": "red", "Cost": "7"}
    assert given_tags({}) == {}


def test_the_tags_of_a_session_win_in_whatever_case() -> None:
    assert merged_tags({"team": "blue", "Site": "a"}, {"Team": "red"}) == {"Site": "a", "Team": "red"}


def test_a_chain_hands_on_its_transitive_tags_and_no_others() -> None:
    first = role_session(tags={"Team": "blue", "Site": "a"}, transitive=("team",))
    asked = call("sts", "AssumeRole", PASSED, first)
    assert role_session_tags(asked) == {"Cost": "7", "Team": "blue"}
    assert role_session_tags(call("sts", "AssumeRole", PASSED)) == {"Team": "red", "Cost": "7"}


def test_what_was_handed_on_once_is_handed_on_further() -> None:
    first = role_session(transitive=("Site", "Team"))
    assert transitive_keys(call("sts", "AssumeRole", PASSED, first)) == ("Team", "Site")
    assert transitive_keys(call("sts", "AssumeRole", {})) == ()


def test_a_session_keeps_what_is_known_of_its_maker_but_not_the_organization() -> None:
    known = {
        "aws:SourceIdentity": "bob",
        "aws:PrincipalOrgID": "o-1",
        "aws:PrincipalOrgPaths": ("o-1/r-1/",),
    }
    assert lasting_context(user(context=known)) == {"aws:SourceIdentity": "bob"}


def test_a_session_is_issued_when_the_call_comes() -> None:
    asked = call("sts", "AssumeRole", {})
    at = datetime(2026, 1, 2, 12, 0, 1, tzinfo=timezone.utc)
    assert issued_at(asked._replace(time=at)) == "2026-01-02T12:00:01Z"
    assert datetime.strptime(issued_at(asked), "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=timezone.utc
    ) >= NOW.replace(microsecond=0)


def test_a_session_is_issued_by_the_time_of_the_world_wherever_the_process_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        issued = datetime.strptime(issued_at(call("sts", "AssumeRole", {})), "%Y-%m-%dT%H:%M:%SZ")
        assert issued.replace(tzinfo=timezone.utc) <= datetime.now(timezone.utc)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_session_ends_as_much_later_as_the_clock_is_ahead() -> None:
    asked = call("sts", "AssumeRole", {})
    end = datetime(2026, 1, 2, 13)
    by_utc = end.replace(tzinfo=timezone.utc)
    assert expiration(asked, end) == expiration(asked, by_utc) == by_utc
    ahead = asked._replace(time=datetime.now(timezone.utc) + timedelta(hours=2))
    assert timedelta(hours=1, minutes=59) < expiration(ahead, end) - by_utc <= timedelta(hours=2)
    assert timedelta(hours=1, minutes=59) < moved_on(ahead) <= timedelta(hours=2)


def test_two_clocks_that_agree_by_less_than_a_minute_are_one() -> None:
    asked = call("sts", "AssumeRole", {})._replace(time=datetime.now(timezone.utc) + timedelta(seconds=50))
    assert moved_on(asked) == timedelta()
    assert moved_on(asked._replace(time=None)) == timedelta()


MANAGED = {"PolicyArns": [{"arn": "one"}, {"arn": "two"}]}


def test_every_policy_that_a_session_passes_limits_it() -> None:
    assert passed_policies({"Policy": "inline", **MANAGED}, str.upper) == ("inline", "ONE", "TWO")
    assert passed_policies(MANAGED, str.upper) == ("ONE", "TWO")
    assert passed_policies({}, str.upper) == ()


def test_a_federated_user_is_limited_by_what_it_passes_and_known_by_its_own_name_and_id() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/fred"
    response = {"FederatedUser": {"Arn": arn, "FederatedUserId": f"{ACCOUNT}:fred"}}
    session = federated_user(call("sts", "GetFederationToken", {**PASSED, **MANAGED}), response, str.upper)
    assert (session.arn, session.principal_arn, session.identity_arn) == (arn, arn, user().arn)
    assert (session.user_id, session.username, session.kind) == (f"{ACCOUNT}:fred", "", "FederatedUser")
    assert (session.tags, session.session_policies) == (given_tags(PASSED), ("ONE", "TWO"))
    without = federated_user(call("sts", "GetFederationToken", {}), response, str.upper)
    assert [json.loads(text)["Statement"] for text in without.session_policies] == [[]]
