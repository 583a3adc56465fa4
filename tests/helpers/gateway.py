"""A gateway over moto for tests: signed requests by hand, and real clients over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from werkzeug.test import Client, TestResponse

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.pipeline import Pipeline
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.gateway.app import Gateway
from pytest_kmslab.gateway.pass_through import EVERY_OTHER, PassThrough
from pytest_kmslab.gateway.upstreams.moto import MotoUpstream

REGION = "us-east-1"
HOST = "localhost:4566"
ROOT = Credentials("test", "test")
JSON_KINDS = {"kms": "1.1", "dynamodb": "1.0"}
TARGETS = {"kms": "TrentService", "dynamodb": "DynamoDB_20120810"}
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "kms": ("ListKeys", {}),
    "dynamodb": ("ListTables", {}),
    "iam": ("ListUsers", {}),
    "sts": ("GetCallerIdentity", {}),
}
"""A call of each service that needs nothing."""


def signed(
    service: str,
    body: bytes,
    headers: Mapping[str, str],
    credentials: Credentials = ROOT,
    *,
    method: str = "POST",
    target: str = "/",
    region: str = REGION,
    scope: str = "",
) -> dict[str, str]:
    """The headers of a request with its signature, for `scope` where that is another service."""
    request = AWSRequest(method, f"http://{HOST}{target}", headers=dict(headers), data=body)
    keys = ReadOnlyCredentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    SigV4Auth(keys, scope or service, region).add_auth(request)
    return {**{str(name): str(value) for name, value in request.headers.items()}, "Host": HOST}


def call_of(service: str, operation: str, params: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The body and the headers that say which operation it is."""
    if service in VERSIONS:
        form = {"Action": operation, "Version": VERSIONS[service], **params}
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return json.dumps(params).encode(), {
        "Content-Type": f"application/x-amz-json-{JSON_KINDS[service]}",
        "X-Amz-Target": f"{TARGETS[service]}.{operation}",
    }


class GatewayUnderTest:
    """A gateway with a test client in front; `upstream` may be a fake, `now` a clock that is ahead."""

    def __init__(
        self,
        backend: MotoBackend,
        upstream: Any = None,
        *,
        enforcing: bool = True,
        now: Callable[[], float] = time.time,
        passing: PassThrough = EVERY_OTHER,
    ) -> None:
        self.backend = backend
        self.trail = Trail()
        pipeline = Pipeline(backend, self.trail, Clock(), enforcing=enforcing)
        self.application = Gateway(pipeline, upstream or MotoUpstream(), self.trail, now, passing)
        self.client = Client(self.application)

    def send(
        self, body: bytes, headers: Mapping[str, str], *, method: str = "POST", target: str = "/", **more: Any
    ) -> TestResponse:
        return self.client.open(
            target, base_url=f"http://{HOST}", method=method, headers=dict(headers), data=body, **more
        )

    def call(
        self, service: str, operation: str, credentials: Credentials = ROOT, /, **params: Any
    ) -> TestResponse:
        body, headers = call_of(service, operation, params)
        return self.send(body, signed(service, body, headers, credentials))


def client(url: str, service: str, credentials: Credentials = ROOT, region: str = REGION) -> Any:
    """A real boto3 client of a gateway, which does not try twice."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )


def make_user(url: str, name: str, *policy_arns: str) -> Credentials:
    """A user with AWS managed policies, and its access key."""
    iam = client(url, "iam")
    iam.create_user(UserName=name)
    for arn in policy_arns:
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def error_code(response: TestResponse) -> str:
    """The code of a service's error, whatever its protocol."""
    text = response.get_data(as_text=True)
    if text.startswith("<"):
        return text.partition("<Code>")[2].partition("</Code>")[0]
    return str(json.loads(text)["__type"]).rpartition("#")[2]
