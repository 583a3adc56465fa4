"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""

from __future__ import annotations

import calendar
import time
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from helpers.fake_account import FakeAccount, user

from pytest_kmslab.account.model import AccountView, Credential
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.sigv4 import parse_signature, verify_signature, without_signature
from pytest_kmslab.wire.http_message import WireRequest

ANA = Credentials("AKIAANA", "secret", None)
SESSION = Credentials("ASIAANA", "other-secret", "token")
BODY, HOST = b'{"KeyId": "1"}', "kms.us-east-1.amazonaws.com"
MINUTE = 60


def signed(by: Credentials = ANA, *, lasts: int | None = None, service: str = "kms") -> WireRequest:
    """A request with its signature in a header, or in a query string where it lasts some seconds."""
    credentials = ReadOnlyCredentials(by.access_key_id, by.secret_access_key, by.session_token)
    headers = {"Host": HOST, "X-Amz-Target": "TrentService.DescribeKey"} if lasts is None else {"Host": HOST}
    request = AWSRequest("POST", f"http://{HOST}/?a=b", headers, BODY if lasts is None else b"")
    if lasts is None:
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    else:
        SigV4QueryAuth(credentials, service, "us-east-1", expires=lasts).add_auth(request)
    query = urlsplit(str(request.url)).query
    sent = {name.lower(): str(value) for name, value in request.headers.items()}
    return WireRequest("POST", "/", query, sent, b"" if lasts is not None else BODY)


def credentials(request: WireRequest, later: int = 0) -> Credentials:
    """What the request is taken to be signed with, so many seconds after it was signed."""
    view = FakeAccount()
    for known in (ANA, SESSION):
        credential = Credential(known.access_key_id, known.secret_access_key, user())
        view.credentials[known.access_key_id] = credential
    signature = parse_signature(request, "kms")
    assert signature is not None
    at = calendar.timegm(time.strptime(signature.stamp, "%Y%m%dT%H%M%SZ"))
    return verify_signature(request, "kms", signature, cast("AccountView", view), at + later)


def said(request: WireRequest, later: int = 0) -> str:
    with pytest.raises(ServiceError) as refused:
        credentials(request, later)
    return str(refused.value)


@pytest.mark.parametrize("by", [ANA, SESSION])
@pytest.mark.parametrize("lasts", [None, 60])
def test_a_request_is_of_who_signed_it(by: Credentials, lasts: int | None) -> None:
    assert credentials(signed(by, lasts=lasts)) == by


@pytest.mark.parametrize("lasts", [None, 60])
def test_another_secret_is_nobodys(lasts: int | None) -> None:
    for wrong in (replace_secret(ANA, "guess"), Credentials("AKIANOBODY", "", None)):
        answered = credentials(signed(wrong, lasts=lasts))
        assert answered.access_key_id == wrong.access_key_id
        assert answered.secret_access_key not in ("", "guess", ANA.secret_access_key)


def replace_secret(by: Credentials, secret: str) -> Credentials:
    return Credentials(by.access_key_id, secret, by.session_token)


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"method": "GET"},
        {"path": "/other"},
        {"query": "a=c"},
        {"query": ""},
    ],
)
def test_a_request_that_was_changed_is_signed_by_nobody(change: dict[str, object]) -> None:
    changed = replace(signed(), **change)  # type: ignore[arg-type]
    assert credentials(changed).secret_access_key != ANA.secret_access_key


def test_the_hash_that_a_header_claims_is_that_of_the_body() -> None:
    request = signed()
    headers = {**request.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    told = "'x-amz-content-sha256' must be a 'SignedHeader' in the AWS Authorization."
    assert said(replace(request, headers=headers)) == f"InvalidSignatureException: {told}"


def test_a_signature_holds_for_a_quarter_of_an_hour_each_way_and_a_url_for_as_long_as_it_says() -> None:
    for later in (-15 * MINUTE, 15 * MINUTE):
        assert credentials(signed(), later) == ANA
    assert credentials(signed(lasts=3600), 3600) == ANA
    assert "Signature expired: " in said(signed(lasts=3600), 3601)
    request = signed()
    stamp = request.headers["x-amz-date"]
    begun = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))

    def shown(seconds: int) -> str:
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(begun + seconds))

    late, early = 15 * MINUTE + 1, -15 * MINUTE - 1
    expired = f"Signature expired: {stamp} is now earlier than {shown(1)} ({shown(late)} - 15 min.)"
    assert said(request, late) == f"InvalidSignatureException: {expired}"
    too_soon = (
        f"Signature not yet current: {stamp} is still later than {shown(-1)} ({shown(early)} + 15 min.)"
    )
    assert said(request, early) == f"InvalidSignatureException: {too_soon}"


def with_header(name: str, value: str) -> WireRequest:
    request = signed()
    return replace(request, headers={**request.headers, name: value})


def rewritten(old: str, new: str) -> WireRequest:
    text = signed().headers["authorization"]
    assert old in text
    return with_header("authorization", text.replace(old, new))


FORM = (
    "IncompleteSignatureException: Authorization header requires 'Credential', 'SignedHeaders' and "
    "'Signature' parameters, in the form of AWS4-HMAC-SHA256."
)
QUERY_FORM = (
    "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Algorithm', "
    "'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date' and 'X-Amz-Expires'."
)
BOTH = "IncompleteSignatureException: A signature must be in one place: the header or the query string."


@pytest.mark.parametrize(
    ("request_of", "told"),
    [
        (lambda: rewritten("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), FORM),
        (lambda: rewritten("Signature=", "Signature=x"), FORM),
        (lambda: rewritten("SignedHeaders=", "Signature="), FORM),
        (lambda: rewritten("/aws4_request", "/aws3_request"), FORM),
        (
            lambda: rewritten("/kms/", "/dynamodb/"),
            "InvalidSignatureException: Credential should be scoped to correct service: 'kms'. ",
        ),
        (
            lambda: rewritten("SignedHeaders=host;", "SignedHeaders="),
            "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS "
            "Authorization.",
        ),
        (lambda: replace(signed(), query=signed(lasts=60).query), BOTH),
        *(
            (lambda old=old, new=new: replace(signed(lasts=60), query=url().replace(old, new)), QUERY_FORM)
            for old, new in (
                ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
                ("X-Amz-Expires=60", "X-Amz-Expires=-1"),
                ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=x"),
                ("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"),
                ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="),
            )
        ),
    ],
)
def test_a_signature_that_is_none_is_told_so(request_of: object, told: str) -> None:
    assert callable(request_of)
    assert said(request_of()) == told


def url() -> str:
    return signed(lasts=60).query


@pytest.mark.parametrize("date", ["", "20260101", "yesterday"])
def test_a_request_without_a_date_is_not_signed(date: str) -> None:
    request = with_header("x-amz-date", date)
    signature = parse_signature(request, "kms")
    assert signature is not None
    with pytest.raises(ServiceError) as refused:
        verify_signature(request, "kms", signature, cast("AccountView", FakeAccount()), 0)
    told = "Authorization header requires existence of an 'X-Amz-Date' header."
    assert str(refused.value) == f"IncompleteSignatureException: {told}"


def test_the_day_of_the_scope_is_that_of_the_date() -> None:
    request = signed()
    day = request.headers["x-amz-date"][:8]
    request = replace(request, headers={**request.headers, "x-amz-date": "20200101T000000Z"})
    told = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
    assert said(request) == (
        f"InvalidSignatureException: {told}: '{day}' != '20200101', from '20200101T000000Z'."
    )


def test_what_is_not_signed_has_no_signature() -> None:
    assert parse_signature(WireRequest("POST", "/", "a=b", {"host": HOST}), "kms") is None
    assert without_signature(signed(lasts=60)).query == "a=b"
    plain = signed()
    assert without_signature(plain) is plain


def test_the_headers_of_a_presigned_request_say_what_its_query_string_does() -> None:
    signature = parse_signature(signed(SESSION, lasts=60), "kms")
    assert signature is not None
    headers = dict(signature.headers)
    assert headers["X-Amz-Security-Token"] == "token"
    assert headers["X-Amz-Date"] == signature.stamp
    again = parse_signature(
        WireRequest("POST", "/", "", {name.lower(): value for name, value in headers.items()}), "kms"
    )
    assert again == replace(signature, expires=None)
