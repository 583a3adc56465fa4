"""Presigned URLs at moto's door: who made one is who calls."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from helpers.account import ACCOUNT, REGION, Account
from helpers.raw_requests import SITES, WRONG, code_of, held


def presigned(session: boto3.Session, seconds: int = 60) -> str:
    url: str = session.client("sts").generate_presigned_url(
        "get_caller_identity", ExpiresIn=seconds, HttpMethod="GET"
    )
    return url


def test_a_presigned_url_says_who_made_it(account: Account) -> None:
    answer = requests.get(presigned(account.user("ana")), timeout=10)
    assert f"arn:aws:iam::{ACCOUNT}:user/ana" in answer.text


def test_a_presigned_url_of_a_session_says_who_made_it(account: Account) -> None:
    made = account.user("ana").client("sts").get_session_token()
    answer = requests.get(presigned(account.temporary(made)), timeout=10)
    assert f"arn:aws:iam::{ACCOUNT}:user/ana" in answer.text


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("GetCallerIdentity", "GetSessionToken"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        lambda url: url[:-4] + "0000",
    ],
    ids=["action", "expiry", "signature"],
)
def test_a_presigned_url_holds_for_what_was_signed(account: Account, change: Any) -> None:
    assert code_of(requests.get(change(presigned(account.user("ana"))), timeout=10)) in WRONG


@pytest.mark.parametrize("more", ["&X-Amz-Expires=60", "&x-amz-date=20260101T000000Z"])
def test_a_presigned_url_says_nothing_twice(account: Account, more: str) -> None:
    assert code_of(requests.get(presigned(account.user("ana")) + more, timeout=10)) == "IncompleteSignature"


def test_a_presigned_url_expires(account: Account) -> None:
    asked = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    request = AWSRequest("GET", SITES["sts"][0], params=asked)
    request.context["timestamp"] = "20200101T000000Z"
    signer = SigV4QueryAuth(held(account.user("ana")), "sts", REGION, expires=60)
    signer._modify_request_before_signing(request)
    answer = requests.get(f"{request.url}&X-Amz-Signature={'0' * 64}", timeout=10)
    assert code_of(answer) in WRONG
    assert "Signature expired" in answer.text
