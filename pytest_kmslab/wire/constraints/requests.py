"""What a service says of a whole request whose members keep their limits, before it looks anything up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_kmslab.calls.authorization import ApiCall, ServiceError

RESERVED = "aws:"
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_IAM_RESERVED = "Tag keys beginning with aws: are reserved for system use."
_DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
_CASELESS = frozenset({"CreateRole", "CreateUser", "TagRole", "TagUser"})
"""The tags of users and roles have no case, those of everything else in IAM have.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html"""


def check_request(call: ApiCall) -> None:
    """Raise ServiceError for a request that its service does not take, whatever there is in the account."""
    check = _CHECKS.get(call.name)
    if check is not None:
        check(call)


def _check_role_arn(call: ApiCall) -> None:
    """Recorded: LocalStack's snapshot of STS, `test_sts_invalid_parameters`."""
    arn = call.params.get("RoleArn")
    if arn is not None and _ARN.fullmatch(arn) is None:
        raise ServiceError("ValidationError", f"{arn} is invalid")


def _check_iam_tags(call: ApiCall) -> None:
    """As AWS answered TagUser (mulgadc/spinifex)."""
    keys = [tag["Key"] for tag in call.params.get("Tags") or ()]
    if any(key.lower().startswith(RESERVED) for key in keys):
        raise ServiceError("InvalidInput", _IAM_RESERVED)
    told_apart = [key.lower() for key in keys] if call.operation in _CASELESS else keys
    if len(set(told_apart)) < len(keys):
        raise ServiceError("InvalidInput", _DUPLICATE)


def _check_table_tags(call: ApiCall) -> None:
    """Recorded: aws-controllers-k8s, DDB-TABLE-110."""
    given: Sequence[Mapping[str, Any]] = call.params.get("Tags") or ()
    if not given and call.operation == "TagResource":
        raise ServiceError("ValidationException", "Atleast one Tag needs to be provided as Input.")
    keys = [str(tag["Key"]) for tag in given]
    _refuse_reserved(keys)
    for number, key in enumerate(keys):
        if key in keys[:number]:
            text = f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
            raise ServiceError("ValidationException", text)


def _check_untagging(call: ApiCall) -> None:
    keys: Sequence[str] = call.params.get("TagKeys") or ()
    if not keys:
        raise ServiceError("ValidationException", "Atleast one Tag Key needs to be provided as Input.")
    _refuse_reserved(keys)


def _refuse_reserved(keys: Sequence[str]) -> None:
    for key in keys:
        if key.lower().startswith(RESERVED):
            raise ServiceError("ValidationException", f"Tag Key cannot be prefixed with aws:, Key: {key}")


_TAGGING = (
    "CreateInstanceProfile",
    "CreateOpenIDConnectProvider",
    "CreatePolicy",
    "CreateRole",
    "CreateSAMLProvider",
    "CreateUser",
    "CreateVirtualMFADevice",
    "TagInstanceProfile",
    "TagMFADevice",
    "TagOpenIDConnectProvider",
    "TagPolicy",
    "TagRole",
    "TagSAMLProvider",
    "TagServerCertificate",
    "TagUser",
    "UploadServerCertificate",
)

_CHECKS: Mapping[str, Callable[[ApiCall], None]] = {
    **{f"iam:{operation}": _check_iam_tags for operation in _TAGGING},
    **{
        f"sts:{operation}": _check_role_arn
        for operation in ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
    },
    "dynamodb:CreateTable": _check_table_tags,
    "dynamodb:TagResource": _check_table_tags,
    "dynamodb:UntagResource": _check_untagging,
}
