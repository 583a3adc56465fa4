"""Signature Version 4: who signed a request, and whether the signature holds.

The signature is calculated anew by botocore's own signer from the request as it came, with the secret
that the account knows, and compared in constant time.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from time import gmtime, strftime, strptime
from types import SimpleNamespace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import ReadOnlyCredentials

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.services import SIGNING_NAMES, protocol_of
from pytest_kmslab.wire.http_message import WireRequest

SKEW = 15 * 60
"""Seconds that a request's date may differ from now."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE = re.compile(
    r"(?P<id>[\w.-]{1,128})/(?P<date>\d{8})/(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})/(?P<service>[a-z0-9-]+)/aws4_request",
    re.ASCII,
)
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_HEADERS = re.compile(r"[a-z0-9_.-]+(?:;[a-z0-9_.-]+)*", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuthorizationHeader:
    """What an Authorization header says, unproven: `scope` is its Credential as it stood there."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential scope, with the access key id."""
        return f"{self.access_key_id}/{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def header(self) -> str:
        """The Authorization header in the one form that every backend reads alike."""
        signed = ";".join(self.signed_headers)
        return f"{_ALGORITHM} Credential={self.scope}, SignedHeaders={signed}, Signature={self.signature}"


def parse_authorization(request: WireRequest, service: str) -> AuthorizationHeader | None:
    """What the Authorization header of a request for `service` says; None for an unsigned request.

    Raises ServiceError for a header that is not in the form AWS documents, or not for this service.
    """
    header = request.header("authorization")
    if not header:
        return None
    parts = _parts(header)
    scope = _SCOPE.fullmatch(parts.get("Credential", ""))
    headers, signature = parts.get("SignedHeaders", ""), parts.get("Signature", "")
    if scope is None or not _HEADERS.fullmatch(headers) or not _SIGNATURE.fullmatch(signature):
        raise _incomplete(
            service,
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters, in the "
            f"form of {_ALGORITHM}.",
        )
    signed = tuple(headers.split(";"))
    auth_header = AuthorizationHeader(
        scope["id"], scope["date"], scope["region"], scope["service"], signed, signature
    )
    signing_name = SIGNING_NAMES.get(service, service)
    if auth_header.service != signing_name:
        text = f"Credential should be scoped to correct service: '{signing_name}'. "
        raise _worthless(service, text)
    return auth_header


def _parts(header: str) -> dict[str, str]:
    """The parameters of the header; none where one comes twice or the algorithm is another."""
    algorithm, _, rest = header.partition(" ")
    pairs = [part.strip().partition("=") for part in rest.split(",")]
    found = {name: value for name, _, value in pairs}
    return found if algorithm == _ALGORITHM and len(found) == len(pairs) == 3 else {}


def verify_signature(
    request: WireRequest, service: str, auth_header: AuthorizationHeader, view: AccountView, now: float
) -> Credentials:
    """The credentials a request was signed with: the account's own secret where the signature holds.

    Where it does not hold, or nobody has the access key, the secret answered is one that is nobody's, so
    that the one place that authenticates refuses it as it does in process. `now` is in epoch seconds.
    Raises ServiceError for a date or signed headers that make a signature worthless.
    """
    _fresh(request, service, auth_header, now)
    _covers(request, service, auth_header)
    token = request.header("x-amz-security-token") or None
    known = view.credential(auth_header.access_key_id)
    secret = "" if known is None else known.secret_access_key
    if not secret or not _holds(request, auth_header, secret):
        return Credentials(auth_header.access_key_id, f"{secret}\n", token)
    return Credentials(auth_header.access_key_id, secret, token)


def _fresh(request: WireRequest, service: str, auth_header: AuthorizationHeader, now: float) -> None:
    stamp = request.header("x-amz-date")
    try:
        signed = timegm(strptime(stamp if _STAMP.fullmatch(stamp) else "", _TIMESTAMP))
    except ValueError:
        raise _incomplete(
            service,
            "Authorization header requires existence of an 'X-Amz-Date' header.",
        ) from None
    if stamp[:8] != auth_header.date:
        raise _worthless(
            service,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{auth_header.date}' != '{stamp[:8]}', from '{stamp}'.",
        )
    if signed < now - SKEW:
        raise _worthless(service, f"Signature expired: {stamp} is now earlier than {_limit(now, -SKEW)}")
    if signed > now + SKEW:
        raise _worthless(
            service, f"Signature not yet current: {stamp} is still later than {_limit(now, SKEW)}"
        )


def _limit(now: float, skew: int) -> str:
    sign = "-" if skew < 0 else "+"
    limit, current = (strftime(_TIMESTAMP, gmtime(moment)) for moment in (now + skew, now))
    return f"{limit} ({current} {sign} 15 min.)"


def _covers(request: WireRequest, service: str, auth_header: AuthorizationHeader) -> None:
    """The host and every `x-amz-` header must be signed: what is not could have been put in by anybody."""
    if "host" not in auth_header.signed_headers:
        raise _worthless(service, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    missing = [
        name
        for name in request.headers
        if name.startswith("x-amz-") and name not in auth_header.signed_headers
    ]
    if missing:
        raise _worthless(service, f"'{min(missing)}' must be a 'SignedHeader' in the AWS Authorization.")


def _holds(request: WireRequest, auth_header: AuthorizationHeader, secret: str) -> bool:
    given = request.headers.get("x-amz-content-sha256")
    if given is not None and given != sha256(request.body).hexdigest():
        return False
    return hmac.compare_digest(_signature(request, auth_header, secret), auth_header.signature)


def _signature(request: WireRequest, auth_header: AuthorizationHeader, secret: str) -> str:
    headers = HTTPHeaders()
    for name in auth_header.signed_headers:
        headers[name] = request.headers.get(name, "")
    signed: Any = SimpleNamespace(
        method=request.method,
        url=f"http://gateway{request.path}?{request.query}",  # not https: the payload is always signed
        headers=headers,
        params=None,
        body=request.body,
        context={"timestamp": request.header("x-amz-date")},
    )
    signer = _Signer(secret, auth_header)
    text: str = signer.string_to_sign(signed, signer.canonical_request(signed))
    return signer.signature(text, signed)


_NOBODY = ReadOnlyCredentials("", "", None)
"""What the signer is made with; the key it uses is made below."""


class _Signer(SigV4Auth):
    """botocore's signer over exactly the headers that a client says it signed."""

    def __init__(self, secret: str, auth_header: AuthorizationHeader) -> None:
        super().__init__(_NOBODY, auth_header.service, auth_header.region)
        self._key = _signing_key(secret, auth_header.date, auth_header.region, auth_header.service)

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers

    def signature(self, string_to_sign: str, request: Any) -> str:
        return hmac.new(self._key, string_to_sign.encode(), sha256).hexdigest()


@lru_cache(maxsize=1_024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a day, Region and service."""
    key = f"AWS4{secret}".encode()
    for text in (date, region, service, "aws4_request"):
        key = hmac.new(key, text.encode(), sha256).digest()
    return key


def _incomplete(service: str, text: str) -> ServiceError:
    return protocol_of(service).incomplete_signature.error(text)


def _worthless(service: str, text: str) -> ServiceError:
    return protocol_of(service).bad_signature.error(text)
