"""Plain requests and plain XML are to moto what its own way makes of them."""

from __future__ import annotations

from typing import Any

import pytest
import xmltodict
from botocore.awsrequest import AWSPreparedRequest, HeadersDict

from pytest_kmslab.backends.moto.patches import fast_requests

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/x-amz-json-1.0"
URL = "https://iam.amazonaws.com/"
FIELDS = "Action=CreateUser&UserName=a+b&Tags.member.1.Value=%C3%A9&Path=&Path=%2F"

needs_requests = pytest.mark.skipif(
    fast_requests.Request is None, reason="this moto has no requests of its own"
)


def prepared(
    url: str = URL, body: Any = FIELDS, kind: str = FORM, method: str = "POST", **headers: Any
) -> AWSPreparedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    every = HeadersDict({"Content-Type": kind.encode(), "User-Agent": b"x", "Content-Length": "7", **named})
    return AWSPreparedRequest(method, url, every, body, stream_output=False)


@needs_requests
@pytest.mark.parametrize(
    "sent",
    [
        prepared(),
        prepared(url="http://sts.eu-west-1.amazonaws.com/"),
        prepared("https://kms.us-east-1.amazonaws.com/", '{"a": "é"}'.encode(), JSON, X_Amz_Target="D.L"),
        prepared(body=b""),
        prepared(body=""),
    ],
    ids=["form", "plain http", "json", "no bytes", "no text"],
)
def test_a_plain_request_is_what_moto_makes_of_it(sent: AWSPreparedRequest) -> None:
    made, own = fast_requests._posted(sent), fast_requests._normalize(sent)
    assert isinstance(made, fast_requests.Request)
    passing = ("wsgi.input", "werkzeug.request")
    assert {name: value for name, value in made.environ.items() if name not in passing} == {
        name: value for name, value in own.environ.items() if name not in passing
    }
    for name in ("raw_url", "raw_path", "url", "path", "host", "method", "query_string", "content_type"):
        assert getattr(made, name) == getattr(own, name), name
    assert dict(made.headers) == dict(own.headers)
    for name in ("data", "form", "files", "values", "args"):
        assert getattr(made, name) == getattr(own, name), name


@needs_requests
@pytest.mark.parametrize(
    "sent",
    [
        prepared(method="GET"),
        prepared(url="https://iam.amazonaws.com/?Action=ListUsers"),
        prepared(url="https://bucket.s3.amazonaws.com/key"),
        prepared(url="https://iam.amazonaws.com:8443/"),
        prepared(kind="application/x-www-form-urlencoded"),
        prepared(kind="multipart/form-data; boundary=x"),
        prepared(body=b"Action=\xff"),
        prepared(body="a" * (fast_requests.LARGEST + 1)),
        prepared(body=None),
        prepared(Content_Encoding="gzip"),
        prepared(Host="elsewhere.example.com"),
        prepared(X_Note="é"),
    ],
    ids=[
        "get",
        "query string",
        "path",
        "port",
        "another form",
        "multipart",
        "no text",
        "large",
        "no body",
        "compressed",
        "another host",
        "header beyond ASCII",
    ],
)
def test_what_is_not_plain_goes_motos_own_way(sent: AWSPreparedRequest) -> None:
    assert fast_requests._posted(sent) is None


@needs_requests
def test_what_nobody_has_read_yet_can_be_read_whole() -> None:
    assert fast_requests._posted(prepared()).get_data() == FIELDS.encode()


class Serializer:
    pretty_print = False


@pytest.mark.parametrize(
    "body",
    [
        {
            "R": {
                "@xmlns": 'https://a/"b"&',
                "N": "a<b>&\"'",
                "E": "",
                "None": None,
                "T": True,
                "F": 1.5,
                "I": 0,
            }
        },
        {"R": {"L": {"member": ["a", {"B": "b"}, None]}, "Empty": {}, "No": {"member": []}}},
        {"R": None},
        {"R": {"#text": "t", "@a": "b"}},
        {"R": {"a.b": "dotted"}},
        {"R": {"b": b"bytes"}},
    ],
    ids=["texts", "lists", "nothing", "text beside an attribute", "a name with a dot", "bytes"],
)
def test_xml_is_what_xmltodict_writes(body: dict[str, Any]) -> None:
    expected = xmltodict.unparse(body, full_document=False, short_empty_elements=True)
    assert fast_requests._body(Serializer(), body) == expected
