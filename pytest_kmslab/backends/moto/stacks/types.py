"""The types of the enforced services that are made by calls, by their name in a template."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.backends.moto.stacks import (
    global_tables,
    iam_holders,
    iam_others,
    iam_policies,
    kms,
    tables,
)
from pytest_kmslab.backends.moto.stacks.resource import ResourceType

TYPES: Mapping[str, ResourceType] = {
    resource_type.name: resource_type
    for module in (kms, tables, global_tables, iam_holders, iam_policies, iam_others)
    for resource_type in module.TYPES
}
"""All others are moto's own."""

SAM_PREFIX = "AWS::Serverless::"
"""Of what the transform of SAM makes roles, policies and tables, which moto would leave out.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html"""
ENFORCED_PREFIXES = ("AWS::KMS::", "AWS::IAM::", "AWS::DynamoDB::", SAM_PREFIX)
"""A type of these services that is not in `TYPES` is not made: nothing of them goes past the pipeline."""
