"""Requests to an endpoint of which botocore's `before-call` never told: they are decided as they are sent.

PynamoDB 5 makes requests with botocore's clients, and fires of their events `before-send` alone; others give
them to a client's HTTP session by hand, which keeps connections that go by an endpoint's door. At moto such
requests are judged at its door.
https://github.com/pynamodb/PynamoDB/blob/5.5.1/pynamodb/connection/base.py
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.addresses import origin_of
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.wire_calls import UpstreamError, WireCalls
from pytest_kmslab.gateway.forms import form_of
from pytest_kmslab.gateway.pages import told
from pytest_kmslab.gateway.upstreams.http import HttpUpstream
from pytest_kmslab.interception.door import as_received
from pytest_kmslab.interception.signers import received
from pytest_kmslab.wire.http_message import RefusedError
from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.routing import route, undecided_service
from pytest_kmslab.wire.writing import error_reply

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

    from pytest_kmslab.enforcement.pipeline import Pipeline

WHY = (
    "(pytest-kmslab: this request did not come from a boto3 client that could be asked, so it goes by its "
    "signature.)"
)
"""What is added to what AWS says to somebody who is not known."""


class UnaskedRequests:
    """Decides requests to one endpoint by their signature, as the gateway does, and does them."""

    def __init__(self, pipeline: Pipeline, endpoint: str) -> None:
        self._pipeline = pipeline
        self._calls = WireCalls(pipeline, HttpUpstream(endpoint).send, takes_account=False, now=time.time)

    def answer(self, request: Any) -> AWSResponse | None:
        """What a request of an enforced service is answered, or one that cannot be read. None lets another go
        on its way, and counts it; raises BackendError for it where the run lets none through.
        """
        if not self._pipeline.backend.owns_url(request.url):
            return None
        if not self._pipeline.enforcing:
            self._pipeline.record_undecided(origin_of(request.url))
            return None
        # What streams is read, and sent as it was read: nothing else than what is decided.
        request.body = _whole(request.body)
        sent = as_received(request)
        try:
            service = route(sent, form_of(sent))
            if service is None:
                self._pipeline.undecided.let_through(undecided_service(sent))
                return None
            reply = self._calls.answer(service, lambda: sent, explanation=WHY)
        except RefusedError as refused:
            reply = error_reply(service_model(refused.service), refused.error)
        except ServiceError as error:
            reply = told(error.status, error.message)
        except UpstreamError as error:
            reply = told(502, str(error))
        return received(request.url, reply)


def _whole(body: Any) -> Any:
    """The body of one of botocore's requests, which may be a file or yield its parts."""
    if body is None or isinstance(body, (bytes, str)):
        return body
    if hasattr(body, "read"):
        return body.read()
    if isinstance(body, bytearray):
        return bytes(body)
    return b"".join(part.encode() if isinstance(part, str) else part for part in body)
