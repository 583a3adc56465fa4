"""Resources that IAM does not take in a policy of an identity.

Texts and order are AWS's: recorded by moto (tests/test_iam/test_iam_policies.py) and cdk-preflight
(rules/iam/pf-iam-policy-resource-*).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_kmslab.authz.arn import SEGMENTS
from pytest_kmslab.calls.rules.condition_values import LEGACY

_VARIABLE = re.compile(r"\$\{[^{}]*\}")
"""Replaced before an ARN is cut into its parts: the name of a variable has colons."""

_REGION_LIKE = re.compile(r"[a-z0-9-]{2,}", re.ASCII)

_NOT_AN_ARN = 'Resource {} must be in ARN format or "*".'
_PARTITION = 'Partition "{}" is not valid for resource "{}".'
_VENDOR = "Resource vendor must be fully qualified and cannot contain regexes."
_REGION = "Resource {} can not contain region information."
_ACCOUNT = "Resource {} cannot contain an account id."
_NO_REGION: Mapping[str, str] = {
    "iam": "IAM resource {} cannot contain region information.",
    "route53": _REGION,
}
"""Services without Regions, and what IAM says of an ARN of theirs that names one."""

_OF_S3_REGIONS = re.compile(
    r"(accesspoint|job|storage-lens|storage-lens-group|access-grants|async-request)/.*", re.DOTALL
)
"""What S3 has in a Region and an account; buckets and objects have neither."""

_IAM_KINDS = (
    *("user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/"),
    *("policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"),
)
_IAM_PATH = f'IAM resource path must either be "*" or start with {", ".join(_IAM_KINDS)}.'
_OTHER_IAM_KINDS = ("delegation-request/", "role-template/", "u2f/")
"""Taken besides: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html."""


def resource_fault(resource: str, partition: str) -> str:
    """What IAM says of a resource in an account of a partition, empty where it takes it.

    An ARN of fewer than six parts is completed with wildcards, if what it has can be its Region and account.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    if resource == "*":
        return ""
    parts = _VARIABLE.sub("x", resource).split(":", SEGMENTS - 1)
    if len(parts) == 1:
        return _NOT_AN_ARN.format(resource)
    if parts[1] not in ("*", partition):
        return _PARTITION.format(parts[1], _shown(parts))
    if len(parts) == 2 or _is_wild(parts[2]):
        return _VENDOR
    return _service_fault(resource, parts)


def _service_fault(resource: str, parts: list[str]) -> str:
    service, region, account, relative = (*parts[2:], *[""] * (SEGMENTS - len(parts)))
    regional = service == "s3" and (_OF_S3_REGIONS.fullmatch(relative) or relative.startswith("*"))
    shown = resource + ":*" * (SEGMENTS - len(parts))
    if not service or (len(parts) < SEGMENTS and not _can_be_completed(region, account)):
        return LEGACY
    if _is_named(region) and service in _NO_REGION:
        return _NO_REGION[service].format(shown)
    if service == "s3" and not regional and (_is_named(region) or _is_named(account)):
        return (_REGION if _is_named(region) else _ACCOUNT).format(shown)
    misplaced = service == "iam" and len(parts) == SEGMENTS and not _is_of_iam(account, relative)
    return _IAM_PATH if misplaced else ""


def _shown(parts: list[str]) -> str:
    # As IAM shows an ARN of another partition: it takes the first part for `arn`, whatever it is.
    return ":".join(["arn", *parts[1:], *["*"] * (SEGMENTS - len(parts))])


def _can_be_completed(region: str, account: str) -> bool:
    # `arn:aws:s3:my-bucket` passes for a Region; `arn:aws:s3:b` and `arn:aws:s3::b` do not parse.
    of_region = not region or _is_wild(region) or bool(_REGION_LIKE.fullmatch(region))
    return of_region and (not account or _is_wild(account) or account.isdigit())


def _is_of_iam(account: str, relative: str) -> bool:
    # What AWS itself owns in IAM is of more kinds than an account has.
    whole = bool(account) and relative in ("*", "root")
    return whole or account == "aws" or relative.startswith((*_IAM_KINDS, *_OTHER_IAM_KINDS))


def _is_named(part: str) -> bool:
    return bool(part.strip("*?"))


def _is_wild(part: str) -> bool:
    return "*" in part or "?" in part
