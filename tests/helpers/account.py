from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3
import botocore.session

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.session.run import Run

REGION = "us-east-1"
ACCOUNT = "123456789012"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@cache
def _loader() -> Any:
    return botocore.session.get_session().get_component("data_loader")


class Account:
    """A running moto with the seam in front of it, and short ways to set it up."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.root = self.session(run.backend.root)

    def session(self, credentials: Credentials) -> boto3.Session:
        """A session of its own, with the one loader that all share: reading the models takes 50 ms."""
        session = botocore.session.get_session()
        session.register_component("data_loader", _loader())
        return boto3.Session(
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token,
            region_name=REGION,
            botocore_session=session,
        )

    def session_of_root(self) -> boto3.Session:
        """A session of the root user for a thread of its own."""
        return self.session(self.run.backend.root)

    def temporary(self, made: Any) -> boto3.Session:
        """A session with the credentials that STS answered."""
        credentials = made["Credentials"]
        return self.session(
            Credentials(
                credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
            )
        )

    def user(self, name: str, *documents: Any, **more: Any) -> boto3.Session:
        return self.user_in(self.root, name, *documents, **more)

    def user_in(self, owner: boto3.Session, name: str, *documents: Any, **more: Any) -> boto3.Session:
        """A user of the account of `owner`, who makes them."""
        iam = owner.client("iam")
        iam.create_user(UserName=name, **more)
        for number, document in enumerate(documents):
            iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.session(Credentials(key["AccessKeyId"], key["SecretAccessKey"]))

    def key(self, policy: Any = None, **more: Any) -> str:
        if policy is not None:
            more["Policy"] = json.dumps(policy)
        arn: str = self.root.client("kms").create_key(**more)["KeyMetadata"]["Arn"]
        return arn


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}],
    }
