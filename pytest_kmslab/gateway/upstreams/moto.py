"""moto in this process behind the gateway."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from pytest_kmslab.backends.moto.services import HOSTS, MotoServices
from pytest_kmslab.gateway.upstreams.protocol import StartResponse, UpstreamError
from pytest_kmslab.wire.http_message import Environ, Reply
from pytest_kmslab.wire.writing import JudgedRequest

GUARDED = frozenset({*HOSTS, "dynamodb_v20111205", "moto_api"})
"""moto's own names of what no request reaches undecided: the enforced services, and `/moto-api`, which
resets the account, shows its secrets and replays requests."""


class MotoUpstream:
    """moto's own handlers. Calls of the enforced services come here one at a time, by the pipeline's lock;
    other services are not held up, and run as they do in moto's own server: some of them wait long (a queue's
    long poll) or call back (a function).
    """

    name = "moto"
    takes_account = True

    def __init__(self) -> None:
        self._services = MotoServices()
        self._others: Any = None
        self._starting = Lock()

    def send(self, request: JudgedRequest) -> Reply:
        """Hand a request to moto's own handler of the service, without routing it once more."""
        try:
            return self._services.send(request)
        except NotImplementedError:
            raise
        except Exception as error:  # moto raises whatever it meets
            raise UpstreamError(_failed(error)) from error

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

        # Two requests may be the first.
        with self._starting:
            if self._others is None:
                self._others = DomainDispatcherApplication(_guarded_app)
        return self._others


def _failed(error: Exception) -> str:
    return f"moto does not do this: {type(error).__name__}: {error}"


def _guarded_app(service: Any) -> Any:
    """moto's application of a service, which for a guarded one refuses whatever comes: moto's own routing
    said where the request would go, so this holds however it was disguised."""
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.exceptions import Forbidden

    from pytest_kmslab.backends.moto.patches.streams import give_streams_a_shard

    if service == "kinesis":
        give_streams_a_shard()
    if service in GUARDED:
        return Forbidden(f"pytest-kmslab: moto would take this undecided request for `{service}`")
    return create_backend_app(service)
