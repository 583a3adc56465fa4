"""Performance patches for moto: which of its handlers a request is for, and whose backend a service has.

For each request moto goes through the addresses of its two hundred services, writes those of the service
anew in all partitions and compiles them. Both hang on the address alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import moto.backends
import moto.core.botocore_stubber as stubber
from moto import backend_index
from moto.core import base_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.config import passthrough_service, passthrough_url, service_whitelisted
from moto.moto_api import recorder
from werkzeug.exceptions import HTTPException

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.own_sessions import own_session

ROUTED = frozenset(("cloudwatch", "dynamodb", "iam", "kms", "sts"))
"""moto's names of the services whose addresses say all: no other service answers at one of them."""
_ADDRESS = re.compile(r"https?://[a-z0-9.-]+\.amazonaws\.com/", re.ASCII)

Answer = tuple[int, dict[str, Any], Any]
Handler = Callable[[Any, str, Any], Answer]

_process_request: Any = BotocoreStubber.process_request
_account_of: Any = BackendDict.__getitem__
_regions_of: Any = AccountSpecificBackend._generate_regions


def fast_routing() -> Replaced:
    """Have moto find its handlers and backends quickly, while this is open."""
    rows = [
        Replacement(BackendDict, "__getitem__", _account),
        Replacement(AccountSpecificBackend, "_generate_regions", _regions),
        Replacement(base_backend, "Session", _session),
    ]
    # The oldest versions of moto hand a request on as botocore has it.
    if hasattr(stubber, "normalize_request"):
        rows.append(Replacement(BotocoreStubber, "process_request", _processed))
    return Replaced(*rows)


def _processed(stub: BotocoreStubber, request: Any) -> Answer | None:
    """As moto's own, for an address that was looked up before."""
    service, handler = _route(request.url)
    if handler is None or _is_set_apart(service, request.url):
        answer: Answer | None = _process_request(stub, request)
        return answer
    normalized = stubber.normalize_request(request)  # type: ignore[attr-defined]
    try:
        recorder._record_request(normalized)
        return handler(normalized, normalized.raw_url, normalized.headers)
    except HTTPException as error:
        return error.code or 0, error.get_headers(), error.get_body()  # type: ignore[return-value]


def _is_set_apart(service: str, url: str) -> bool:
    """Whether moto's configuration, which may change, sends a request elsewhere or refuses it."""
    return passthrough_url(url) or passthrough_service(service) or not service_whitelisted(service)


@lru_cache(maxsize=256)
def _route(url: str) -> tuple[str, Handler | None]:
    """The service that answers at an address and its handler; None where moto has to look itself."""
    patterns = backend_index.backend_url_patterns if _ADDRESS.fullmatch(url) else ()
    service = next((service for service, pattern in patterns if pattern.match(url)), "")
    if service not in ROUTED:
        return "", None
    backend_type: Any = moto.backends.get_backend(service).backend  # type: ignore[call-overload]
    # An instance that belongs to no account: its addresses are those of its module.
    urls = backend_type.urls.fget(object.__new__(backend_type))
    return service, next((handler for pattern, handler in urls.items() if re.match(pattern, url)), None)


def _account(backends: Any, account_id: str) -> Any:
    """As moto's own, which first looks whether the account and its service have been noted."""
    if account_id in backends:
        return dict.__getitem__(backends, account_id)
    return _account_of(backends, account_id)


def _session() -> Any:
    """What moto asks for Regions: a test may have set a profile that this machine lacks."""
    import boto3

    return boto3.Session(botocore_session=own_session())


def _regions(backend: AccountSpecificBackend[Any], service_name: str) -> list[str]:
    return _regions_once(service_name)


@lru_cache(maxsize=256)
def _regions_once(service_name: str) -> list[str]:
    """moto's own cache has each account's backend of each start in its key, and so never hits."""
    regions: list[str] = _regions_of.__wrapped__(AccountSpecificBackend, service_name)
    return regions
