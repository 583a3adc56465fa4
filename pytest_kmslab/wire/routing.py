"""Which enforced service a request is for, if any: by every sign that any backend goes by.

Backends tell a request's service by the credential scope, by `X-Amz-Target`, by `Action` and `Version`
and by the host name, each in an order of its own. A request that one of them might take for an enforced
service is ours; where its signs disagree it is refused, since one backend would go by the first sign and
another by the second. docs/gateway.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.operations import OPERATIONS
from pytest_kmslab.calls.services import SIGNING_NAMES, protocol_of
from pytest_kmslab.wire.credential_scope import (
    check_readable,
    named_scopes,
    named_services,
    plain_scope,
)
from pytest_kmslab.wire.http_message import RefusedError, WireRequest

Fields = tuple[tuple[str, str], ...]
"""The fields of a form, in a query string or in a body."""

TARGETS = {
    "trentservice": "kms",
    "dynamodbstreams_": "dynamodbstreams",
    "dynamodb_": "dynamodb",
    "awssecuritytokenservice": "sts",
}
"""What `X-Amz-Target` holds, in lower case; of every API version, since a backend may know an old one."""

VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}
ACTIONS: Mapping[str, str] = {
    action.lower(): service for service in ("iam", "sts") for action in OPERATIONS[service]
}
"""`Version` and `Action` of the query protocol."""

_NAMES = (
    r"(?:(?P<streams>streams\.dynamodb)|(?P<dynamodb>dynamodb|ddb)|(?P<kms>kms)|(?P<iam>iam)|(?P<sts>sts))"
)
_HOST = re.compile(rf"^(?:[^.]+\.)?{_NAMES}(?:-fips)?\.(?!s3)", re.IGNORECASE)
_HOST_LIKE = re.compile(rf"{_NAMES}\.", re.IGNORECASE)
_PATH = re.compile(rf"^/+{_NAMES}[^/]*_", re.IGNORECASE)
"""moto's server takes an unsigned request to `/kms_us-east-1/` for one of KMS; no bucket has such a name."""

_MATCHED = {"streams": "dynamodbstreams"}
_CREDENTIALS = frozenset({"x-amz-credential", "x-amz-algorithm", "x-amz-signature"})


def route(request: WireRequest, form: Fields) -> str | None:
    """The enforced service of a request (botocore's name), None for a request that is none of ours.

    `form` holds the fields of a form in the body. Raises RefusedError where signs disagree, and for a
    signature in a form, which only S3 takes. Raises ServiceError for a signature in no known form.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    all_fields = (*fields(request.query), *form)
    credentials = [request.header("authorization")]
    credentials += [value for name, value in all_fields if name.lower() == "x-amz-credential"]
    signs = [
        *_target(request),
        *named_services(credentials),
        *_fields(request, all_fields),
        *_host(request, all_fields),
    ]
    if not signs:
        check_readable(request.header("authorization"))
        return None
    service = signs[0]
    names = {SIGNING_NAMES[sign] for sign in signs}
    if len(names) > 1 or any(scope not in names for scope in named_scopes(credentials)):
        raise RefusedError(service, _wrong_scope(service))
    if any(name.lower() in _CREDENTIALS for name, _ in form):
        raise RefusedError(service, _signed_form(service))
    return service


def undecided_service(request: WireRequest) -> str:
    """The service of a request that is for no enforced one, as its credentials name it."""
    return next(iter(signed_services(request)), "an unnamed service")


def signed_services(request: WireRequest) -> list[str]:
    """The services that a request is signed for, in header or query string; none for an unsigned one."""
    queried = [value for name, value in fields(request.query) if name.lower() == "x-amz-credential"]
    return named_scopes([request.header("authorization"), *queried])


def fields(query: str) -> Fields:
    """The fields of a query string; what is not UTF-8 is replaced, since only ASCII names are looked for."""
    return tuple(parse_qsl(query, keep_blank_values=True, errors="replace")) if query else ()


def _target(request: WireRequest) -> Iterator[str]:
    """The services that `X-Amz-Target` names: the most telling sign, which tells streams from tables.

    https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
    """
    target = request.header("x-amz-target").lower()
    if request.header("smithy-protocol"):
        # In the CBOR protocol the path is one. These services do not speak it; LocalStack goes by it all the
        # same.
        target += unquote(request.path).lower()
    return (service for part, service in TARGETS.items() if part in target)


def _fields(request: WireRequest, pairs: Fields) -> Iterator[str]:
    """By `Version`, and by `Action` where the request has no version, or no scope to tell whose it is."""
    versions = [value.strip() for name, value in pairs if name.lower() == "version"]
    known = [VERSIONS[version] for version in versions if version in VERSIONS]
    yield from known
    if known or not versions or plain_scope(request.header("authorization")) is None:
        for name, value in pairs:
            if name.lower() == "action" and value.strip().lower() in ACTIONS:
                yield ACTIONS[value.strip().lower()]


def _host(request: WireRequest, pairs: Fields) -> Iterator[str]:
    """The services that the host name names, or moto's path."""
    host = request.header("host")
    matches = [_HOST.search(host), _PATH.search(request.path)]
    calls = request.header("x-amz-target") or any(name.lower() == "action" for name, _ in pairs)
    # A mere likeness (`tests.example`) counts where nothing better tells whose call it is: some backends look
    # for `sts.` anywhere.
    if calls and plain_scope(request.header("authorization")) is None:
        matches.append(_HOST_LIKE.search(host))
    for match in matches:
        if match:
            yield _MATCHED.get(str(match.lastgroup), str(match.lastgroup))


def _wrong_scope(service: str) -> ServiceError:
    """As AWS words a scope of another service."""
    text = f"Credential should be scoped to correct service: '{SIGNING_NAMES[service]}'. "
    return protocol_of(service).bad_signature.error(text)


def _signed_form(service: str) -> ServiceError:
    text = f"a form of `{service}` holds no signature: sign the request in its `Authorization` header"
    return protocol_of(service).incomplete_signature.error(text)
