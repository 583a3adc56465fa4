"""What tests of stacks need: moto's CloudFormation, and resources of a template."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

needs_cloudformation = pytest.mark.skipif(
    not (find_spec("cfnlint") and find_spec("openapi_spec_validator")),
    reason="moto's CloudFormation needs what the extra `cloudformation` brings",
)

KEY: dict[str, Any] = {"Type": "AWS::KMS::Key", "Properties": {"Description": "of a template"}}
RETAINED_KEY = {**KEY, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
USER: dict[str, Any] = {"Type": "AWS::IAM::User"}
NOBODY = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody"},
    "Action": "kms:*",
    "Resource": "*",
}
"""A statement that names a user whom there is not, which KMS refuses."""
