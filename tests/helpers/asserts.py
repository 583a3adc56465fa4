"""What came of a call, in one word."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

ALLOWED = "allowed"


def code(call: Any, **params: Any) -> str:
    """The error code that a call is refused with, `allowed` if it is not."""
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ALLOWED
