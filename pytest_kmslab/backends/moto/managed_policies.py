"""AWS managed policies from moto's own copy of the real documents, one at a time."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

PREFIX = "arn:aws:iam::aws:policy/"


def seed(arn: str, account: str) -> None:
    """Put the AWS managed policy of an ARN into an account's IAM, if AWS has one of that ARN.

    Reading the one takes microseconds; moto's own switch, `load_aws_managed_policies`, loads them all.
    """
    backend = iam_backends[account]["aws"]
    if not arn.startswith(PREFIX) or arn in backend.managed_policies:
        return
    data = document(arn.rsplit("/", 1)[-1])
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(arn.rsplit("/", 1)[-1], account, "us-east-1", data)
    if policy.arn == arn:
        backend.managed_policies[arn] = policy
        backend.aws_managed_policies.append(policy)


@lru_cache(maxsize=64)
def document(name: str) -> dict[str, Any] | None:
    """Moto's record of one AWS managed policy (`Document`, `DefaultVersionId`, `Path`, dates), or None."""
    head = f"\n {json.dumps(name)}:"
    start = aws_managed_policies_data.find(head)
    if start < 0:
        return None
    record: dict[str, Any] = json.JSONDecoder().raw_decode(aws_managed_policies_data, start + len(head))[0]
    return record
