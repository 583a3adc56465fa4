"""An AWS managed key: its policy, which nobody can change, and its description."""

from __future__ import annotations

from typing import Any

from pytest_kmslab.authz.arn import partition_of, root_arn, service_host

USES = ("Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "CreateGrant", "DescribeKey")
LOOKS = ("Describe*", "Get*", "List*", "RevokeGrant")

DESCRIPTIONS = {
    "alias/aws/dynamodb": "Default key that protects my DynamoDB data when no other key is defined"
}
"""What a key is described as, by its alias: recorded from AWS by LocalStack, of others not known."""


def fixed_policy(service: str, account: str, region: str) -> dict[str, Any]:
    """The key policy of a service's AWS managed key, which nobody can change: every principal of the
    account may use the key through the service.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    through = {"kms:CallerAccount": account, "kms:ViaService": service_host(service, region)}
    root = root_arn(partition_of(region).name, account)
    statements = [
        (f"Allow access through {service} for all principals of the account", "*", USES, through),
        ("Allow direct access to key metadata to the account", root, LOOKS, None),
    ]
    return {
        "Version": "2012-10-17",
        "Id": f"auto-{service}-1",
        "Statement": [_allow(*statement) for statement in statements],
    }


def _allow(sid: str, principal: str, operations: tuple[str, ...], through: Any) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": [f"kms:{operation}" for operation in operations],
        "Resource": "*",
        **({"Condition": {"StringEquals": through}} if through else {}),
    }
