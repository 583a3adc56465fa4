"""The services that a request's credentials name, however they are written.

Backends find the credential scope each in a way of their own: one takes the fourth part between slashes,
one decodes the header first, one does not look how it ends. So every word of it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from pytest_kmslab.calls.services import QUERY, SIGNING_NAMES, protocol_of

_KEY = r"[^/,\s\"'\\%*=]+"
_REST = r"SignedHeaders=[\w;.-]+, ?Signature=[0-9a-f]+"
_PLAIN = re.compile(
    rf"AWS4-HMAC-SHA256 Credential=(?P<key>{_KEY})/\d{{8}}/(?P<region>[\w-]+)/"
    rf"(?P<service>[a-z0-9-]+)/aws4_request, ?{_REST}",
    re.ASCII,
)
_PLAIN_4A = re.compile(
    rf"AWS4-ECDSA-P256-SHA256 Credential={_KEY}/\d{{8}}/(?P<service>[a-z0-9-]+)/aws4_request, ?{_REST}",
    re.ASCII,
)
_SCOPE = re.compile(r"/([^/,\s&]+)/aws4_request", re.IGNORECASE)
_REGION_OF_HOST = re.compile(r"\.([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com", re.ASCII)
_WORD = re.compile(r"[a-z0-9-]+")


class SignedAs(NamedTuple):
    """What a backend takes from a signature."""

    access_key_id: str
    region: str
    service: str
    """Its signing name."""


def signed_as(authorization: str) -> SignedAs | None:
    """What an Authorization header says in the one form that botocore writes; None for any other."""
    match = _PLAIN.fullmatch(authorization)
    return SignedAs(match["key"], match["region"], match["service"]) if match else None


def plain_scope(authorization: str) -> str | None:
    """The service of an Authorization header in the one form that all backends read alike."""
    # All backends read these two forms alike; of any other it is not known which part they take.
    match = _PLAIN.fullmatch(authorization) or _PLAIN_4A.fullmatch(authorization)
    return match["service"] if match else None


def named_services(credentials: Iterable[str]) -> list[str]:
    """Every enforced service (by its signing name) that any word of these texts names."""
    words: list[str] = []
    for text in credentials:
        # A backend may take any word of it for the service: of the text as it stands, or as a decoder of
        # header parameters makes it.
        readings = f"{text} {unquote(text)} {unquote(text).replace(chr(92), '')}"
        words += _WORD.findall(readings.lower())
    return [word for word in words if word in SIGNING_NAMES]


def named_scopes(credentials: Iterable[str]) -> list[str]:
    """Every service, enforced or not, that stands where a credential scope has it."""
    return [name.lower() for text in credentials for name in _SCOPE.findall(text)]


def check_readable(authorization: str) -> None:
    """Raise ServiceError for a signature in a form that two backends could read in two ways."""
    if authorization.lower().startswith("aws4") and plain_scope(authorization) is None:
        text = "the `Authorization` header is not in the form that AWS documents"
        raise QUERY.incomplete_signature.error(text)


def check_region(host: str, region: str, service: str) -> None:
    """Refuse a request that is signed for another Region than its address is in, as AWS does.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    # A backend that goes by the address would touch what nobody was asked about.
    if _region_of(host) not in ("", region):
        text = f"Credential should be scoped to a valid Region, not '{region}'. "
        raise protocol_of(service).bad_signature.error(text)


@lru_cache(maxsize=1024)
def _region_of(host: str) -> str:
    """The Region that a host name has in it; empty where it has none."""
    match = _REGION_OF_HOST.search(host.lower())
    return "" if match is None else match[1]
