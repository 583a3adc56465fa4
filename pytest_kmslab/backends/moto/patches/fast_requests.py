"""Performance patches for moto: requests of SDKs, and responses in XML, without what they do not need.

A request of an enforced service is posted to `/`, with its parameters in the body and no query string.
werkzeug prepares it for everything that HTTP allows, and builds its URL anew several times: a third of a
call's time in moto. What is not in this plain form goes moto's own way.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

import moto.core.botocore_stubber as stubber
from botocore.awsrequest import AWSPreparedRequest
from moto.core import responses
from moto.core.request import Request
from moto.core.serialize import BaseXMLSerializer
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.http import http_date

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement

LARGEST = 100_000
"""Characters of a body that is read here; moto refuses forms that are much larger."""
_ROOT = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)/", re.ASCII)
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_JSON = frozenset(("application/x-amz-json-1.0", "application/x-amz-json-1.1"))
_UNUSUAL = frozenset(("content-encoding", "expect", "host", "transfer-encoding"))
_PORTS = {"https": "443", "http": "80"}
_date = lru_cache(maxsize=8)(http_date)


def fast_requests() -> Replaced:
    """Have moto read plain requests and write plain XML quickly, while this is open."""
    rows = [
        Replacement(responses, "http_date", _date_of),
        Replacement(BaseXMLSerializer, "_serialize_body", _body),
    ]
    if _normalize is not None:
        rows.append(Replacement(stubber, "normalize_request", _normalized))
    return Replaced(*rows)


# The oldest versions of moto make of botocore's request what they need further on.
_normalize: Any = getattr(stubber, "normalize_request", None)

if _normalize is not None:

    class PostedRequest(Request):
        """A request whose URL and body are known from the start."""

        raw_path = "/"
        raw_url = ""


def _normalized(request: Any) -> Any:
    posted = _posted(request) if type(request) is AWSPreparedRequest else None
    return _normalize(request) if posted is None else posted


def _posted(request: AWSPreparedRequest) -> Any:
    """A request to moto for one of botocore's; None where it is not in the plain form."""
    root = _ROOT.fullmatch(request.url)
    body = request.body.encode() if isinstance(request.body, str) else request.body
    headers = _variables(request.headers)
    if request.method != "POST" or root is None or headers is None or type(body) is not bytes:
        return None
    kind = headers.get("CONTENT_TYPE")
    if len(body) > LARGEST or (kind not in _JSON and (kind != _FORM or not body.isascii())):
        return None
    made = PostedRequest(
        {
            **headers,
            **_constant(root["scheme"], root["host"]),
            "CONTENT_LENGTH": str(len(body)),
            "moto.preserved_header_names": {},
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
        },
        populate_request=False,  # which would be a cycle: garbage that the collector has to find
    )
    made.raw_url = request.url
    fields = parse_qsl(body.decode(), keep_blank_values=True) if kind == _FORM else ()
    # Where werkzeug keeps what it has read. Of a form nothing is left to be read.
    made.__dict__.update(
        data=b"" if kind == _FORM else body, form=ImmutableMultiDict(fields), files=ImmutableMultiDict()
    )
    return made


def _variables(headers: Any) -> dict[str, Any] | None:
    """Headers as WSGI names them; None where one is there that means more than its text."""
    variables: dict[str, Any] = {}
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if name.lower() in _UNUSUAL or "_" in name or not text.isprintable() or not text.isascii():
            return None
        wsgi = name.upper().replace("-", "_")
        variables[wsgi if wsgi in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{wsgi}"] = text
    return variables


@lru_cache(maxsize=256)
def _constant(scheme: str, host: str) -> dict[str, Any]:
    return {
        "HTTP_HOST": host,
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "RAW_URI": "/",
        "REQUEST_METHOD": "POST",
        "REQUEST_URI": "/",
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": _PORTS[scheme],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.multiprocess": False,
        "wsgi.multithread": False,
        "wsgi.run_once": False,
        "wsgi.url_scheme": scheme,
        "wsgi.version": (1, 0),
    }


def _date_of(moment: datetime) -> str:
    """The date that a response shows: to the second."""
    return _date(moment.replace(microsecond=0))


_serialized_body = BaseXMLSerializer._serialize_body


class _UnusualError(Exception):
    """Something that xmltodict writes otherwise than plain elements."""


def _body(serializer: Any, body: Any) -> str:
    # Nobody but a person reads indented XML: it may take its time.
    if serializer.pretty_print:
        return _serialized_body(serializer, body)
    parts: list[str] = []
    try:
        for name, value in body.items():
            _write(name, value, parts)
    except _UnusualError:
        return _serialized_body(serializer, body)
    return "".join(parts)


def _write(name: Any, value: Any, parts: list[str]) -> None:
    """Add the element of a value, or those of a list, as xmltodict writes them."""
    # What is not in the plain form is left to moto's own writer.
    if not isinstance(name, str) or not name.isidentifier():
        raise _UnusualError
    if isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (list, tuple)):
                raise _UnusualError
            _write(name, item, parts)
        return
    if not isinstance(value, dict):
        text = _text(value)
        parts.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")
        return
    start, inner = [f"<{name}"], list[str]()
    for key, child in value.items():
        if isinstance(key, str) and key.startswith("@"):
            if not isinstance(child, str) or not key[1:].isidentifier():
                raise _UnusualError
            start.append(f" {key[1:]}={quoteattr(child)}")
        else:
            _write(key, child, inner)
    parts.append("".join(start))
    parts.extend((">", *inner, f"</{name}>") if inner else ("/>",))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if not isinstance(value, (str, int, float)):
        raise _UnusualError
    return escape(str(value))
