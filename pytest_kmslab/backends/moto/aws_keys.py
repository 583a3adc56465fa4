"""AWS managed keys: moto makes them when they are asked for, but as if a customer had."""

from __future__ import annotations

import json

from moto.kms.models import kms_backends

from pytest_kmslab.calls.rules.aws_managed_key_policy import fixed_policy

PREFIX = "alias/aws/"
DESCRIPTIONS = {
    "alias/aws/dynamodb": "Default key that protects my DynamoDB data when no other key is defined"
}
"""As recorded (LocalStack); the others are moto's."""


def aws_managed_key(account: str, region: str, alias: str) -> str:
    """The id of the AWS managed key of an alias; empty where there is no such Region."""
    regions = kms_backends[account]
    if region not in regions:
        return ""
    key_id = str(regions[region].get_key_id_from_alias(alias) or "")
    key = regions[region].keys.get(key_id)
    if key is not None and key.key_manager != "AWS":
        key.key_manager = "AWS"
        key.description = DESCRIPTIONS.get(alias, key.description)
        key.policy = json.dumps(fixed_policy(alias.removeprefix(PREFIX), account, region))
    return key_id
