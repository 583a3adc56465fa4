"""Hands a request that was decided to moto's own handler of its service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from pytest_kmslab.backends.moto.door import DOOR
from pytest_kmslab.wire.http_message import Environ, Reply
from pytest_kmslab.wire.writing import JudgedRequest

HOSTS = {
    "kms": "kms.{region}.amazonaws.com",
    "dynamodb": "dynamodb.{region}.amazonaws.com",
    "dynamodbstreams": "streams.dynamodb.{region}.amazonaws.com",
    "iam": "iam.{region}.amazonaws.com",
    "sts": "sts.{region}.amazonaws.com",
}
"""Where moto expects each enforced service; it takes the Region from there."""

Handler = Callable[[Any, str, Any], tuple[int, dict[str, Any], Any]]


class MotoServices:
    """The enforced services of moto in this process, without moto's routing."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def send(self, request: JudgedRequest) -> Reply:
        """Do a request; raises what moto raises where it fails."""
        from moto.core.request import Request
        from werkzeug.exceptions import HTTPException

        service = request.operation.service_model.service_name
        host = HOSTS[service].format(region=request.region)
        if service not in self._handlers:
            self._handlers[service] = _handler_of(service)
        handler, received = self._handlers[service], Request(_environ(request, host))
        try:
            with DOOR.opened():
                status, headers, body = handler(received, f"https://{host}/", received.headers)
        except HTTPException as error:
            status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
        sent = {name: str(value) for name, value in headers.items() if name.lower() not in _NOT_SENT}
        content = body.encode() if isinstance(body, str) else bytes(body)
        return Reply(int(status), tuple(sent.items()), content)


def _handler_of(service: str) -> Handler:
    """What moto calls for a POST to the root of a service."""
    from moto.backends import get_backend
    from moto.core.models import DEFAULT_ACCOUNT_ID

    regions: Any = get_backend(service)[DEFAULT_ACCOUNT_ID]  # type: ignore[call-overload]
    backend = regions["us-east-1"] if "us-east-1" in regions else regions["aws"]
    url = f"https://{HOSTS[service].format(region='us-east-1')}/"
    handlers: Mapping[str, Handler] = backend.urls
    return next(handler for pattern, handler in handlers.items() if re.match(pattern, url))


def _environ(request: JudgedRequest, host: str) -> Environ:
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


_NOT_SENT = frozenset({"status", "content-length", "date"})
"""Of moto's headers those that its own servers read or set."""
