"""Names that IAM does not give.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_kmslab.calls.base import ApiCall, ServiceError

NAMED: Mapping[str, tuple[str, int]] = {
    "CreateGroup": ("GroupName", 128),
    "CreateRole": ("RoleName", 64),
    "CreateUser": ("UserName", 64),
}
"""The member that holds the name, and how long that is at most."""

_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)


def check_name(call: ApiCall) -> None:
    """Raise ValidationError for a name too long, or with other characters; the texts are inferred."""
    if call.operation not in NAMED:
        return
    member, most = NAMED[call.operation]
    name = str(call.params[member])
    place = member[0].lower() + member[1:]
    if len(name) > most:
        text = f"1 validation error detected: Value '{name}' at '{place}' failed to satisfy constraint: "
        raise ServiceError("ValidationError", f"{text}Member must have length less than or equal to {most}")
    if _NAME.fullmatch(name) is None:
        text = f"The specified value for {place} is invalid. It must contain only alphanumeric characters "
        raise ServiceError("ValidationError", f"{text}and/or the following: +=,.@_-")
