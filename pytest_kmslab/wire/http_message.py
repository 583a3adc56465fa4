"""An HTTP request and reply as the gateway looks at them: plain data, read off a WSGI environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pytest_kmslab.calls.api_call import ServiceError

Headers = tuple[tuple[str, str], ...]
Environ = dict[str, Any]

CONNECTION = "kmslab.connection"
"""Where an environment holds the client's connection: an object that lives as long as the connection does."""


class RefusedError(Exception):
    """A request of an enforced service that is answered with its own error; `service` is botocore's name."""

    def __init__(self, service: str, error: ServiceError) -> None:
        super().__init__(f"{service}: {error}")
        self.service = service
        self.error = error


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request as it came: `path` and `query` undecoded, header names in lower case.

    `address` is the IP address of the client's end of the connection, whatever headers say.
    `is_secure` is false for a request to AWS's own address that came without TLS.
    A header that came twice holds both values with a comma between, which no reader here accepts.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""
    is_secure: bool = True

    def header(self, name: str) -> str:
        """The value of a header, without surrounding blanks; empty where there is none."""
        return self.headers.get(name, "").strip()

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply, read whole."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header by its name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def request_of(environ: Environ, body: bytes = b"") -> WireRequest:
    """The request of a WSGI environment; its body is the caller's to read."""
    path, _, query = raw_target(environ).partition("?")
    return WireRequest(
        environ["REQUEST_METHOD"],
        path or "/",
        query,
        headers_of(environ),
        body,
        str(environ.get("REMOTE_ADDR") or ""),
    )


def raw_target(environ: Environ) -> str:
    """Path and query as they stood in the request line, without scheme and host."""
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    # A server keeps the request line as it came; WSGI itself keeps only what is decoded.
    if raw.startswith("/"):
        return raw
    if "://" in raw:
        return "/" + raw.partition("://")[2].partition("/")[2]
    query = environ.get("QUERY_STRING", "")
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"))
    return f"{path or '/'}?{query}" if query else path or "/"


def headers_of(environ: Environ) -> dict[str, str]:
    """Header names in lower case."""
    # A header that came twice was folded by the server, so that no value is lost here.
    headers = {
        name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers
