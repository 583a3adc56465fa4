"""Who signed a request, and whether the signature holds."""

from __future__ import annotations

import re
import time
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from helpers.gateway import CALLS, HOST, REGION, ROOT, GatewayUnderTest, call_of, client, error_code, signed
from werkzeug.test import TestResponse

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Credentials

QUERY = {"iam", "sts"}
EVERY_SERVICE = pytest.mark.parametrize("service", CALLS)


def expected(service: str, query: str, json: str) -> tuple[str, int]:
    return (query, 403) if service in QUERY else (json, 400)


def answered(response: TestResponse) -> tuple[str, int]:
    return error_code(response), response.status_code


WRONG_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException")


@EVERY_SERVICE
def test_a_signed_request_is_answered(gateway: GatewayUnderTest, service: str) -> None:
    operation, params = CALLS[service]
    assert gateway.call(service, operation, **params).status_code == 200


@EVERY_SERVICE
def test_an_unknown_access_key(gateway: GatewayUnderTest, service: str) -> None:
    response = gateway.call(service, CALLS[service][0], Credentials("AKIANOBODY", "secret"))
    assert answered(response) == expected(service, "InvalidClientTokenId", "UnrecognizedClientException")


@EVERY_SERVICE
def test_a_wrong_secret(gateway: GatewayUnderTest, service: str) -> None:
    response = gateway.call(service, CALLS[service][0], Credentials("test", "guess"))
    assert answered(response) == expected(service, *WRONG_SIGNATURE)


@EVERY_SERVICE
def test_an_unsigned_request(gateway: GatewayUnderTest, service: str) -> None:
    body, headers = call_of(service, *CALLS[service])
    response = gateway.send(body, headers)
    assert answered(response) == expected(
        service, "MissingAuthenticationToken", "MissingAuthenticationTokenException"
    )


@EVERY_SERVICE
@pytest.mark.parametrize(
    ("ahead", "text"), [(1000, "Signature expired"), (-1000, "Signature not yet current")]
)
def test_a_request_of_another_quarter_of_an_hour(
    backend: MotoBackend, service: str, ahead: int, text: str
) -> None:
    gateway = GatewayUnderTest(backend, now=lambda: time.time() + ahead)
    response = gateway.call(service, CALLS[service][0])
    assert answered(response) == expected(service, *WRONG_SIGNATURE)
    assert text in response.get_data(as_text=True)


@EVERY_SERVICE
def test_a_clock_that_is_a_little_off_is_no_matter(backend: MotoBackend, service: str) -> None:
    gateway = GatewayUnderTest(backend, now=lambda: time.time() + 800)
    assert gateway.call(service, CALLS[service][0]).status_code == 200


def another_second(stamp: str) -> str:
    return f"{stamp[:-2]}{(int(stamp[-2]) + 1) % 10}Z"


TAMPERED = {
    "body": lambda body, headers: (body + b" ", headers),
    "target": lambda body, headers: (body, {**headers, "X-Amz-Target": "TrentService.CreateKey"}),
    "host": lambda body, headers: (body, {**headers, "Host": "elsewhere:4566"}),
    "date": lambda body, headers: (body, {**headers, "X-Amz-Date": another_second(headers["X-Amz-Date"])}),
    "hash of the body": lambda body, headers: (body, {**headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
    "header that nobody signed": lambda body, headers: (body, {**headers, "X-Amz-Security-Token": "t"}),
    "signature": lambda body, headers: (
        body,
        {**headers, "Authorization": headers["Authorization"][:-64] + "0" * 64},
    ),
    "signed headers": lambda body, headers: (
        body,
        {**headers, "Authorization": headers["Authorization"].replace("host;", "")},
    ),
    "region": lambda body, headers: (
        body,
        {**headers, "Authorization": headers["Authorization"].replace("us-east-1", "eu-west-1")},
    ),
    "scope's date": lambda body, headers: (
        body,
        {**headers, "Authorization": re.sub(r"/\d{8}/", "/20200101/", headers["Authorization"])},
    ),
}


@pytest.mark.parametrize("tampering", TAMPERED)
def test_a_tampered_request(gateway: GatewayUnderTest, tampering: str) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    headers = signed("kms", body, headers)
    body, headers = TAMPERED[tampering](body, headers)
    assert answered(gateway.send(body, headers)) == ("InvalidSignatureException", 400)


def test_a_body_hash_that_was_signed_must_be_the_bodys(gateway: GatewayUnderTest) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    headers = signed("kms", body, {**headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert answered(gateway.send(b'{"Limit": 1}', headers)) == ("InvalidSignatureException", 400)


def test_a_target_that_was_not_signed_is_not_obeyed(gateway: GatewayUnderTest) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    target = headers.pop("X-Amz-Target")
    headers = {**signed("kms", body, headers), "X-Amz-Target": target}
    assert answered(gateway.send(body, headers)) == ("InvalidSignatureException", 400)


MALFORMED = [
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request",
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/b/c/kms/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
    "AWS4-ECDSA-P256-SHA256 Credential=test/20260101/kms/aws4_request, SignedHeaders=host, Signature=00",
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, "
    "Credential=test/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
    "Bearer test",
    "AWS test:c2lnbmF0dXJl",
]


@pytest.mark.parametrize("header", MALFORMED)
def test_an_authorization_header_in_another_form(gateway: GatewayUnderTest, header: str) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    response = gateway.send(body, {**headers, "Authorization": header, "Host": HOST})
    assert answered(response) == ("IncompleteSignatureException", 400)


def test_without_a_date(gateway: GatewayUnderTest) -> None:
    body, headers = call_of("iam", "ListUsers", {})
    headers = signed("iam", body, headers)
    del headers["X-Amz-Date"]
    assert answered(gateway.send(body, headers)) == ("IncompleteSignature", 400)


def test_two_authorization_headers(gateway: GatewayUnderTest) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    headers = signed("kms", body, headers)
    twice = f"{headers['Authorization']},{headers['Authorization']}"
    response = gateway.send(body, {**headers, "Authorization": twice})
    assert answered(response) == ("IncompleteSignatureException", 400)


def test_a_presigned_url_says_who_made_it(gateway: GatewayUnderTest) -> None:
    """As a cluster of EKS is asked for, with a header of its own that is signed too."""
    asked = AWSRequest(
        "GET", f"http://{HOST}/?Action=GetCallerIdentity&Version=2011-06-15", headers={"x-k8s-aws-id": "shop"}
    )
    keys = ReadOnlyCredentials(ROOT.access_key_id, ROOT.secret_access_key, None)
    SigV4QueryAuth(keys, "sts", REGION, expires=60).add_auth(asked)
    target = str(asked.url).removeprefix(f"http://{HOST}")
    named = {"Host": HOST, "x-k8s-aws-id": "shop"}
    response = gateway.send(b"", named, method="GET", target=target)
    assert (response.status_code, b":root" in response.data) == (200, True)
    other = gateway.send(b"", {**named, "x-k8s-aws-id": "yard"}, method="GET", target=target)
    assert answered(other) == ("SignatureDoesNotMatch", 403)


def test_a_form_holds_no_signature(gateway: GatewayUnderTest) -> None:
    scope = "test/20260101/us-east-1/iam/aws4_request"
    body = urlencode({"Action": "ListUsers", "Version": "2010-05-08", "X-Amz-Credential": scope}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": HOST}
    assert answered(gateway.send(body, headers)) == ("IncompleteSignature", 400)


@EVERY_SERVICE
def test_presigned_requests_in_another_form_are_refused(gateway: GatewayUnderTest, service: str) -> None:
    scope = f"test%2F20260101%2Fus-east-1%2F{service}%2Faws4_request"
    target = f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Signature={'0' * 64}"
    response = gateway.send(b"", {}, method="GET", target=target)
    code = "IncompleteSignature" if service in QUERY else "IncompleteSignatureException"
    assert answered(response) == (code, 400)


def test_temporary_credentials_need_their_token(url: str) -> None:
    given = client(url, "sts").get_session_token()["Credentials"]
    whole = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert client(url, "kms", whole).list_keys()["Keys"] == []
    for token in (None, "another"):
        kms = client(url, "kms", Credentials(whole.access_key_id, whole.secret_access_key, token))
        with pytest.raises(kms.exceptions.ClientError, match="UnrecognizedClientException"):
            kms.list_keys()


def test_a_user_signs_with_the_key_that_iam_gave_out_until_it_is_inactive(url: str) -> None:
    iam = client(url, "iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        client(url, "iam", user).list_users()
    iam.update_access_key(UserName="u", AccessKeyId=user.access_key_id, Status="Inactive")
    with pytest.raises(iam.exceptions.ClientError, match="InvalidClientTokenId"):
        client(url, "iam", user).list_users()


def test_where_nothing_is_enforced_no_signature_is_asked_for(backend: MotoBackend) -> None:
    gateway = GatewayUnderTest(backend, enforcing=False)
    body, headers = call_of("iam", "ListUsers", {})
    assert gateway.send(body, headers).status_code == 200
    assert gateway.call("kms", "ListKeys", Credentials("AKIANOBODY", "secret")).status_code == 200
    assert gateway.call("kms", "ListKeys", Credentials("test", "guess")).status_code == 200


def test_nobody_is_proven_by_an_empty_secret(backend: MotoBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    known = backend.view.credential(ROOT.access_key_id)
    empty = type(known)(known.access_key_id, "", known.caller)
    monkeypatch.setattr(type(backend.view), "credential", lambda _facts, _id: empty)
    response = GatewayUnderTest(backend).call("kms", "ListKeys", Credentials("test", ""))
    assert error_code(response) == "InvalidSignatureException"
