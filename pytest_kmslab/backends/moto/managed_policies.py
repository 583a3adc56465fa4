"""AWS managed policies from moto's own copy of the real documents, one at a time."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from boto3 import Session
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

AWS_MANAGED = re.compile(r"arn:([a-z-]+):iam::aws:policy/(?:.*/)?([^/]+)")


def seed(arn: str, account: str) -> None:
    """Put the AWS managed policy of an ARN into an account's IAM, if AWS has one of that ARN.

    Reading the one takes microseconds; moto's own switch, `load_aws_managed_policies`, loads them all.
    """
    match = AWS_MANAGED.fullmatch(arn)
    if match is None or match[1] not in iam_backends[account]:
        return
    backend = iam_backends[account][match[1]]
    data = None if arn in backend.managed_policies else document(match[2])
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(match[2], account, _region_in(match[1]), data)
    if policy.arn == arn:
        backend.managed_policies[arn] = policy
        backend.aws_managed_policies.append(policy)


@lru_cache(maxsize=8)
def _region_in(partition: str) -> str:
    """A Region of a partition."""
    # moto makes the policy's ARN by the partition of a Region.
    return next(iter(Session().get_available_regions("kms", partition)), "us-east-1")


@lru_cache(maxsize=64)
def document(name: str) -> dict[str, Any] | None:
    """moto's record of one AWS managed policy (`Document`, `DefaultVersionId`, `Path`, dates), or None."""
    head = f"\n {json.dumps(name)}:"
    # All of them are megabytes of JSON: only the one that is wanted is parsed.
    start = aws_managed_policies_data.find(head)
    if start < 0:
        return None
    record: dict[str, Any] = json.JSONDecoder().raw_decode(aws_managed_policies_data, start + len(head))[0]
    return record


def names() -> list[str]:
    """The names of all AWS managed policies."""
    return re.findall(r'^ "([^"]+)": ?\{', aws_managed_policies_data, re.MULTILINE)
