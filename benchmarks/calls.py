"""A GetItem on an encrypted table under moto: plain, enforced, and with moto's own IAM authorization."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
from document import managed_policy
from measure import Row, in_turn, loop, microseconds, ratio
from moto.core import set_initial_no_auth_action_count

from pytest_kmslab.options import Settings
from pytest_kmslab.resources.key_policy import console_policy
from pytest_kmslab.run import Run

REGION = "us-east-1"
TABLE = "my_table_kms"
KEY = {"id": {"S": "1"}}
ROUNDS = 401
LOOPS = 3


class Account:
    """A moto account with a key user, an encrypted table and an item, made without the seam."""

    def __init__(self, run: Run) -> None:
        self.backend = run.backend
        self.backend.start()
        session = boto3.Session("AKIAANYBODYATALL0000", "any", region_name=REGION)
        self.user = self._create_user(session.client("iam"))
        self.key = self._create_key(session.client("kms"))
        self._create_table(session.client("dynamodb"))

    def client(self) -> Any:
        """A DynamoDB client of the user; the seam is in it if it is in the process."""
        return boto3.Session(*self.user, region_name=REGION).client("dynamodb")

    def _create_user(self, iam: Any) -> tuple[str, str]:
        iam.create_user(UserName="mounika")
        document = json.dumps(managed_policy("AmazonDynamoDBFullAccess"))
        iam.put_user_policy(UserName="mounika", PolicyName="full", PolicyDocument=document)
        key = iam.create_access_key(UserName="mounika")["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _create_key(self, kms: Any) -> str:
        account = self.backend.account
        users = [f"arn:aws:iam::{account}:user/mounika"]
        policy = json.dumps(console_policy(account, users, users))
        arn: str = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        return arn

    def _create_table(self, dynamodb: Any) -> None:
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.key},
        )
        dynamodb.put_item(TableName=TABLE, Item=KEY)


def rows() -> Iterator[Row]:
    """The enforced call against the plain one, with moto's own authorization for comparison."""
    run = Run(Settings())
    account = Account(run)
    plain = account.client()  # made before the seam is in the process, so it is not in it
    run.install()
    enforced = account.client()
    mark = run.trail.mark()
    enforced.get_item(TableName=TABLE, Key=KEY)
    assert len(run.trail.since(mark)) == 2, "GetItem has to ask for itself and for the key"
    by_moto = set_initial_no_auth_action_count(0)(
        loop(lambda: plain.get_item(TableName=TABLE, Key=KEY), LOOPS)
    )
    measured = in_turn(
        {
            "plain": loop(lambda: plain.get_item(TableName=TABLE, Key=KEY), LOOPS),
            "enforced": loop(lambda: enforced.get_item(TableName=TABLE, Key=KEY), LOOPS),
            "by moto": by_moto,
        },
        ROUNDS,
    )
    account.backend.stop()
    run.close()
    yield Row("GetItem under moto, plain", microseconds(measured["plain"]), "µs")
    yield Row("GetItem enforced (two decisions) / plain", ratio(measured, "enforced", "plain"), "×", 1.10)
    yield Row("GetItem with moto's own IAM authorization / plain", ratio(measured, "by moto", "plain"), "×")
