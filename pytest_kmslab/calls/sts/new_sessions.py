"""What a session has from the call that asked for it: its tags, when it was issued, when it ends.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall

NOTHING = '{"Version":"2012-10-17","Statement":[]}'
"""The session policy of a federated user who was given none: they may do nothing by the policies of the
user who made them.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html"""

_ORGANIZATION = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
_AGREES = timedelta(minutes=1)


def given_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a call passes."""
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}


def merged_tags(own: Mapping[str, str], session: Mapping[str, str]) -> dict[str, str]:
    """The tags of a role or user with those of a session, which win."""
    # Tag keys are the same in any case.
    passed = {name.lower() for name in session}
    return {**{name: own[name] for name in own if name.lower() not in passed}, **session}


def role_session_tags(call: ApiCall) -> dict[str, str]:
    """The tags passed to AssumeRole, and those that a chain of roles hands on, which nobody changes."""
    handed_on = {name.lower() for name in call.caller.transitive}
    inherited = {name: value for name, value in call.caller.tags.items() if name.lower() in handed_on}
    return merged_tags(given_tags(call.params), inherited)


def transitive_keys(call: ApiCall) -> tuple[str, ...]:
    """The keys of the tags that the next session in the chain has too."""
    # Once transitive a tag stays so:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    return tuple(dict.fromkeys((*(call.params.get("TransitiveTagKeys") or ()), *call.caller.transitive)))


def lasting_context(caller: Caller) -> dict[str, Any]:
    """What a session keeps of its maker's condition keys."""
    # The organization is read anew at each use: an account may leave it.
    return {name: value for name, value in caller.context.items() if name not in _ORGANIZATION}


def issued_at(call: ApiCall) -> str:
    """`aws:TokenIssueTime` of the session that a call makes."""
    return (call.time or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")


def expiration(call: ApiCall, end: datetime) -> datetime:
    """When a session ends."""
    # As the backend says, moved on by as much as a test has moved the clock.
    ends = end if end.tzinfo else end.replace(tzinfo=timezone.utc)
    return ends + moved_on(call)


def moved_on(call: ApiCall) -> timedelta:
    """By how much the clock that a call goes by is ahead of the backend's own."""
    # Less than a minute is the time that the call took.
    moved = (call.time or datetime.now(timezone.utc)) - datetime.now(timezone.utc)
    return timedelta() if abs(moved) < _AGREES else moved
