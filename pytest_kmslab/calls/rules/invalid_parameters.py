"""DynamoDB's ValidationException, with and without the words that most of its texts begin with."""

from __future__ import annotations

from pytest_kmslab.calls.api_call import ServiceError

PREFIX = "One or more parameter values were invalid: "


def invalid(message: str) -> ServiceError:
    """DynamoDB's ValidationException."""
    return ServiceError("ValidationException", message)


def refused(message: str) -> ServiceError:
    """DynamoDB's error for parameter values that do not go together."""
    return invalid(PREFIX + message)
