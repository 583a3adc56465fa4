"""`kmslab serve` in a process of its own: an account over HTTP that outlives whoever uses it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

REGION = "us-east-1"
ACCOUNT = "123456789012"
START = "from pytest_kmslab.cli.main import main; raise SystemExit(main({arguments}))"


@dataclass(frozen=True)
class Served:
    """Where it is, and clients of its root user."""

    url: str

    def client(self, service: str, access_key_id: str = "test", secret: str = "test") -> Any:
        """A client of the root user, or of whom the access key is."""
        session = boto3.Session(access_key_id, secret, region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    def administrator(self, name: str = "operator") -> tuple[str, str]:
        """The access key of a new user who may do everything."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """Start it on a free port, and stop it at the end."""
    command = [sys.executable, "-c", START.format(arguments=["serve", "--port", "0", *arguments])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        ready = re.search(r"http://\S+", process.stdout.readline())
        assert ready is not None, "kmslab serve did not start"
        try:
            yield Served(ready[0])
        finally:
            process.terminate()
