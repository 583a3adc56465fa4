from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pytest_kmslab.authz.arn import partition_of
from pytest_kmslab.backends.endpoint.localstack import LocalStackBackend
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.errors import BackendError

REGION = "us-east-1"
ALL_THREE = r"(?s)--kmslab-endpoint.*AWS_ENDPOINT_URL.*localstack-client.*docker run.*ministack"


def test_the_endpoint_given_counts() -> None:
    backend = LocalStackBackend(REGION, "http://localhost:4567/")
    assert backend.endpoint_url == "http://localhost:4567"
    assert (backend.root.access_key_id, backend.root.secret_access_key) == ("test", "test")


def test_localstack_client_counts_last(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ModuleType("localstack_client.config")
    config.get_service_endpoint = lambda service: "http://elsewhere:4566"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "localstack_client", ModuleType("localstack_client"))
    monkeypatch.setitem(sys.modules, "localstack_client.config", config)
    assert LocalStackBackend(REGION).endpoint_url == "http://elsewhere:4566"
    assert LocalStackBackend(REGION, "http://given:1").endpoint_url == "http://given:1"


def test_a_missing_endpoint_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "localstack_client.config", None)
    with pytest.raises(BackendError, match=ALL_THREE):
        LocalStackBackend(REGION)


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://localhost", "http://", "http://a/path"])
def test_an_endpoint_that_is_no_url_is_an_error(url: str) -> None:
    with pytest.raises(BackendError, match=ALL_THREE):
        LocalStackBackend(REGION, url)


def test_an_endpoint_that_does_not_answer_is_an_error_that_says_what_to_do() -> None:
    for use in (LocalStackBackend.start, LocalStackBackend.describe):
        with pytest.raises(BackendError, match=ALL_THREE):
            use(LocalStackBackend(REGION, "http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("url", "served"),
    [
        ("https://kms.us-east-1.amazonaws.com/", True),
        ("http://127.0.0.1:4566/", True),
        ("http://localhost.localstack.cloud:4566", True),
        ("http://127.0.0.1:4567", False),
        ("http://localhost", False),
    ],
)
def test_it_serves_what_would_go_to_aws_and_its_port_under_every_name(url: str, served: bool) -> None:
    assert LocalStackBackend(REGION, "http://localhost:4566").owns_url(url) is served


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eu-west-1"])
def test_an_endpoint_in_another_partition_than_the_region_is_told(region: str) -> None:
    """LocalStack answers as in us-east-1, wherever it is called."""
    answer = {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}
    clients: Any = SimpleNamespace(
        region=region,
        partition=partition_of(region).name,
        of=lambda _service: SimpleNamespace(get_caller_identity=lambda: answer),
    )
    identities = ApiIdentities(clients, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    if region == "eu-west-1":
        assert identities.account == "000000000000"
    else:
        with pytest.raises(
            BackendError, match=f"--kmslab-region is `{region}`.* the endpoint answers in `aws`"
        ):
            assert identities.account
