"""Which services pass a gateway undecided, and what a client of another one is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import HOST, ROOT, GatewayUnderTest, client, signed

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.cli.main import main
from pytest_kmslab.gateway.pass_through import pass_through

LISTED = pass_through("s3, cloudwatch")


@pytest.fixture
def upstream() -> FakeUpstream:
    return FakeUpstream()


@pytest.fixture
def gateway(backend: MotoBackend, upstream: FakeUpstream) -> GatewayUnderTest:
    return GatewayUnderTest(backend, upstream, passing=LISTED)


PASSING = {
    "signed for a service that is named": ("/bucket/key", "s3"),
    "signed for the signing name of one": ("/", "monitoring"),
    "by nobody": ("/bucket/key", ""),
    "presigned": ("/bucket/key?X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", ""),
    "an emulator's health": ("/_localstack/health", ""),
}
REFUSED = {
    "signed for another": ("/", "sqs"),
    "presigned for another": ("/?X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request", ""),
    "an emulator's path of another": ("/_aws/sqs/messages", ""),
    "an emulator's path, signed for another": ("/_aws/s3/messages", "sqs"),
    "an emulator's health, signed for another": ("/_localstack/health", "sqs"),
    "by nobody, with an operation": ("/?Action=ListQueues", ""),
    "by nobody, with an operation in another case": ("/bucket?action=ListQueues", ""),
}


def send(gateway: GatewayUnderTest, target: str, scope: str, **more: str) -> int:
    headers = {"Host": HOST}
    if scope:
        headers |= signed(scope, b"", headers, ROOT, method="GET", target=target)
    return gateway.send(b"", {**headers, **more}, method="GET", target=target).status_code


@pytest.mark.parametrize("case", PASSING)
def test_what_is_named_passes(gateway: GatewayUnderTest, upstream: FakeUpstream, case: str) -> None:
    assert send(gateway, *PASSING[case]) == 200
    assert len(upstream.forwarded) == 1


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_named_is_refused(gateway: GatewayUnderTest, upstream: FakeUpstream, case: str) -> None:
    assert send(gateway, *REFUSED[case]) == 403
    assert upstream.forwarded == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {"X-Amz-Target": "secretsmanager.GetSecretValue"}),
        (b"Action=ListQueues", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
    ids=["a target", "a form"],
)
def test_an_operation_that_nobody_signed_is_none_of_s3(
    gateway: GatewayUnderTest, upstream: FakeUpstream, body: bytes, headers: dict[str, str]
) -> None:
    assert gateway.send(body, {"Host": HOST, **headers}).status_code == 403
    assert upstream.forwarded == []


@pytest.mark.parametrize(
    ("names", "target", "status"),
    [
        ("cognito-idp", "AWSCognitoIdentityProviderService.InitiateAuth", 200),
        ("cognito-idp", "AWSCognitoIdentityProviderService.ListUserPools", 403),
        ("s3,execute-api", "AWSCognitoIdentityProviderService.InitiateAuth", 403),
    ],
)
def test_what_aws_takes_of_nobody_passes_where_its_service_does(
    backend: MotoBackend, upstream: FakeUpstream, names: str, target: str, status: int
) -> None:
    gateway = GatewayUnderTest(backend, upstream, passing=pass_through(names))
    assert gateway.send(b"{}", {"Host": HOST, "X-Amz-Target": target}).status_code == status


@pytest.mark.parametrize(("host", "status"), [("bucket.s3.localhost:4566", 403), ("my-s3-box:4566", 200)])
def test_an_emulators_path_may_be_the_name_of_an_object(
    backend: MotoBackend, upstream: FakeUpstream, host: str, status: int
) -> None:
    gateway = GatewayUnderTest(backend, upstream, passing=pass_through("sqs"))
    assert send(gateway, "/_aws/sqs/messages", "", Host=host) == status


def test_what_is_decided_is_decided_whatever_passes(gateway: GatewayUnderTest) -> None:
    target = "/?Action=ListUsers&Version=2010-05-08"
    assert send(gateway, target, "iam") == 200


@pytest.mark.parametrize(
    ("service", "operation"),
    [("sqs", "list_queues"), ("sns", "list_topics"), ("lambda", "list_functions")],
    ids=["JSON", "query", "REST"],
)
def test_a_client_of_another_reads_why(
    gateway: GatewayUnderTest, serve: Callable[[object], str], service: str, operation: str
) -> None:
    with pytest.raises(
        ClientError, match=f"AccessDenied.*does not pass `{service}` through, but s3, cloudwatch"
    ):
        getattr(client(serve(gateway.application), service), operation)()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s3,kms", "calls of `kms` are decided, and never passed through undecided"),
        ("s4", "`s4` is no service that botocore knows: give names such as `s3,sqs`"),
        (",", "give services such as `s3,sqs`, or `none`"),
    ],
    ids=["a decided one", "an unknown one", "no names"],
)
def test_names_that_are_none(capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--pass-through", text])
    assert said in capsys.readouterr().err


def test_nothing_may_pass() -> None:
    assert pass_through("none").told == "no other service"
