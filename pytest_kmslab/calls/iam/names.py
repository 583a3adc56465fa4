"""Names that IAM does not give.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_kmslab.calls.authorization import ApiCall, ServiceError
from pytest_kmslab.calls.validation_messages import violated, wire_name

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
    place = wire_name(member)
    if len(name) > most:
        text = violated(f"'{name}'", place, f"have length less than or equal to {most}")
        raise ServiceError("ValidationError", text)
    if _NAME.fullmatch(name) is None:
        text = f"The specified value for {place} is invalid. It must contain only alphanumeric characters "
        raise ServiceError("ValidationError", f"{text}and/or the following: +=,.@_-")
