"""moto in this process behind the gateway."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from io import BytesIO
from threading import Lock
from typing import Any

from pytest_kmslab.gateway.upstreams.protocol import StartResponse, UpstreamError
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

GUARDED = frozenset({*HOSTS, "dynamodb_v20111205", "moto_api"})
"""moto's own names of what no request reaches undecided: the enforced services, and `/moto-api`, which
resets the account, shows its secrets and replays requests."""

Handler = Callable[[Any, str, Any], tuple[int, dict[str, Any], Any]]


class MotoUpstream:
    """One call of an enforced service at a time: between a decision and its call nothing changes.

    moto's models are plain Python objects that are not made for threads; a decision that reads them while
    another call writes would be taken on half a change. Other services are not held up, and run as they
    do in moto's own server: some of them wait long (a queue's long poll) or call back (a function).
    """

    name = "moto"
    takes_account = True

    def __init__(self) -> None:
        self._lock = Lock()
        self._handlers: dict[str, Handler] = {}
        self._others: Any = None
        self._starting = Lock()

    def exclusive(self) -> AbstractContextManager[Any]:
        """One call at a time."""
        return self._lock

    def send(self, request: JudgedRequest) -> Reply:
        """Hand a request to moto's own handler of the service, without routing it once more."""
        from moto.core.request import Request
        from werkzeug.exceptions import HTTPException

        service = request.operation.service_model.service_name
        host = HOSTS[service].format(region=request.region)
        received = Request(_environ(request, host))
        try:
            status, headers, body = self._handler(service)(received, f"https://{host}/", received.headers)
        except HTTPException as error:
            status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
        except NotImplementedError:
            raise
        except Exception as error:  # moto raises whatever it meets
            raise UpstreamError(_failed(error)) from error
        return Reply(int(status), _headers(headers), body.encode() if isinstance(body, str) else bytes(body))

    def forward(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """As moto's own server answers it, save for what is guarded."""
        try:
            answered: Iterable[bytes] = self._dispatcher()(environ, start_response)
        except ImportError as error:
            raise UpstreamError(f"moto lacks a package: {error}; install `moto[all]`") from error
        except Exception as error:  # moto raises whatever it meets, as its own server would with a 500
            raise UpstreamError(_failed(error)) from error
        return answered

    def close(self) -> None:
        """Nothing is held."""

    def _dispatcher(self) -> Any:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication

        with self._starting:
            if self._others is None:
                self._others = DomainDispatcherApplication(_guarded_app)
        return self._others

    def _handler(self, service: str) -> Handler:
        if service not in self._handlers:
            self._handlers[service] = _handler_of(service)
        return self._handlers[service]


def _failed(error: Exception) -> str:
    return f"moto does not do this: {type(error).__name__}: {error}"


def _handler_of(service: str) -> Handler:
    """What moto calls for a POST to the root of a service."""
    from moto.backends import get_backend
    from moto.core.models import DEFAULT_ACCOUNT_ID

    regions: Any = get_backend(service)[DEFAULT_ACCOUNT_ID]  # type: ignore[call-overload]
    backend = regions["us-east-1"] if "us-east-1" in regions else regions["aws"]
    url = f"https://{HOSTS[service].format(region='us-east-1')}/"
    found: Handler = next(handler for pattern, handler in backend.urls.items() if re.match(pattern, url))
    return found


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


def _headers(headers: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """moto's own headers, save those that its servers read or set themselves."""
    kept = ((name, value) for name, value in headers.items() if name.lower() not in _NOT_SENT)
    return tuple((name, str(value)) for name, value in kept)


_NOT_SENT = frozenset({"status", "content-length", "date"})


def _guarded_app(service: Any) -> Any:
    """moto's application of a service, which for a guarded one refuses whatever comes: moto's own routing
    said where the request would go, so this holds however it was disguised."""
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.exceptions import Forbidden

    if service in GUARDED:
        return Forbidden(f"pytest-kmslab: moto would take this undecided request for `{service}`")
    return create_backend_app(service)
