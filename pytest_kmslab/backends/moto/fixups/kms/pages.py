"""Lists of KMS by pages: Limit, Marker, Truncated, NextMarker.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall, ServiceError

PAGED = (
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListKeys",
    "kms:ListResourceTags",
    "kms:ListRetirableGrants",
)
LIMITS: Mapping[str, int] = {
    "kms:ListAliases": 50,
    "kms:ListGrants": 50,
    "kms:ListRetirableGrants": 50,
    "kms:ListResourceTags": 50,
}
"""Items of a page where the request does not say and it is not 100."""


def check_marker(_view: Any, call: ApiCall) -> Mapping[str, Any]:
    """Raise InvalidMarkerException for a marker that the operation did not give out."""
    marker = call.params.get("Marker")
    if marker is not None and _start(call) is None:
        # The text is inferred.
        raise ServiceError("InvalidMarkerException", "The marker is not valid.")
    return {}


def page(call: ApiCall, member: str, items: Sequence[Any]) -> dict[str, Any]:
    """The page of a list that a call asks for; its marker was looked at before."""
    start = _start(call) or 0
    end = start + int(call.params.get("Limit") or LIMITS.get(call.name, 100))
    if end >= len(items):
        return {member: list(items[start:]), "Truncated": False}
    # A marker is good for the operation that gave it out.
    marker = base64.b64encode(f"{call.operation}:{end}".encode()).decode()
    return {member: list(items[start:end]), "Truncated": True, "NextMarker": marker}


def _start(call: ApiCall) -> int | None:
    """Where the page begins that a marker leads to; None for a marker of another operation, or none."""
    marker = str(call.params.get("Marker", ""))
    try:
        operation, _, start = base64.b64decode(marker, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return int(start) if operation == call.operation and start.isdecimal() else None
