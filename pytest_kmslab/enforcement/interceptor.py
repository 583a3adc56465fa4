"""The seam in process: botocore's own events, for every client made in the process.

`before-call` fires for clients and resources with any credentials, before the request is signed or
sent; answering it makes botocore raise an ordinary ClientError, so that a denied call never reaches
the backend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakSet

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel

    from pytest_kmslab.apicall import ApiCall, ServiceError
    from pytest_kmslab.backends.base import Credentials
    from pytest_kmslab.enforcement.enforcer import Enforcer

REGION_OF_HOST = re.compile(r"\.([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com", re.ASCII)
Response = tuple["AWSResponse", dict[str, Any]]


class Interceptor:
    """Handlers of botocore's events; without an active enforcer they do nothing at all.

    A call that was let through is kept in botocore's request context under the interceptor itself: a
    pytest run inside a pytest run has two, and neither may take the other's.
    """

    def __init__(self) -> None:
        self._enforcer: Enforcer | None = None
        self._connected: WeakSet[Any] = WeakSet()
        self._gateways: list[str] = []

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        return (
            ("before-call", self.before_call),
            ("after-call", self.after_call),
        )

    def attach(self, enforcer: Enforcer) -> None:
        """Decide calls with this enforcer from now on."""
        self._enforcer = enforcer
        self._connected.clear()

    def detach(self) -> None:
        """Decide nothing any more; clients made meanwhile keep working."""
        self._enforcer = None

    @contextmanager
    def leaving_to(self, gateway: str) -> Iterator[None]:
        """While this is open, calls to a gateway's address are left to it: none is decided twice."""
        self._gateways.append(gateway)
        try:
            yield
        finally:
            self._gateways.remove(gateway)

    def before_call(
        self,
        model: OperationModel,
        params: dict[str, Any],
        request_signer: Any,
        context: dict[Any, Any],
        **_: Any,
    ) -> Response | None:
        """Decide one call: None lets it go on, a response ends it here."""
        enforcer = self._enforcer
        if enforcer is None or not enforcer.active or self._is_gateways(params["url"]):
            return None
        self._connect(enforcer, request_signer, params["url"])
        service = model.service_model.service_name
        if service not in enforcer.services:
            return None
        from pytest_kmslab.apicall import ApiCall, ServiceError
        from pytest_kmslab.calls.decode import decode

        try:
            _check_scope(params["url"], _region(context), service)
            caller = enforcer.caller(_credentials(request_signer, context), service)
            call = ApiCall(service, model.name, decode(model, params["body"]), _region(context), caller)
            enforcer.admit(call, request_signer)
            return self._passed(enforcer, call, params, context)
        except ServiceError as error:
            return _refusal(params["url"], error)

    def after_call(
        self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any], **_: Any
    ) -> None:
        """After a call that was let through and succeeded: keep what the backend dropped."""
        call = context.pop(self, None)
        if call is not None and self._enforcer is not None and http_response.status_code < 300:
            self._enforcer.settle(call, parsed)

    def _is_gateways(self, url: str) -> bool:
        return any(url == gateway or url.startswith(f"{gateway}/") for gateway in self._gateways)

    def _connect(self, enforcer: Enforcer, signer: Any, url: str) -> None:
        """Once for each client, which has a signer of its own."""
        if signer not in self._connected:
            enforcer.backend.connect(signer._event_emitter, url)
            self._connected.add(signer)

    def _passed(
        self, enforcer: Enforcer, call: ApiCall, params: dict[str, Any], context: dict[Any, Any]
    ) -> Response | None:
        _replace(params, enforcer.backend.prepare(call))
        context[self] = call
        answer = enforcer.answer(call)
        return None if answer is None else _response(params["url"], 200, answer)


def _region(context: dict[Any, Any]) -> str:
    """The Region a request is signed for: a global service (IAM) has its own."""
    return str((context.get("signing") or {}).get("region") or context["client_region"])


def _check_scope(url: str, region: str, service: str) -> None:
    """Refuse a request that is signed for another Region than its address is in, as AWS does: a backend
    that goes by the address would touch what nobody was asked about.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    from pytest_kmslab.apicall import ServiceError

    host = (urlsplit(url).hostname or "").lower()
    addressed = REGION_OF_HOST.search(host)
    if addressed is None or addressed[1] == region:
        return
    text = f"Credential should be scoped to a valid Region, not '{region}'. "
    if service in ("iam", "sts"):
        raise ServiceError("SignatureDoesNotMatch", text, 403)
    raise ServiceError("InvalidSignatureException", text)


def _credentials(signer: Any, context: dict[Any, Any]) -> Credentials | None:
    """What the request will be signed with; None for an unsigned one.

    botocore gives a handler no public way to them (nor to the client's events): the signer that it
    hands over holds both.
    """
    from botocore import UNSIGNED

    from pytest_kmslab.backends.base import Credentials

    held = signer._credentials
    unsigned = context.get("auth_type") == "none" or context["client_config"].signature_version is UNSIGNED
    if held is None or unsigned:
        return None
    frozen = held.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _replace(params: dict[str, Any], replacements: Any) -> None:
    """Send other parameters than the caller gave; only JSON services need it."""
    if replacements:
        body = {**json.loads(params["body"]), **replacements}
        params["body"] = json.dumps(body).encode()


def _refusal(url: str, error: ServiceError) -> Response:
    kind = "Receiver" if error.status >= 500 else "Sender"
    return _response(
        url, error.status, {"Error": {"Type": kind, "Code": error.code, "Message": error.message}}
    )


def _response(url: str, status: int, body: dict[str, Any]) -> Response:
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    request_id = str(uuid4())
    headers = {"x-amzn-requestid": request_id}
    metadata = {"RequestId": request_id, "HTTPStatusCode": status, "HTTPHeaders": headers, "RetryAttempts": 0}
    return AWSResponse(url, status, HTTPHeaders.from_dict(headers), None), {
        **body,
        "ResponseMetadata": metadata,
    }
