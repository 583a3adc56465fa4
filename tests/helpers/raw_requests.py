"""Requests that no client of boto3 makes: by `requests`, with a signature or none."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from helpers.account import REGION

ITEM = {"TableName": "orders", "Key": {"id": {"S": "1"}}}

SITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "kms": ("https://kms.us-east-1.amazonaws.com/", "TrentService.ListKeys", {}),
    "dynamodb": ("https://dynamodb.us-east-1.amazonaws.com/", "DynamoDB_20120810.GetItem", ITEM),
    "dynamodbstreams": (
        "https://streams.dynamodb.us-east-1.amazonaws.com/",
        "DynamoDBStreams_20120810.ListStreams",
        {},
    ),
    "iam": ("https://iam.amazonaws.com/", "ListUsers", {"Version": "2010-05-08"}),
    "sts": ("https://sts.us-east-1.amazonaws.com/", "GetSessionToken", {"Version": "2011-06-15"}),
}
SIGNING = {"dynamodbstreams": "dynamodb"}
UNSIGNED = ("MissingAuthenticationToken", "MissingAuthenticationTokenException")
UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException")
WRONG = ("SignatureDoesNotMatch", "InvalidSignatureException")
DENIED = ("AccessDenied", "AccessDeniedException")


def written(service: str) -> tuple[str, bytes, dict[str, str]]:
    """Address, body and headers of a call of the service."""
    url, operation, params = SITES[service]
    if service in ("iam", "sts"):
        body = urlencode({"Action": operation, **params}).encode()
        return url, body, {"Content-Type": "application/x-www-form-urlencoded"}
    kind = "application/x-amz-json-1.1" if service == "kms" else "application/x-amz-json-1.0"
    return url, json.dumps(params).encode(), {"Content-Type": kind, "X-Amz-Target": operation}


def held(session: boto3.Session) -> Any:
    credentials = session.get_credentials()
    assert credentials is not None
    return credentials.get_frozen_credentials()


def signed(service: str, session: boto3.Session, url: str = "") -> tuple[str, bytes, dict[str, str]]:
    there, body, headers = written(service)
    request = AWSRequest("POST", url or there, headers=headers, data=body)
    SigV4Auth(held(session), SIGNING.get(service, service), REGION).add_auth(request)
    return url or there, body, dict(request.headers.items())


def post(url: str, body: bytes, headers: dict[str, str]) -> requests.Response:
    return requests.post(url, data=body, headers=headers, timeout=10)


def code_of(answer: requests.Response) -> str:
    """The error of an answer, empty for none."""
    if answer.status_code < 300:
        return ""
    if answer.text.startswith("{"):
        return str(answer.json()["__type"]).rpartition("#")[2]
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]
