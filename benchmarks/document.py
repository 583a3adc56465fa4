"""The case of the documented lab: Decrypt by way of DynamoDB, on a key with the console's key policy."""

from __future__ import annotations

import json
from typing import Any

from pytest_kmslab.lab.kinds.kms.key_policy import console_policy

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/kmslab-admin"
USER = f"arn:aws:iam::{ACCOUNT}:user/mounika"


def managed_policy(name: str) -> Any:
    """An AWS managed policy, from the copy that comes with moto."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data)[name]["Document"]


def case(*, key_user: bool) -> dict[str, Any]:
    """mounika, with AmazonDynamoDBFullAccess, reads the encrypted table: as a key user or as an outsider."""
    users = [ADMIN, USER] if key_user else [ADMIN]
    return {
        "name": "the documented lab",
        "request": {
            "principal": USER,
            "action": "kms:Decrypt",
            "resource": KEY,
            "context": {
                "aws:PrincipalArn": USER,
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalType": "User",
                "aws:username": "mounika",
                "kms:CallerAccount": ACCOUNT,
                "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
                "kms:EncryptionContext:aws:dynamodb:tableName": "my_table_kms",
                "kms:EncryptionContext:aws:dynamodb:subscriberId": ACCOUNT,
                "kms:EncryptionContextKeys": ["aws:dynamodb:tableName", "aws:dynamodb:subscriberId"],
            },
        },
        "policies": {
            "identity": [
                {"name": "AmazonDynamoDBFullAccess", "document": managed_policy("AmazonDynamoDBFullAccess")}
            ],
            "resource": console_policy(ACCOUNT, [ADMIN], users),
        },
    }
