"""No request that any backend might take for an enforced service passes undecided, however disguised."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import HOST, ROOT, GatewayUnderTest, call_of, error_code, signed

from pytest_kmslab.backends.moto.backend import MotoBackend

FORM = "application/x-www-form-urlencoded"
LIST_USERS = "Action=ListUsers&Version=2010-05-08"
JSON_KIND = "application/x-amz-json-1.1"


@pytest.fixture
def upstream() -> FakeUpstream:
    return FakeUpstream()


@pytest.fixture
def gateway(backend: MotoBackend, upstream: FakeUpstream) -> GatewayUnderTest:
    return GatewayUnderTest(backend, upstream)


def as_service(
    scope: str, body: bytes, headers: Mapping[str, str], method: str = "POST", target: str = "/"
) -> dict[str, str]:
    return signed(scope, body, headers, ROOT, method=method, target=target)


DISGUISED = {
    "a target on a request signed for s3": (b"{}", {"X-Amz-Target": "TrentService.ListKeys"}, "/", "s3"),
    "the same in lower case": (b"{}", {"x-amz-target": "trentservice.ListKeys"}, "/", "s3"),
    "two targets": (b"{}", {"X-Amz-Target": "AmazonSQS.ListQueues,TrentService.ListKeys"}, "/", "sqs"),
    "an old version of the API": (b"{}", {"X-Amz-Target": "DynamoDB_20111205.GetItem"}, "/", "s3"),
    "an action in the query string": (b"", {}, f"/?{LIST_USERS}", "s3"),
    "an action in the query string of a bucket": (b"", {}, f"/bucket/key?{LIST_USERS}", "s3"),
    "an action of no version": (b"", {}, "/?Action=ListUsers", "sqs"),
    "an action in another case": (b"", {}, "/?action=listusers", "sqs"),
    "an encoded name of the action": (b"", {}, "/?%41ction=ListUsers", "sqs"),
    "an action after another": (b"", {}, f"/?Action=ListQueues&{LIST_USERS}", "sqs"),
    "an action in a form": (LIST_USERS.encode(), {"Content-Type": FORM}, "/", "sqs"),
    "an action in a form of another charset": (
        LIST_USERS.encode(),
        {"Content-Type": f"{FORM}; charset=utf-16"},
        "/",
        "sqs",
    ),
    "an action in a form in capital letters": (
        LIST_USERS.encode(),
        {"Content-Type": FORM.upper()},
        "/",
        "sqs",
    ),
    "an action in a form in parts, in capital letters": (
        b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nListUsers\r\n--x--\r\n',
        {"Content-Type": "MULTIPART/FORM-DATA; boundary=x"},
        "/",
        "sqs",
    ),
    "an action in a form in parts": (
        b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nListUsers\r\n--x--\r\n',
        {"Content-Type": "multipart/form-data; boundary=x"},
        "/",
        "sqs",
    ),
    "a host name": (b"", {"Host": "kms.us-east-1.amazonaws.com"}, "/", "s3"),
    "a host name of an account's own endpoint": (
        b"",
        {"Host": "123456789012.ddb.us-east-1.amazonaws.com"},
        "/",
        "s3",
    ),
    "a host name that only looks like one, of a call that nothing else tells": (
        b"",
        {"Host": "tests.example", "Authorization": "AWS test:x"},
        "/?Action=Anything",
        "",
    ),
    "a target of STS": (
        b"{}",
        {"X-Amz-Target": "AWSSecurityTokenServiceV20110615.GetCallerIdentity"},
        "/",
        "s3",
    ),
    "an action that another service has too, of a call that nothing else tells": (
        b"",
        {"Authorization": "AWS test:x"},
        "/?Action=CreateUser&Version=2015-02-02",
        "",
    ),
    "a path of moto's own": (b"", {"Authorization": "AWS test:x"}, "/kms_us-east-1/", ""),
    "a path of the CBOR protocol": (
        b"{}",
        {"Smithy-Protocol": "rpc-v2-cbor", "X-Amz-Target": "AmazonSQS.Decrypt"},
        "/service/TrentService/operation/Decrypt",
        "monitoring",
    ),
    "the same, with an encoded letter": (
        b"{}",
        {"Smithy-Protocol": "rpc-v2-cbor"},
        "/a/service/%54rentService/operation/Decrypt",
        "sqs",
    ),
    "a host name of LocalStack": (b"", {"Host": "IAM.localhost.localstack.cloud:4566"}, "/", "s3"),
}


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("disguise", DISGUISED)
def test_signs_of_an_enforced_service(
    gateway: GatewayUnderTest, upstream: FakeUpstream, disguise: str, is_signed: bool
) -> None:
    body, headers, target, scope = DISGUISED[disguise]
    host = headers.get("Host", HOST)
    if is_signed and scope:
        headers = {**as_service(scope, body, headers, target=target), "Host": host}
    response = gateway.send(body, headers, target=target)
    assert response.status_code in (400, 403, 404)
    assert (upstream.sent, upstream.forwarded) == ([], [])


SCOPES = ["test/20260101/us-east-1/s3/aws4_request", "test/20260101/us-east-1/kms/aws4_request"]
OTHER_HEADERS = [
    "AWS4-HMAC-SHA256 Credential={0}, Credential={1}, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential={1}, Credential={0}, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential={0}, SignedHeaders=host, Signature=0,AWS4-HMAC-SHA256 Credential={1}",
    "aws4-hmac-sha256 credential={1}",
    'AWS4-HMAC-SHA256 Credential="{1}"',
    "AWS4-HMAC-SHA256 Credential={0}, X=/KMS/AWS4_REQUEST",
    # without the end that AWS documents, decoded or unescaped by the reader, as a label, in another scheme
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/x, SignedHeaders=host, Signature=00",
    "AWS4-HMAC-SHA256 Credential*=UTF-8''test/20260101/us-east-1/%6bms/x, SignedHeaders=host, Signature=00",
    'AWS4-HMAC-SHA256 Credential="test/20260101/us-east-1/k\\ms/x", SignedHeaders=host, Signature=00',
    "AWS4-HMAC-SHA256 Credential=test/20260101/x/kms.us-east-1/aws4_request, SignedHeaders=a, Signature=0",
    "Bearer test/20260101/us-east-1/kms/x",
    # of no enforced service, but in a form that two readers may read in two ways
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request",
    "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request, SignedHeaders=host, Signature=00",
    "aws4-hmac-sha256 credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
]


@pytest.mark.parametrize("header", OTHER_HEADERS)
def test_a_scope_hidden_in_the_authorization_header(
    gateway: GatewayUnderTest, upstream: FakeUpstream, header: str
) -> None:
    for plain, scope in enumerate(SCOPES):
        header = header.replace(f"{{{plain}}}", scope)
    response = gateway.send(b"{}", {"Authorization": header, "Host": HOST})
    assert response.status_code == 400
    assert (upstream.sent, upstream.forwarded) == ([], [])


def test_a_form_signed_for_s3_is_data_but_only_where_the_header_is_plain(
    gateway: GatewayUnderTest, upstream: FakeUpstream
) -> None:
    form = LIST_USERS.encode()
    assert gateway.send(form, as_service("s3", form, {"Content-Type": FORM})).get_data() == b"passed"
    upstream.forwarded.clear()
    for header in (
        "AWS4-HMAC-SHA256 x=/s3/aws4_request",
        f"AWS4-HMAC-SHA256 Credential={SCOPES[0]}, Credential=x",
    ):
        gateway.send(form, {"Authorization": header, "Content-Type": FORM, "Host": HOST})
    assert upstream.forwarded == []


PLAIN = {
    "s3 object": ("PUT", "/bucket/key", b"Action=ListUsers", {"Content-Type": "text/plain"}, "s3"),
    "sqs, JSON": ("POST", "/", b"{}", {"X-Amz-Target": "AmazonSQS.ListQueues"}, "sqs"),
    "sqs, form": ("POST", "/", b"Action=ListQueues&Version=2012-11-05", {"Content-Type": FORM}, "sqs"),
    "an action that another service has too": (
        "POST",
        "/",
        b"Action=CreateUser&Version=2015-02-02",
        {"Content-Type": FORM},
        "elasticache",
    ),
    "a host that only looks like one": (
        "POST",
        "/",
        b"Action=ListQueues&Version=2012-11-05",
        {"Host": "tests.example", "Content-Type": FORM},
        "sqs",
    ),
    "an object of nobody's on such a host": ("GET", "/bucket/key", b"", {"Host": "tests.example"}, ""),
    "a token": ("GET", "/anything", b"", {"Authorization": "Bearer abc.def-ghi"}, ""),
    "a bucket called dynamodb": ("GET", "/", b"", {"Host": "dynamodb.s3.us-east-1.amazonaws.com"}, "s3"),
    "nobody's": ("GET", "/anything", b"", {}, ""),
}


@pytest.mark.parametrize("plain", PLAIN)
def test_other_services_pass_unchanged(gateway: GatewayUnderTest, upstream: FakeUpstream, plain: str) -> None:
    method, target, body, headers, scope = PLAIN[plain]
    host = headers.get("Host", HOST)
    if scope:
        headers = {**as_service(scope, body, headers, method, target), "Host": host}
    assert gateway.send(body, headers, method=method, target=target).get_data() == b"passed"
    assert upstream.forwarded == [(method, body)]


UNREADABLE = {
    "compressed": (gzip.compress(b"{}"), {"Content-Encoding": "gzip"}),
    "chunked by aws": (b"2\r\n{}\r\n0\r\n\r\n", {"Content-Encoding": "aws-chunked"}),
    "in UTF-16": ("{}".encode("utf-16"), {}),
    "after a byte order mark": (b"\xef\xbb\xbf{}", {}),
    "in two texts": (b"{}{}", {}),
    "with a member twice": (b'{"KeyId": "a", "KeyId": "b"}', {}),
    "empty": (b"", {}),
    "no object": (b"[]", {}),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_body_that_two_readers_may_read_in_two_ways(
    gateway: GatewayUnderTest, upstream: FakeUpstream, case: str
) -> None:
    body, more = UNREADABLE[case]
    headers = {"X-Amz-Target": "TrentService.DescribeKey", "Content-Type": JSON_KIND, **more}
    response = gateway.send(body, as_service("kms", body, headers))
    assert (error_code(response), response.status_code) == ("SerializationException", 400)
    assert upstream.sent == []


@pytest.mark.parametrize("target", ["/x", "//", "/./", "/%2e", "/?x=1", "/kms_us-east-1/"])
def test_a_json_service_has_one_path(gateway: GatewayUnderTest, upstream: FakeUpstream, target: str) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    response = gateway.send(body, as_service("kms", body, headers, target=target), target=target)
    assert error_code(response) == "UnknownOperationException"
    assert upstream.sent == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_json_service_has_one_method(
    gateway: GatewayUnderTest, upstream: FakeUpstream, method: str
) -> None:
    body, headers = call_of("kms", "ListKeys", {})
    headers = as_service("kms", body, {**headers, "X-HTTP-Method-Override": "POST"}, method)
    assert gateway.send(body, headers, method=method).status_code == 400
    assert upstream.sent == []


def test_a_query_service_is_read_from_a_get_too(gateway: GatewayUnderTest, upstream: FakeUpstream) -> None:
    target = f"/?{LIST_USERS}"
    response = gateway.send(b"", as_service("iam", b"", {}, "GET", target), method="GET", target=target)
    assert response.status_code == 200
    assert [request.operation.name for request in upstream.sent] == ["ListUsers"]


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        (f"/?{LIST_USERS}", b"{}", JSON_KIND),
        (f"/?{LIST_USERS}", b"Action=DeleteUser&UserName=u", FORM),
        ("/?Action=DeleteUser", LIST_USERS.encode(), FORM),
        ("/", LIST_USERS.encode(), JSON_KIND),
        ("/", (LIST_USERS + "&Action=DeleteUser").encode(), FORM),
        ("/", LIST_USERS.encode("utf-16"), FORM),
    ],
)
def test_a_query_service_takes_its_parameters_from_one_place(
    gateway: GatewayUnderTest, upstream: FakeUpstream, target: str, body: bytes, kind: str
) -> None:
    headers = as_service("iam", body, {"Content-Type": kind}, target=target)
    assert gateway.send(body, headers, target=target).status_code in (400, 403)
    assert upstream.sent == []


def test_only_what_was_judged_reaches_the_backend(gateway: GatewayUnderTest, upstream: FakeUpstream) -> None:
    body = json.dumps({"Limit": 5, "Unknown": {"KeyId": "x"}, "Marker": None}).encode()
    more = {"X-Moto-Account-Id": "999999999999", "X-Amzn-Trace-Id": "r", "User-Agent": "region/eu-west-1"}
    headers = {"X-Amz-Target": "TrentService.ListKeys", "Content-Type": "text/plain", **more}
    assert gateway.send(body, as_service("kms", body, headers)).status_code == 200
    (request,) = upstream.sent
    assert json.loads(request.body) == {"Limit": 5}
    assert {name for name, _ in request.headers} == {
        "Content-Type",
        "X-Amz-Target",
        "Authorization",
        "X-Amz-Date",
    }
    assert dict(request.headers)["Content-Type"] == JSON_KIND


def test_a_form_is_written_anew_too(gateway: GatewayUnderTest, upstream: FakeUpstream) -> None:
    params = {"UserName": "a+b", "Tags.member.1.Key": "k", "Tags.member.1.Value": "v +w=x", "Unknown": "y"}
    body, headers = call_of("iam", "TagUser", params)
    assert gateway.send(body, as_service("iam", body, headers)).status_code == 200
    assert dict(parse_qsl(upstream.sent[0].body.decode())) == {
        "Action": "TagUser",
        "Version": "2010-05-08",
        **{name: value for name, value in params.items() if name != "Unknown"},
    }
