"""Constraints come first behind the gateway, for whoever calls."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from helpers.gateway import REGION, ROOT, GatewayUnderTest, call_of, client, signed
from helpers.refused_calls import CODES, EACH, raw, refused

from pytest_kmslab.backends.protocol import Credentials


@pytest.fixture
def nobody(url: str) -> boto3.Session:
    """A user without any permission."""
    iam = client(url, "iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)


@EACH
def test_through_the_gateway(
    url: str,
    nobody: boto3.Session,
    service: str,
    operation: str,
    params: dict[str, Any],
    said: str,
) -> None:
    told = refused(raw(nobody, service, url), operation, params)
    assert told[0] == CODES.get(service, "ValidationException")
    assert said in told[1]


def test_authentication_comes_before(gateway: GatewayUnderTest) -> None:
    body, headers = call_of("kms", "DescribeKey", {"KeyId": ""})
    reply = gateway.send(body, signed("kms", body, headers, Credentials("AKIAUNKNOWN000000000", "x")))
    assert json.loads(reply.data)["__type"] == "UnrecognizedClientException"
    assert json.loads(gateway.send(body, signed("kms", body, headers, ROOT)).data)["__type"] == (
        "ValidationException"
    )


def test_nothing_is_asked_of_a_refused_call(gateway: GatewayUnderTest) -> None:
    mark = gateway.trail.mark()
    body, headers = call_of("kms", "DescribeKey", {"KeyId": ""})
    gateway.send(body, signed("kms", body, headers, ROOT))
    assert list(gateway.trail.since(mark)) == []
