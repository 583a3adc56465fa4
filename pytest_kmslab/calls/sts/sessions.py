"""What STS refuses of a session that is asked for, whoever may ask for it: its tags, its source identity, its
duration.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.authorization import ApiCall, ServiceError

CHAINED = 3_600
"""Seconds that the session of a role lasts at most which was assumed by the session of another."""
LASTING = 3_600
"""Seconds for which a session is asked where nothing else is said, and that every role allows."""

_DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
_NOT_PASSED = "The specified transitive tag key must be included in the requested tags."
_INHERITED = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
    "from the calling session."
)
_RESERVED = "Tag keys and values that begin with aws: are reserved for system use."
_IDENTITY_SET = "The source identity is already set for this assume role session"
_TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
_TOO_LONG_IN_A_CHAIN = (
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
)


def check_role_session(call: ApiCall, view: AccountView) -> None:
    """Raise ServiceError for a session of a role that STS does not make."""
    check_session_tags(call)
    # A tag that a chain of roles hands on is not passed again, and none is handed on that is not passed.
    passed = _folded([tag["Key"] for tag in call.params.get("Tags") or ()])
    if passed & _folded(call.caller.transitive):
        raise ServiceError("InvalidParameterValue", _INHERITED)
    if _folded(call.params.get("TransitiveTagKeys") or ()) - passed:
        raise ServiceError("InvalidParameterValue", _NOT_PASSED)
    # Once set it stays, whatever role is assumed next.
    source_identity, kept_identity = call.params.get("SourceIdentity"), call.caller.source_identity
    if source_identity and kept_identity and source_identity != kept_identity:
        raise ServiceError("ValidationError", _IDENTITY_SET)
    _check_duration(call, view)


def check_session_tags(call: ApiCall) -> None:
    """Raise ServiceError for tags that no session can have.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
    """
    # What is said of reserved ones is inferred.
    tags: Sequence[dict[str, str]] = call.params.get("Tags") or ()
    for tag in tags:
        if any(text.lower().startswith("aws:") for text in (tag["Key"], tag["Value"])):
            raise ServiceError("InvalidParameterValue", _RESERVED)
    if len(_folded([tag["Key"] for tag in tags])) < len(tags):
        raise ServiceError("InvalidParameterValue", _DUPLICATE)


def _check_duration(call: ApiCall, view: AccountView) -> None:
    seconds: int = call.params.get("DurationSeconds", LASTING)
    # No longer than the role allows, and an hour where one role assumes another.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
    if call.caller.kind == "AssumedRole" and seconds > CHAINED:
        raise ServiceError("ValidationError", _TOO_LONG_IN_A_CHAIN)
    if seconds > LASTING and seconds > view.max_session_duration(call.params["RoleArn"]):
        raise ServiceError("ValidationError", _TOO_LONG)


def _folded(keys: Sequence[str]) -> set[str]:
    """Keys of tags, which have no case."""
    return {key.lower() for key in keys}
