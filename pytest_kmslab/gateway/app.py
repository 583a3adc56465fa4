"""The seam for other processes and languages: a WSGI application in front of a backend.

Every request of an enforced service is read, proven and decided by the same code as in process, and
written anew for the backend from what was judged. Everything else passes through unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from http.client import responses
from typing import TYPE_CHECKING

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.wire_calls import UpstreamError, WireCalls
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.forms import form_fields, peeked_body, read_body
from pytest_kmslab.gateway.pages import page, refused_path, told
from pytest_kmslab.gateway.pass_through import EVERY_OTHER, PassThrough
from pytest_kmslab.gateway.tagging import WireTagging, is_tagging, refusal
from pytest_kmslab.gateway.upstreams.protocol import StartResponse, Upstream
from pytest_kmslab.wire.http_message import CONNECTION, Environ, RefusedError, Reply, WireRequest, request_of
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.routing import route, undecided_service
from pytest_kmslab.wire.writing import error_reply

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.gateway.creations import PassedCreations
    from pytest_kmslab.wire.routing import Fields


class Gateway:
    """The application. `now` answers epoch seconds, by which signatures expire; `passing` says what passes
    undecided, and `passed_creations` takes note of what of it makes an alarm or a stack."""

    explanation = ""
    """What is added to what AWS says to somebody who is not known."""

    def __init__(
        self,
        pipeline: Pipeline,
        upstream: Upstream,
        trail: Trail,
        now: Callable[[], float] = time.time,
        passing: PassThrough = EVERY_OTHER,
        passed_creations: PassedCreations | None = None,
    ) -> None:
        self._enforcer = pipeline
        self._upstream = upstream
        self._trail = trail
        self._now = now
        self._passing = passing
        self._passed_creations = passed_creations

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        # Before anything is read: these paths are never a call of AWS's.
        own = self.own_answer(environ)
        if own is not None:
            return written(own, start_response)
        try:
            request = request_of(environ)
            form = form_fields(environ)
            service = route(request, form)
            if service is not None:
                reply = self._answer(environ, request, service)
            elif (refusal := self._passing.refusal(request, form)) is not None:
                reply = refusal
            else:
                self.count_undecided(request)
                tagged = self._tag(environ, request) if is_tagging(request) else None
                if tagged is None:
                    return self._forward(environ, request, form, start_response)
                reply = tagged
        except RefusedError as refused:
            reply = error_reply(service_model(refused.service), refused.error)
        except ServiceError as error:
            reply = told(error.status, error.message)
        except UpstreamError as error:
            reply = told(502, str(error))
        # --kmslab-undecided=error refuses the call: the client is told in the answer why.
        except BackendError as error:
            reply = told(501, str(error))
        return written(reply, start_response)

    def own_answer(self, environ: Environ) -> Reply | None:
        """What is answered at a path of the gateway's own, or at one that it closes."""
        return page(environ, self._enforcer, self._upstream.name, self._trail) or refused_path(environ)

    def count_undecided(self, request: WireRequest) -> None:
        """Count a request that is passed on; raises BackendError where the run lets none through."""
        if self._enforcer.active:
            self._enforcer.undecided.let_through(undecided_service(request))

    def _tag(self, environ: Environ, request: WireRequest) -> Reply | None:
        """Decide the part about keys and tables of a request to the tagging API of an endpoint; moto's own
        does that by itself."""
        if self._enforcer.backend.endpoint_url is None or not self._enforcer.active:
            return None
        tagging = WireTagging(self._enforcer, self._upstream.send)
        try:
            return tagging.answer(replace(request, body=peeked_body(environ)))
        except ServiceError as error:
            return refusal(error)

    def _forward(
        self, environ: Environ, request: WireRequest, form: Fields, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Pass a request on, and take note of what it makes where a lab can adopt that."""
        if self._passed_creations is None:
            return self._upstream.forward(environ, start_response)
        return self._passed_creations.forward(environ, request, form, start_response, self._upstream.forward)

    def before_call(self) -> None:
        """Read the models of the enforced services now, which takes some 0.1 s, not at the first call."""
        for service in self._enforcer.services:
            service_model(service)

    def _answer(self, environ: Environ, request: WireRequest, service: str) -> Reply:
        """One call of an enforced service."""
        calls = WireCalls(self._enforcer, self._upstream.send, self._upstream.takes_account, self._now)
        # DynamoDB keeps a table's key for a connection, and so does what decides here.
        connection = environ.get(CONNECTION)
        return calls.answer(
            service, lambda: replace(request, body=read_body(environ)), connection, self.explanation
        )


def written(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """A reply as WSGI has it."""
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    start_response(f"{reply.status} {responses.get(reply.status, '')}", headers)
    return (reply.body,)
