"""Resources of identity policies that IAM takes and moto refuses, as moto takes them.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html#awsidentityandaccessmanagementiam-resources-for-iam-policies
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
"""

from __future__ import annotations

import re
from typing import Any

_VARIABLE = re.compile(r"(?<=:)\$\{[^{}]*\}(?=:)")
"""A variable for a Region or an account, of which moto counts the colon."""

_TAKEN: tuple[tuple[str, str], ...] = (
    (r"(arn:[^:]*:iam::)[^:]+:(?:root|\*|delegation-request/.*)", r"\1x:user/x"),
    (r"(arn:[^:]*:iam::)aws:.*", r"\1x:user/x"),
    (
        r"(arn:[^:]*:s3:)[^:]*:[^:]*:(?:job|storage-lens|storage-lens-group|access-grants|async-request)/.*",
        r"\1::x",
    ),
)
"""The root user, all of an account and delegation requests; what AWS owns; what S3 has in Regions."""


def taken_resource(resource: Any) -> Any:
    """What to send to moto in place of a resource: itself, where moto is right about it."""
    if not isinstance(resource, str):
        return resource
    plain = _VARIABLE.sub("x", resource)
    fitting = (found.expand(instead) for known, instead in _TAKEN if (found := re.fullmatch(known, plain)))
    return next(fitting, plain)
