"""Which enforced service a request is for, if any: by every sign that any backend goes by.

Backends tell a request's service by the credential scope, by `X-Amz-Target`, by `Action` and `Version`
and by the host name, each in an order of its own. A request that one of them might take for an enforced
service is ours; where its signs disagree it is refused, since one backend would go by the first sign and
another by the second. docs/gateway.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl

from pytest_kmslab.apicall import ServiceError
from pytest_kmslab.calls.operations import OPERATIONS
from pytest_kmslab.enforcement.wire import JSON_SERVICES, RefusedError, WireRequest

Fields = tuple[tuple[str, str], ...]
"""The fields of a form, in a query string or in a body."""

SIGNING_NAMES = {
    "kms": "kms",
    "dynamodb": "dynamodb",
    "dynamodbstreams": "dynamodb",
    "iam": "iam",
    "sts": "sts",
}
"""What a credential scope calls each enforced service."""

TARGETS = {
    "trentservice": "kms",
    "dynamodbstreams_": "dynamodbstreams",
    "dynamodb_": "dynamodb",
}
"""How `X-Amz-Target` begins, in lower case; every API version, since a backend may know an old one."""

VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}
ACTIONS: Mapping[str, str] = {
    action.lower(): service for service in ("iam", "sts") for action in OPERATIONS[service]
}
"""`Version` and `Action` of the query protocol."""

_SCOPE = re.compile(r"/([^/,\s&]+)/aws4_request", re.IGNORECASE)
_HOST = re.compile(
    r"^(?:[^.]+\.)?(?:(?P<streams>streams\.dynamodb)|(?P<dynamodb>dynamodb|ddb)|(?P<kms>kms)|(?P<iam>iam)"
    r"|(?P<sts>sts))(?:-fips)?\.(?!s3)",
    re.IGNORECASE,
)
_HOST_SERVICES = {"streams": "dynamodbstreams"}
_QUERY_CREDENTIALS = frozenset({"x-amz-credential", "x-amz-algorithm", "x-amz-signature"})


def route(request: WireRequest, form: Fields) -> str | None:
    """The enforced service of a request (botocore's name), None for a request that is none of ours.

    `form` holds the fields of a form in the body. Raises RefusedError where signs disagree, and for a
    presigned request of an enforced service: those services' APIs are not made for browsers, and a
    signature in a URL outlives the request.
    """
    query = fields(request.query)
    scopes = tuple(_scopes(request, (*query, *form)))
    signs = tuple(_signs(request, scopes, (*query, *form)))
    if not signs:
        return None
    service = signs[0]
    names = {SIGNING_NAMES[sign] for sign in signs}
    if len(names) > 1 or any(scope not in names for scope in scopes):
        raise RefusedError(service, _wrong_scope(service))
    if any(name.lower() in _QUERY_CREDENTIALS for name, _ in (*query, *form)):
        raise RefusedError(service, _presigned(service))
    return service


def fields(query: str) -> Fields:
    """The fields of a query string; what is not UTF-8 is replaced, since only ASCII names are looked for."""
    return tuple(parse_qsl(query, keep_blank_values=True, errors="replace")) if query else ()


def _scopes(request: WireRequest, form: Fields) -> Iterator[str]:
    """Every service that a credential scope names, wherever in the request it stands."""
    texts = [request.header("authorization")]
    texts += [value for name, value in form if name.lower() == "x-amz-credential"]
    for text in texts:
        yield from (name.lower() for name in _SCOPE.findall(text))


def _signs(request: WireRequest, scopes: Iterable[str], form: Fields) -> Iterator[str]:
    """Every sign of an enforced service, the most telling first: the target says streams from tables."""
    target = request.header("x-amz-target").lower()
    for prefix, service in TARGETS.items():
        if prefix in target:
            yield service
    yield from (scope for scope in scopes if scope in SIGNING_NAMES)
    yield from _actions(form)
    host = _HOST.match(request.header("host"))
    if host:
        name = str(host.lastgroup)
        yield _HOST_SERVICES.get(name, name)


def _actions(form: Fields) -> Iterator[str]:
    versions = [value.strip() for name, value in form if name.lower() == "version"]
    known = [VERSIONS[version] for version in versions if version in VERSIONS]
    yield from known
    if known or not versions:
        for name, value in form:
            if name.lower() == "action" and value.strip().lower() in ACTIONS:
                yield ACTIONS[value.strip().lower()]


def _wrong_scope(service: str) -> ServiceError:
    """As AWS words a scope of another service."""
    text = f"Credential should be scoped to correct service: '{SIGNING_NAMES[service]}'. "
    return signature_error(service, text)


def _presigned(service: str) -> ServiceError:
    code = "IncompleteSignatureException" if service in JSON_SERVICES else "IncompleteSignature"
    return ServiceError(
        code, f"presigned requests of `{service}` are refused: sign the request in its `Authorization` header"
    )


def signature_error(service: str, text: str) -> ServiceError:
    """A signature that does not hold, by the name that the service's protocol has for it."""
    if service in JSON_SERVICES:
        return ServiceError("InvalidSignatureException", text)
    return ServiceError("SignatureDoesNotMatch", text, 403)
