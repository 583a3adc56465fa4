"""What the root user is told about themselves, of whom no backend keeps anything.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.iam.implicit_user import of_root

SINCE = datetime(2020, 1, 1, tzinfo=timezone.utc)
"""When the account was made, which nobody knows here."""

_LISTS: Mapping[str, str] = {
    "ListAccessKeys": "AccessKeyMetadata",
    "ListMFADevices": "MFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSigningCertificates": "Certificates",
}


def root_user(call: ApiCall) -> dict[str, Any] | None:
    """The response to a root user who asks about themselves; None for every other call.

    The root user has no name and no path. Their own access key is not listed.
    """
    if not of_root(call):
        return None
    if call.operation == "GetUser":
        return {"User": {"UserId": call.account, "Arn": call.caller.arn, "CreateDate": SINCE}}
    listed = _LISTS.get(call.operation)
    return None if listed is None else {listed: [], "IsTruncated": False}
