"""A moto server in this process, which stands for LocalStack; and a backend called without the seam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore import xform_name

from helpers.account import TABLE, Account
from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.protocol import Backend
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.config.options import Settings
from pytest_kmslab.session.run import Run

ACCOUNT = "123456789012"
REGION = "us-east-1"


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of a moto server on a free port."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def run_at(server: str, **settings: Any) -> Iterator[Run]:
    """A pytest run's state with an endpoint for its backend, which is not started."""
    run = Run(Settings(backend="localstack", endpoint=server, **settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server)
        run.install()
        yield run
        run.close()


@contextmanager
def account_at(server: str, **settings: Any) -> Iterator[Account]:
    """A new account at a moto server, which has a table."""
    from moto.moto_api._internal.models import moto_api_backend

    with run_at(server, **settings) as run:
        moto_api_backend.reset()
        run.backend.start()
        account = Account(run)
        account.root.client("dynamodb").create_table(**TABLE)
        yield account
        run.backend.stop()


class Store:
    """A backend, and calls to it as the seam makes them once they are allowed: prepared and settled."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.view = backend.view
        keys = backend.root.access_key_id, backend.root.secret_access_key
        self._session = boto3.Session(*keys, region_name=REGION)
        root = backend.view.credential(backend.root.access_key_id)
        assert root is not None
        self.root = root.caller
        self.account = self.root.account

    def __call__(self, service: str, operation: str, **params: Any) -> Any:
        call = ApiCall(service, operation, params, REGION, self.root)
        sent = {**params, **self.backend.before_call(call)}
        response = self.backend.emulate(call)
        if response is None:
            client = self._session.client(service, endpoint_url=self.backend.endpoint_url)
            response = getattr(client, xform_name(operation))(**sent)
        self.backend.after_call(call, response)
        return response

    def user(self, name: str = "ana", path: str = "/") -> tuple[str, Mapping[str, str]]:
        tags = [{"Key": "team", "Value": "red"}]
        arn = self("iam", "CreateUser", UserName=name, Path=path, Tags=tags)["User"]["Arn"]
        return arn, self("iam", "CreateAccessKey", UserName=name)["AccessKey"]

    def caller(self, access_key: Mapping[str, str]) -> Caller:
        credential = self.view.credential(access_key["AccessKeyId"])
        assert credential is not None
        return credential.caller
