"""Whom a resource-based policy may name: AWS stores a principal by its unique id, so that a name which
nobody has cannot be stored. A backend that keeps it would let in whoever is given the name later.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.json_text import as_list

ELEMENTS = ("Principal", "NotPrincipal")

_NAMED = re.compile(
    r"[0-9]{12}|A(?:IDA|ROA)[A-Z0-9]+"
    r"|arn:(?P<partition>[a-z-]+):(?:iam::[0-9]{12}:(?:root|(?:user|role)/[^*?]+)"
    r"|sts::[0-9]{12}:(?:assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+))"
)
"""An account, a unique id, or the ARN of a principal, in which there are no wildcards."""


def named_principals(statement: Mapping[str, Any], kind: str) -> Iterator[Any]:
    """The principals of a kind (`AWS`, `Service`, …) that a statement names, as written."""
    for element in ELEMENTS:
        value = statement.get(element)
        if isinstance(value, dict) and kind in value:
            yield from as_list(value[kind])


def names_somebody(statement: Mapping[str, Any]) -> bool:
    """Whether a statement names a principal at all."""
    value = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(value, dict):
        # Canonical users are of S3 only.
        return "CanonicalUser" not in value and any(value.values())
    return bool(value)


def unknown_principals(statement: Mapping[str, Any], view: AccountView, partition: str) -> Iterator[Any]:
    """The AWS principals of a statement that cannot be resolved in a partition, as written."""
    for principal in named_principals(statement, "AWS"):
        if not (isinstance(principal, str) and is_known_principal(principal, view, partition)):
            yield principal


def is_known_principal(principal: str, view: AccountView, partition: str) -> bool:
    """Whether an AWS principal can be resolved: everybody, an account, or who is there now."""
    if principal == "*":
        return True
    match = _NAMED.fullmatch(principal)
    if match is None or match["partition"] not in (None, partition):
        return False
    return view.principal_exists(principal)


def unknown_services(statement: Mapping[str, Any], partition: str) -> Iterator[Any]:
    """The service principals of a statement that are none of a partition, as written."""
    for service in named_principals(statement, "Service"):
        if not (isinstance(service, str) and is_service_principal(service, partition)):
            yield service


# The names by which AWS services are principals: `lambda.amazonaws.com`.
# AWS publishes no list; tools/service_principals.py collects one.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services

_LIST = Path(__file__).with_name("service_principals.txt")
_REGIONAL = re.compile(
    r"(?P<name>.+)\.[a-z]{2}(?:-[a-z]+)+-\d(?P<suffix>\.amazonaws\.com(?:\.cn)?)", re.ASCII
)
"""`logs.us-east-1.amazonaws.com`: the service in one Region."""
_INTERNAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.aws\.internal", re.ASCII)
"""Services that AWS has for itself: none is on a list."""
_CHINA, _SUFFIX = ".amazonaws.com.cn", ".amazonaws.com"
_NOT_CHINESE = frozenset({"eks", "lambda", "monitoring.rds", "rds", "sqs"})
"""Services that AWS was seen to refuse with China's suffix: aws/aws-cdk#2198; of terraform-aws-modules
terraform-aws-eks#2263 and #2932, terraform-aws-rds-aurora#437, terraform-aws-rds-proxy#32."""


@lru_cache(maxsize=1)
def _all_services() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="ascii").split())


def is_service_principal(name: str, partition: str = "aws") -> bool:
    """Whether a name is that of a service, in all Regions or in one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
    """
    regional = _REGIONAL.fullmatch(name)
    plain = regional["name"] + regional["suffix"] if regional else name
    # In China services go by `.amazonaws.com`, many by `.amazonaws.com.cn` too; elsewhere by the first.
    if partition == "aws-cn" and plain.endswith(_CHINA):
        service = plain.removesuffix(_CHINA)
        plain = plain if service in _NOT_CHINESE else service + _SUFFIX
    return plain in _all_services() or bool(_INTERNAL.fullmatch(name))
