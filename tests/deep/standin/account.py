"""The stand-in itself, in a process of its own: `python -m deep.standin.account --seed 1`.

Writes one line of JSON to standard output, where it is and whose credentials to take, and serves until it is
ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from random import Random
from typing import Any

import boto3
from deep.standin import PACE
from deep.standin.history import History
from deep.standin.late_account import LateReader
from deep.standin.paging import without_token
from deep.standin.slow_tables import SlowTables
from deep.standin.strict import StrictEnforcer
from deep.standin.times import DELAYS, TABLE_KEY

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.gateway.app import Gateway
from pytest_kmslab.gateway.server import GatewayServer
from pytest_kmslab.gateway.upstreams.moto import MotoUpstream

REGION = "us-east-1"
OPERATOR = "operator"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ROOT = Credentials("test", "test")


class PagingMoto(MotoBackend):
    """moto, which is not to see the tokens of pages that the stand-in gives out: they are none of its own."""

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        return super().before_call(without_token(call))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    seed = parser.parse_args().seed
    backend: Any = PagingMoto(REGION, root=ROOT)
    backend.start()
    operator = make_operator()
    random = Random(seed)
    reader = LateReader(backend.reader, History(DELAYS, random, time.monotonic, PACE))
    reader.expect(operator["AccessKeyId"])
    reader.note(at_once=True)
    backend.view = AccountView(reader)
    trail = Trail()
    tables = SlowTables(random, time.monotonic, PACE)
    pipeline = StrictEnforcer(backend, trail, Clock(), reader, tables, random, TABLE_KEY * PACE)
    gateway = Gateway(pipeline, MotoUpstream(), trail)
    gateway.before_call()
    server = GatewayServer(gateway, "127.0.0.1", 0)
    found = {"url": server.url, "account": backend.account, "region": REGION, **operator}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    server.run()


def make_operator() -> dict[str, str]:
    """An administrator who was there before any run, and the access key."""
    iam = boto3.client("iam", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    iam.create_user(UserName=OPERATOR)
    iam.put_user_policy(UserName=OPERATOR, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(UserName=OPERATOR)["AccessKey"]
    return {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}


if __name__ == "__main__":
    main()
