"""From a request of an enforced service to the operation it names and the parameters it gives.

Everything that a backend might read otherwise than we do is refused: another method or path than the
service's, a body in a content encoding, parameters in the query string and in the body at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import QUERY, SERVICES, protocol_of
from pytest_kmslab.wire.http_message import WireRequest
from pytest_kmslab.wire.parse_json import decode
from pytest_kmslab.wire.routing import fields

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

_FORM = "application/x-www-form-urlencoded"


def read_operation(request: WireRequest, model: ServiceModel) -> OperationModel:
    """The operation a request names; raises ServiceError for one that the service does not have."""
    if request.path != "/":
        text = f"the path of a request must be `/`, not `{request.path[:80]}`"
        raise protocol_of(model.service_name).unknown_operation.error(text)
    # A backend may unpack it, and would then do what nobody has read.
    if request.header("content-encoding").lower() not in ("", "identity"):
        text = "a compressed body is not read here: send it without Content-Encoding"
        raise protocol_of(model.service_name).unreadable.error(text)
    name = _target(request, model) if SERVICES[model.service_name].is_json else _action(request, model)
    return model.operation_model(name)


def read_params(request: WireRequest, operation: OperationModel) -> dict[str, Any]:
    """The parameters of a request, as `calls.decode` reads them; raises ServiceError."""
    if SERVICES[operation.service_model.service_name].is_json:
        return decode(operation, request.body)
    return decode(operation, _form(request))


def _target(request: WireRequest, model: ServiceModel) -> str:
    service = model.service_name
    if request.method != "POST" or request.query:
        text = "a request must be a POST without a query string"
        raise protocol_of(service).unknown_operation.error(text)
    prefix, _, name = request.header("x-amz-target").partition(".")
    # Of another API version, or of another service, whose operations may have the same names.
    if prefix != model.metadata["targetPrefix"] or name not in model.operation_names:
        raise protocol_of(service).unknown_operation.error("")
    return name


def _action(request: WireRequest, model: ServiceModel) -> str:
    texts = dict(fields(_form(request)))
    action, version = texts.get("Action"), texts.get("Version", model.api_version)
    if not action:
        raise ServiceError("MissingAction", "Could not find an `Action` in the request.")
    if version != model.api_version or action not in model.operation_names:
        text = f"Could not find operation {action} for version {version}"
        raise QUERY.unknown_operation.error(text)
    return action


def _form(request: WireRequest) -> str:
    """The form of a query request: the body of a POST, the query string of a GET, never both."""
    # One backend reads the query string first, another the body.
    if request.method not in ("POST", "GET") or (request.body and request.query):
        text = "give the parameters in the body of a POST or in the query string of a GET"
        raise QUERY.unreadable.error(text)
    if request.body and request.media_type not in ("", _FORM):
        raise QUERY.unreadable.error(f"the Content-Type must be `{_FORM}`")
    try:
        return request.body.decode("utf-8") if request.body else request.query
    except UnicodeDecodeError:
        raise QUERY.unreadable.error("the request is not a form in UTF-8") from None
