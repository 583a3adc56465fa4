"""A whole lab on moto, set up and torn down: key, alias, table, item and two users; and its calls by hand.

What a lab can cost at least is what its fifteen calls cost: botocore's work for each of them, and moto's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from document import managed_policy
from measure import Round, Row, in_turn, loop, ratio
from moto import mock_aws

from pytest_kmslab.backends.moto.patches.fast_requests import fast_requests
from pytest_kmslab.backends.moto.patches.fast_routing import fast_routing
from pytest_kmslab.backends.moto.patches.performance import fast_moto
from pytest_kmslab.config.options import Settings
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.kinds.kms.key_policy import console_policy
from pytest_kmslab.lab.naming import Naming, run_id, worker_id
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.session.run import Run

ROUNDS = 21
ACCOUNT = "123456789012"
TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class ByHand:
    """The calls of a lab, on moto as it comes: nothing is decided, and nothing is written down."""

    def __init__(self) -> None:
        session = boto3.Session("AKIAANYBODYATALL0000", "any", region_name="us-east-1")
        self._iam, self._kms = session.client("iam"), session.client("kms")
        self.dynamodb: Any = session.client("dynamodb")
        self._full = json.dumps(managed_policy("AmazonDynamoDBFullAccess"))
        users = [f"arn:aws:iam::{ACCOUNT}:user/admin"]
        self._policy = json.dumps(console_policy(ACCOUNT, users, users))
        self._tags: Any = [{"Key": f"kmslab:tag-{number}", "Value": "a value"} for number in range(4)]

    def lab(self) -> None:
        """Fifteen calls, in an account that is thrown away."""
        with mock_aws():
            self._create_user("admin")
            tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in self._tags]
            key = self._kms.create_key(Policy=self._policy, Tags=tags)["KeyMetadata"]["Arn"]
            self._kms.create_alias(AliasName="alias/by-hand", TargetKeyId=key)
            self.dynamodb.create_table(TableName="lab", Tags=self._tags, **TABLE)
            encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
            self.dynamodb.update_table(TableName="lab", SSESpecification=encryption)
            self._create_user("key-user")
            self._kms.get_key_policy(KeyId=key, PolicyName="default")
            self._kms.put_key_policy(KeyId=key, PolicyName="default", Policy=self._policy)
            self._create_user("outsider")

    def _create_user(self, name: str) -> None:
        self._iam.create_user(UserName=name, Tags=self._tags)
        # moto knows no managed policy that nobody has loaded.
        self._iam.put_user_policy(UserName=name, PolicyName="full", PolicyDocument=self._full)
        self._iam.create_access_key(UserName=name)


def rows() -> Iterator[Row]:
    """The time of one lab, whose bar is in plain GetItems (runs.py): with every call decided."""
    by_hand = ByHand()  # its clients are made before the seam is in the process, so it is not in them
    measured = in_turn(
        {"get": _getting(by_hand.dynamodb), "lab": loop(by_hand.lab, 1), "spared": _spared(by_hand)}, ROUNDS
    )
    yield Row(
        "the calls of a lab by hand, undecided, on moto as it comes / a plain GetItem",
        ratio(measured, "lab", "get"),
        "×",
    )
    yield Row(
        "the calls of a lab by hand, undecided, with what the lab spares moto / a plain GetItem",
        ratio(measured, "spared", "get"),
        "×",
    )
    run = Run(Settings())
    run.install()
    with TemporaryDirectory() as folder:
        naming = Naming(run_id(None), worker_id(None))
        site = LabContext.of(run.backend, run.settings, run.trail, naming, Path(folder))
        measure = loop(lambda: _whole(site), 1)
        measure()
        seconds = median(measure() for _ in range(ROUNDS))
    run.close()
    yield Row("a lab set up and torn down", seconds * 1e3, "ms")


def _getting(dynamodb: Any) -> Round:
    get = loop(lambda: dynamodb.get_item(TableName="plain", Key={"id": {"S": "1"}}), 25)

    def run() -> float:
        with mock_aws():
            dynamodb.create_table(TableName="plain", **TABLE)
            return get()

    return run


def _spared(by_hand: ByHand) -> Round:
    measure = loop(by_hand.lab, 1)

    def run() -> float:
        with ExitStack() as spared:
            for patches in (fast_moto(), fast_requests(), fast_routing()):
                spared.enter_context(patches)
            return measure()

    return run


def _whole(site: LabContext) -> None:
    site.backend.start()
    try:
        with open_lab(site, discards_account=site.backend.discards_account) as lab:
            key = lab.create_key()
            table = lab.create_table()
            table.encrypt(key)
            lab.as_(lab.admin).client("dynamodb").put_item(TableName=table.name, Item={"id": {"S": "1"}})
            key.add_user(lab.create_user("kmslab-key-user", policies=["AmazonDynamoDBFullAccess"]))
            lab.create_user(policies=["AmazonDynamoDBFullAccess"])
    finally:
        site.backend.stop()
