"""AWS's words for a parameter that is not as the service's model wants it."""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ServiceError

ONE_ERROR = "1 validation error detected: "
"""What texts begin with that say how many errors there are."""


def violated(shown: str, member: str, constraint: str) -> str:
    """The text of such an error: `shown` is the value (`'x'`, `null`), `constraint` what it must do or be."""
    return f"{ONE_ERROR}Value {shown} at '{member}' failed to satisfy constraint: Member must {constraint}"


def wire_name(member: str) -> str:
    """A member as such texts name it: it begins in lower case."""
    return member[:1].lower() + member[1:]


# DynamoDB's ValidationException, with and without the words that most of its texts begin with.

PREFIX = "One or more parameter values were invalid: "


def invalid(message: str) -> ServiceError:
    """DynamoDB's ValidationException."""
    return ServiceError("ValidationException", message)


def refused(message: str) -> ServiceError:
    """DynamoDB's error for parameter values that do not go together."""
    return invalid(PREFIX + message)
