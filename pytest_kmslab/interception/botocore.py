"""One call of a botocore client, decided: what is behind the interceptor's handlers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pytest_kmslab.backends.addresses import leads_to_aws
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.services import protocol_of
from pytest_kmslab.wire.models import keep_model
from pytest_kmslab.wire.parse_json import decode

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.enforcement.pipeline import Pipeline

REGION_OF_HOST = re.compile(r"\.([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com", re.ASCII)
Response = tuple[AWSResponse, dict[str, Any]]


class CallInterception:
    """Decides the calls that handlers of botocore's events are given.

    A call that was let through is kept in botocore's request context under the seam itself: a
    pytest run inside a pytest run has two, and neither may take the other's.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._enforcer = pipeline
        self._comes_here: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
        """Whether a client's calls go to the backend, by its signer, of which each client has one."""

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> Response | None:
        """Decide one call: None lets it go on, a response ends it here."""
        pipeline = self._enforcer
        if not pipeline.active:
            return None
        comes_here = self._connect(signer, params["url"])
        service = model.service_model.service_name
        if service not in pipeline.services:
            return None
        if not comes_here:
            pipeline.record_undecided(_origin(params["url"]))
            return None
        try:
            region = signing_region(context)
            _check_scope(params["url"], region, service)
            keep_model(model.service_model)
            caller = pipeline.caller(signing_credentials(signer, context), service)
            if _is_plain_http(params["url"]):
                caller = replace(caller, secure_transport=False)
            read = decode(model, params["body"])
            call = ApiCall(service, model.name, read, region, caller, pipeline.now())
            pipeline.authorize_call(call, signer)
            return self._passed(call, params, context)
        except ServiceError as error:
            return _refusal(params["url"], error)

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """After a call that was let through and succeeded: keep what the backend dropped."""
        call = context.pop(self, None)
        if call is not None and http_response.status_code < 300:
            self._enforcer.after_call(call, parsed)

    def _connect(self, signer: Any, url: str) -> bool:
        """Once for each client, lead it to the backend; whether its calls come there."""
        known = self._comes_here.get(signer)
        if known is None:
            self._enforcer.backend.attach_client(signer._event_emitter, url)
            known = self._comes_here[signer] = self._enforcer.backend.owns_url(url)
        return known

    def _passed(self, call: ApiCall, params: dict[str, Any], context: dict[Any, Any]) -> Response | None:
        backend = self._enforcer.backend
        _replace(params, backend.before_call(call))
        params["headers"].update(backend.extra_headers(call))
        context[self] = call
        answer = self._enforcer.emulate(call)
        return None if answer is None else _response(params["url"], 200, answer)


def signing_region(context: dict[Any, Any]) -> str:
    """The Region a request is signed for: a global service (IAM) has its own."""
    return str((context.get("signing") or {}).get("region") or context["client_region"])


def _check_scope(url: str, region: str, service: str) -> None:
    """Refuse a request that is signed for another Region than its address is in, as AWS does: a backend
    that goes by the address would touch what nobody was asked about.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    if _addressed(url) in ("", region):
        return
    text = f"Credential should be scoped to a valid Region, not '{region}'. "
    raise protocol_of(service).bad_signature.error(text)


def _is_plain_http(url: str) -> bool:
    """Whether a request to AWS's own address goes without TLS. Any other address stands for one of AWS's with
    it: emulators have no certificate."""
    return url.startswith("http:") and leads_to_aws(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@lru_cache(maxsize=1024)
def _addressed(url: str) -> str:
    """The Region that an address names; empty where it names none."""
    found = REGION_OF_HOST.search((urlsplit(url).hostname or "").lower())
    return "" if found is None else found[1]


def signing_credentials(signer: Any, context: dict[Any, Any]) -> Credentials | None:
    """What the request will be signed with; None for an unsigned one.

    botocore gives a handler no public way to them (nor to the client's events): the signer that it
    hands over holds both.
    """
    held = signer._credentials
    unsigned = context.get("auth_type") == "none" or context["client_config"].signature_version is UNSIGNED
    if held is None or unsigned:
        return None
    frozen = held.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _replace(params: dict[str, Any], replacements: Any) -> None:
    """Send other parameters than the caller gave: as JSON, or as fields of a form, which takes names only."""
    if not replacements:
        return
    if isinstance(params["body"], dict):
        params["body"].update(replacements)
        return
    params["body"] = json.dumps({**json.loads(params["body"]), **replacements}).encode()


def _refusal(url: str, error: ServiceError) -> Response:
    kind = "Receiver" if error.status >= 500 else "Sender"
    told = {"Type": kind, "Code": error.code, "Message": error.message}
    return _response(url, error.status, {**error.members, "Error": told})


def _response(url: str, status: int, body: dict[str, Any]) -> Response:
    request_id = str(uuid4())
    headers = {"x-amzn-requestid": request_id}
    metadata = {"RequestId": request_id, "HTTPStatusCode": status, "HTTPHeaders": headers, "RetryAttempts": 0}
    return AWSResponse(url, status, HTTPHeaders.from_dict(headers), None), {
        **body,
        "ResponseMetadata": metadata,
    }
