"""A request gets the handler, and a service the backends, that moto finds by itself."""

from __future__ import annotations

import re
from typing import Any

import boto3
import moto.backends
import pytest
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from moto import backend_index, mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.config import default_user_config
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.patches import fast_routing

ADDRESSES = [
    "https://iam.amazonaws.com/",
    "http://iam.amazonaws.com/",
    "https://kms.eu-central-1.amazonaws.com/",
    "https://dynamodb.us-gov-west-1.amazonaws.com/",
    "https://sts.amazonaws.com/",
    "https://sts.ap-south-1.amazonaws.com/",
    "https://monitoring.us-east-1.amazonaws.com/",
    "https://iam.s3.amazonaws.com/",
]
OTHERS = [
    "https://kms.us-east-1.amazonaws.com/key",
    "https://kms.us-east-1.amazonaws.com/?a=b",
    "https://dynamodb.cn-north-1.amazonaws.com.cn/",
    "https://kms.us-iso-east-1.c2s.ic.gov/",
    "https://sqs.us-east-1.amazonaws.com/",
    "https://example.com/",
]


def handler_of_moto(url: str) -> Any:
    """What moto's own loops come to."""
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(url):
            account = moto.backends.get_backend(service)[DEFAULT_ACCOUNT_ID]  # type: ignore[call-overload]
            urls = account["us-east-1" if "us-east-1" in account else "aws"].urls
            return next((handler for url_of, handler in urls.items() if re.match(url_of, url)), None)
    return None


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_has_the_handler_that_moto_finds(url: str) -> None:
    _, handler = fast_routing._route(url)
    with mock_aws():
        assert handler is not None
        assert handler == handler_of_moto(url)


@pytest.mark.parametrize("url", OTHERS)
def test_all_other_addresses_are_left_to_moto(url: str) -> None:
    assert fast_routing._route(url) == ("", None)


def listed_users() -> AWSPreparedRequest:
    headers = HeadersDict({"Content-Type": b"application/x-www-form-urlencoded; charset=utf-8"})
    body = b"Action=ListUsers&Version=2010-05-08"
    return AWSPreparedRequest("POST", "https://iam.amazonaws.com/", headers, body, stream_output=False)


@pytest.mark.parametrize(
    "configured",
    [
        {"passthrough": {"urls": [r"https://iam\..*"]}},
        {"passthrough": {"services": ["iam"]}},
        {"service_whitelist": ["kms"]},
    ],
    ids=["address left alone", "service left alone", "service not wanted"],
)
def test_what_moto_was_told_of_its_services_counts(configured: Any) -> None:
    def outcome() -> Any:
        try:
            return BotocoreStubber().process_request(listed_users())
        except Exception as error:
            return type(error)

    with mock_aws(config={"core": {**default_user_config["core"], **configured}}):
        own = outcome()
        with fast_routing.fast_routing():
            assert outcome() == own


def calls() -> list[Any]:
    """What moto answers to calls that succeed and fail, without what is drawn by lot."""
    iam, kms = boto3.client("iam", "us-east-1"), boto3.client("kms", "eu-west-1")
    dynamodb = boto3.client("dynamodb", "us-east-1")
    made = [
        lambda: iam.create_user(UserName="a")["User"]["Arn"],
        lambda: iam.create_user(UserName="a"),
        lambda: iam.get_user(UserName="b"),
        lambda: kms.describe_key(KeyId="alias/nothing"),
        lambda: dynamodb.list_tables()["TableNames"],
        lambda: dynamodb.describe_table(TableName="none"),
        lambda: sorted(iam_backends),
        lambda: sorted(dynamodb_backends[DEFAULT_ACCOUNT_ID].regions),
    ]
    return [answer_of(call) for call in made]


def answer_of(call: Any) -> Any:
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def test_calls_are_answered_alike() -> None:
    with mock_aws():
        own = calls()
    with fast_routing.fast_routing(), mock_aws():
        assert calls() == own


def test_an_account_is_noted_once_and_forgotten_at_a_reset() -> None:
    with mock_aws(), fast_routing.fast_routing():
        first = iam_backends["111122223333"]
        assert iam_backends["111122223333"] is first
        assert iam_backends in BackendDict._instances
        BackendDict.reset()
        assert "111122223333" not in iam_backends
        assert iam_backends["111122223333"] is not first
        assert iam_backends in BackendDict._instances


def test_moto_has_its_own_ways_again_afterwards() -> None:
    with mock_aws():
        before = [vars(BotocoreStubber).copy(), vars(BackendDict).copy(), vars(AccountSpecificBackend).copy()]
        with fast_routing.fast_routing():
            assert vars(BackendDict) != before[1]
        assert [vars(BotocoreStubber), vars(BackendDict), vars(AccountSpecificBackend)] == before
