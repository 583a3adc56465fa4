"""A GetItem on an encrypted table under moto: plain, enforced, and with moto's own IAM authorization."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from document import managed_policy
from measure import Round, Row, in_turn, loop, microseconds, ratio
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.moto.patches.fast_requests import fast_requests
from pytest_kmslab.backends.moto.patches.performance import fast_moto
from pytest_kmslab.backends.protocol import Backend
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.kinds.kms.key_policy import console_policy
from pytest_kmslab.session.run import Run
from pytest_kmslab.wire.constraints import check_constraints

REGION = "us-east-1"
TABLE = "my_table_kms"
KEY = {"id": {"S": "1"}}
_ARN = "arn:aws:iam::123456789012:user/mounika"
_CALL = ApiCall(
    "dynamodb",
    "GetItem",
    {"TableName": TABLE, "Key": KEY},
    REGION,
    Caller(_ARN, "123456789012", _ARN, "AIDAEXAMPLE", "User"),
)
ROUNDS = 401
LOOPS = 3


class Account:
    """A moto account with a key user, an encrypted table and an item, made without the seam."""

    def __init__(self, run: Run) -> None:
        self.backend = run.backend
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
    """The enforced call against moto's as it comes, with moto's own authorization for comparison.

    The lab's backend is started for the rounds that are to have it, in an account that stays.
    """
    run = Run(Settings())
    with mock_aws():
        account = Account(run)
        plain = account.client()  # made before the seam is in the process, so it is not in it
        run.install()
        enforced = account.client()
        with started(account.backend):
            mark = run.trail.mark()
            enforced.get_item(TableName=TABLE, Key=KEY)
            assert len(run.trail.since(mark)) == 2, "GetItem has to ask for itself and for the key"
        measured = in_turn(_candidates(account.backend, plain, enforced), ROUNDS)
        run.close()
    yield Row("GetItem under moto as it comes, plain", microseconds(measured["plain"]), "µs")
    yield Row("GetItem enforced (two decisions) / plain", ratio(measured, "enforced", "plain"), "×", 1.10)
    held = 100 * ratio(measured, "held", "plain")
    yield Row("GetItem held to the constraints of its model, of the plain call", held, "%", 1)
    yield Row(
        "GetItem enforced / plain with what the lab spares moto", ratio(measured, "enforced", "spared"), "×"
    )
    yield Row("GetItem with moto's own IAM authorization / plain", ratio(measured, "by moto", "plain"), "×")


def _candidates(backend: Backend, plain: Any, enforced: Any) -> dict[str, Round]:
    through_plain = loop(lambda: plain.get_item(TableName=TABLE, Key=KEY), LOOPS)
    through_seam = loop(lambda: enforced.get_item(TableName=TABLE, Key=KEY), LOOPS)
    return {
        "plain": through_plain,
        "enforced": _within(backend, through_seam),
        "spared": _fast(through_plain),
        "held": loop(lambda: check_constraints(_CALL), 100),
        "by moto": set_initial_no_auth_action_count(0)(through_plain),
    }


def _within(backend: Backend, measure: Round) -> Round:
    def run() -> float:
        with started(backend):
            return measure()

    return run


def _fast(measure: Round) -> Round:
    def run() -> float:
        with fast_moto(), fast_requests():
            return measure()

    return run


@contextmanager
def started(backend: Backend) -> Iterator[None]:
    """The lab's backend at work, in the account that is there."""
    backend.start()
    try:
        yield
    finally:
        backend.stop()
