from __future__ import annotations

import os
from typing import Any

import boto3
import pytest

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.interception.ambient import EnvironBlocks
from pytest_kmslab.lab.acting.environment import environment

ANA = Credentials("AKIAANA", "secret")
SESSION = Credentials("ASIAANA", "secret", "token")


@pytest.fixture(autouse=True)
def a_persons_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "theirs")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "THEIRS")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://elsewhere:2")


def found() -> tuple[str, str, str | None]:
    keys = boto3.Session().get_credentials().get_frozen_credentials()
    return keys.access_key, keys.secret_key, keys.token


def test_a_plain_session_is_the_principal() -> None:
    with environment(ANA, "eu-west-1", None):
        assert found() == ("AKIAANA", "secret", None)
        assert boto3.Session().region_name == "eu-west-1"


def test_a_session_token_goes_along() -> None:
    with environment(SESSION, "eu-west-1", None):
        assert found() == ("ASIAANA", "secret", "token")


def test_no_client_is_led_elsewhere() -> None:
    with environment(ANA, "eu-west-1", None):
        url = boto3.client("dynamodb").meta.endpoint_url
    assert url == "https://dynamodb.eu-west-1.amazonaws.com"


def test_clients_go_to_the_backends_endpoint() -> None:
    with environment(ANA, "eu-west-1", "http://127.0.0.1:4566"):
        assert boto3.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:4566"


def test_the_default_session_is_made_anew_within_and_put_back_after(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = object()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", theirs)
    with environment(ANA, "eu-west-1", None):
        assert signer(boto3.client("sts")) == "AKIAANA"
        with environment(SESSION, "eu-west-1", None):
            assert signer(boto3.client("sts")) == "ASIAANA"
        assert signer(boto3.client("sts")) == "AKIAANA"
    assert boto3.DEFAULT_SESSION is theirs


def signer(client: Any) -> str:
    return str(client._request_signer._credentials.access_key)


def test_blocks_that_overlap_are_put_back_when_the_last_has_ended() -> None:
    blocks, before = EnvironBlocks(), dict(os.environ)
    first = environment(ANA, "eu-west-1", None, blocks)
    second = environment(SESSION, "eu-west-1", None, blocks)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # as of two threads, neither of which waits for the other
    assert found() == ("ASIAANA", "secret", "token")
    assert blocks.current.access_key == "ASIAANA"
    second.__exit__(None, None, None)
    assert dict(os.environ) == before
    assert blocks.current is None


def test_an_inner_block_gives_back_to_the_outer_one() -> None:
    blocks = EnvironBlocks()
    with environment(ANA, "eu-west-1", None, blocks):
        with environment(SESSION, "eu-west-1", None, blocks):
            assert blocks.current.access_key == "ASIAANA"
        assert (found()[0], blocks.current.access_key) == ("AKIAANA", "AKIAANA")


def test_everything_is_put_back_after_an_error_too() -> None:
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), environment(ANA, "eu-west-1", None):
        raise ZeroDivisionError
    assert dict(os.environ) == before
