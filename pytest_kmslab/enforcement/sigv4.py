"""Signature Version 4: who signed a request, and whether the signature holds.

The signature is calculated anew by botocore's own signer from the request as it came, with the secret
that the account knows, and compared in constant time.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from time import gmtime, strftime, strptime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import ReadOnlyCredentials

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import SIGNING_NAMES, protocol_of
from pytest_kmslab.wire.http_message import Headers, WireRequest

SKEW = 15 * 60
"""Seconds that a request's date may differ from now."""

MOST_SECONDS = 7 * 24 * 60 * 60
"""How long a presigned URL can hold at most."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE = re.compile(
    r"(?P<id>[\w.-]{1,128})/(?P<date>\d{8})/(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})/(?P<service>[a-z0-9-]+)/aws4_request",
    re.ASCII,
)
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_HEADERS = re.compile(r"[a-z0-9_.-]+(?:;[a-z0-9_.-]+)*", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OF_SIGNATURE = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "security-token", "signature", "signedheaders")
)
"""The parameters that make a URL presigned."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says of its signature, unproven."""

    access_key_id: str
    date: str
    """The day of the credential scope, `YYYYMMDD`."""
    region: str
    service: str
    """The signing name of the credential scope."""
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    """The time of signing, as it stood there."""
    token: str
    """The session token; empty for long-term credentials."""
    expires: int | None = None
    """How many seconds a presigned URL holds; None for a signature in the `Authorization` header."""

    @property
    def scope(self) -> str:
        """The credential scope, with the access key id."""
        return f"{self.access_key_id}/{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def headers(self) -> Headers:
        """The headers of a signed request in the one form that every backend reads alike."""
        signed = ";".join(self.signed_headers)
        text = f"{_ALGORITHM} Credential={self.scope}, SignedHeaders={signed}, Signature={self.signature}"
        more = (("X-Amz-Date", self.stamp), ("X-Amz-Security-Token", self.token))
        return (("Authorization", text), *((name, value) for name, value in more if value))


def parse_signature(request: WireRequest, service: str) -> Signature | None:
    """What a request for `service` says of its signature, in its `Authorization` header or, presigned, in its
    query string; None for an unsigned request.

    Raises ServiceError for what is not in the form AWS documents, or not for this service.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
    """
    header = request.header("authorization")
    presigned = _presigned(request)
    if not header and not presigned:
        return None
    if header and presigned:
        raise _incomplete(service, "A signature must be in one place: the header or the query string.")
    signature = _of_header(request, service, _parts(header)) if header else _of_query(service, presigned)
    name = SIGNING_NAMES.get(service, service)
    if signature.service != name:
        raise _worthless(service, f"Credential should be scoped to correct service: '{name}'. ")
    return signature


def without_signature(request: WireRequest) -> WireRequest:
    """The request without what a presigned URL adds to its query string."""
    if not _presigned(request):
        return request
    return replace(request, query="&".join(part for part in request.query.split("&") if not _signs(part)))


def _presigned(request: WireRequest) -> dict[str, str]:
    """The parameters of a presigned URL's signature by their names; empty for other requests."""
    pairs = [part.partition("=") for part in request.query.split("&") if _signs(part)]
    parameters = {unquote(name).lower(): unquote(value) for name, _, value in pairs}
    # Of a parameter that comes twice nobody knows which one counts: a signature in no form at all.
    return parameters if len(parameters) == len(pairs) else {"x-amz-signature": ""}


def _signs(part: str) -> bool:
    return unquote(part.partition("=")[0]).lower() in _OF_SIGNATURE


def _of_header(request: WireRequest, service: str, parts: Mapping[str, str]) -> Signature:
    times = request.header("x-amz-date"), request.header("x-amz-security-token")
    names = parts.get("Credential", ""), parts.get("SignedHeaders", ""), parts.get("Signature", "")
    signature = _signature_of(*names, *times, None)
    if signature is None:
        raise _incomplete(
            service,
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters, in the "
            f"form of {_ALGORITHM}.",
        )
    return signature


def _of_query(service: str, query: Mapping[str, str]) -> Signature:
    expires = query.get("x-amz-expires", "")
    lasts = expires.isascii() and expires.isdigit() and len(expires) <= 6 and int(expires) <= MOST_SECONDS
    credential, headers = query.get("x-amz-credential", ""), query.get("x-amz-signedheaders", "")
    times = query.get("x-amz-date", ""), query.get("x-amz-security-token", "")
    signature = (
        _signature_of(credential, headers, query.get("x-amz-signature", ""), *times, int(expires))
        if lasts and query.get("x-amz-algorithm") == _ALGORITHM
        else None
    )
    if signature is None:
        raise _incomplete(
            service,
            "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', "
            "'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date' and 'X-Amz-Expires'.",
        )
    return signature


def _signature_of(
    credential: str, headers: str, signature: str, stamp: str, token: str, expires: int | None
) -> Signature | None:
    scope = _SCOPE.fullmatch(credential)
    if scope is None or not _HEADERS.fullmatch(headers) or not _SIGNATURE.fullmatch(signature):
        return None
    parts = scope["id"], scope["date"], scope["region"], scope["service"]
    return Signature(*parts, tuple(headers.split(";")), signature, stamp, token, expires)


def _parts(header: str) -> dict[str, str]:
    """The parameters of the header; none where one comes twice or the algorithm is another."""
    algorithm, _, rest = header.partition(" ")
    pairs = [part.strip().partition("=") for part in rest.split(",")]
    parameters = {name: value for name, _, value in pairs}
    return parameters if algorithm == _ALGORITHM and len(parameters) == len(pairs) == 3 else {}


def verify_signature(
    request: WireRequest, service: str, signature: Signature, view: AccountView, now: float
) -> Credentials:
    """The credentials a request was signed with: the account's own secret where the signature holds.

    Where it does not hold, or nobody has the access key, the secret answered is one that is nobody's, so
    that the one place that authenticates refuses it as it does in process. `now` is in epoch seconds.
    Raises ServiceError for a date or signed headers that make a signature worthless.
    """
    _fresh(request, service, signature, now)
    _covers(request, service, signature)
    token = signature.token or None
    known = view.credential(signature.access_key_id)
    secret = "" if known is None else known.secret_access_key
    claimed = request.headers.get("x-amz-content-sha256")
    # What is signed is the hash that the header claims: it must be that of the body.
    is_of_body = claimed is None or claimed == sha256(request.body).hexdigest()
    if not (
        secret
        and is_of_body
        and hmac.compare_digest(_calculated(request, signature, secret), signature.signature)
    ):
        return Credentials(signature.access_key_id, f"{secret}\n", token)
    return Credentials(signature.access_key_id, secret, token)


def _fresh(request: WireRequest, service: str, signature: Signature, now: float) -> None:
    stamp = signature.stamp
    try:
        signed = timegm(strptime(stamp if _STAMP.fullmatch(stamp) else "", _TIMESTAMP))
    except ValueError:
        raise _incomplete(
            service,
            "Authorization header requires existence of an 'X-Amz-Date' header.",
        ) from None
    if stamp[:8] != signature.date:
        raise _worthless(
            service,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signature.date}' != '{stamp[:8]}', from '{stamp}'.",
        )
    lasts = SKEW if signature.expires is None else signature.expires
    if signed < now - lasts:
        raise _worthless(service, f"Signature expired: {stamp} is now earlier than {_limit(now, -lasts)}")
    if signed > now + SKEW:
        raise _worthless(
            service, f"Signature not yet current: {stamp} is still later than {_limit(now, SKEW)}"
        )


def _limit(now: float, skew: int) -> str:
    sign = "-" if skew < 0 else "+"
    limit, current = (strftime(_TIMESTAMP, gmtime(moment)) for moment in (now + skew, now))
    return f"{limit} ({current} {sign} {abs(skew) // 60} min.)"


def _covers(request: WireRequest, service: str, signature: Signature) -> None:
    """The host and every `x-amz-` header must be signed: what is not could have been put in by anybody."""
    if "host" not in signature.signed_headers:
        raise _worthless(service, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    missing = [
        name for name in request.headers if name.startswith("x-amz-") and name not in signature.signed_headers
    ]
    if missing:
        raise _worthless(service, f"'{min(missing)}' must be a 'SignedHeader' in the AWS Authorization.")


def _calculated(request: WireRequest, signature: Signature, secret: str) -> str:
    headers = HTTPHeaders()
    for name in signature.signed_headers:
        headers[name] = request.headers.get(name, "")
    # The query string was signed with all that is in it but the signature itself.
    parts = (part for part in request.query.split("&") if part.partition("=")[0].lower() != "x-amz-signature")
    signed: Any = SimpleNamespace(
        method=request.method,
        # not https: there the payload is not always signed
        url=f"http://gateway{request.path}?{'&'.join(parts)}",
        headers=headers,
        params=None,
        body=request.body,
        context={"timestamp": signature.stamp},
    )
    signer = _Signer(secret, signature)
    text: str = signer.string_to_sign(signed, signer.canonical_request(signed))
    return signer.signature(text, signed)


_NOBODY = ReadOnlyCredentials("", "", None)
"""What the signer is made with; the key it uses is made below."""


class _Signer(SigV4Auth):
    """botocore's signer over exactly the headers that a client says it signed."""

    def __init__(self, secret: str, signature: Signature) -> None:
        super().__init__(_NOBODY, signature.service, signature.region)
        self._key = _signing_key(secret, signature.date, signature.region, signature.service)

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers

    def signature(self, string_to_sign: str, request: Any) -> str:
        return hmac.new(self._key, string_to_sign.encode(), sha256).hexdigest()


@lru_cache(maxsize=1_024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a day, Region and service."""
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    key = f"AWS4{secret}".encode()
    for text in (date, region, service, "aws4_request"):
        key = hmac.new(key, text.encode(), sha256).digest()
    return key


def _incomplete(service: str, text: str) -> ServiceError:
    return protocol_of(service).incomplete_signature.error(text)


def _worthless(service: str, text: str) -> ServiceError:
    return protocol_of(service).bad_signature.error(text)
