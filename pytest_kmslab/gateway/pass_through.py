"""Which services' calls a gateway passes on undecided: all that are not decided, or those that are named.

`wire/routing.py` tells by every sign whether a request is for a decided service. What is left is passed by
the one sign that AWS itself goes by: the credential scope that the request is signed for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pytest_kmslab.calls.services import SIGNING_NAMES
from pytest_kmslab.wire.http_message import Reply, WireRequest
from pytest_kmslab.wire.routing import Fields, fields, signed_services

UNSIGNED = "s3"
"""The service of a request that nobody signed: on AWS only S3 takes one that names no service in its host."""

UNSIGNED_CALL = "an unsigned call"
"""What a request is for that nobody signed and that names an operation, which no request of S3 does."""

NONE = "none"
API = "execute-api"
"""Calls of a user's own API, for which botocore has no client."""
_BUCKET = re.compile(r"(?:^|\.)s3[.-]", re.IGNORECASE)
EMULATORS_PATH = "/_aws/"
"""LocalStack's own paths of services, by their names: they are not signed."""


@dataclass(frozen=True)
class PassThrough:
    """The services that pass."""

    names: tuple[str, ...] | None = None
    """As a person gave them; None for every service that is not decided."""
    signing_names: frozenset[str] = frozenset()
    """The same as requests are signed for them: `monitoring` for `cloudwatch`."""
    unsigned: frozenset[str] = frozenset()
    """What `X-Amz-Target` names of their calls that AWS takes of nobody, such as Cognito's `InitiateAuth`."""

    @property
    def told(self) -> str:
        """What passes, for a person."""
        return "every other service" if self.names is None else ", ".join(self.names) or "no other service"

    def refusal(self, request: WireRequest, form: Fields = ()) -> Reply | None:
        """What a request of a service that is not decided is refused with; None for one that passes. `form`
        holds the fields of a form in the body."""
        if self.names is None:
            return None
        # Signed, such a call is of whatever service it is signed for.
        if not signed_services(request) and request.header("x-amz-target") in self.unsigned:
            return None
        refused = sorted(_services(request, form) - self.signing_names)
        return _refused(request, refused[0], self.told) if refused else None


EVERY_OTHER = PassThrough()


def _services(request: WireRequest, form: Fields) -> set[str]:
    """What a request is for; nothing for a page of an emulator, which is no call."""
    services = set(signed_services(request))
    if request.path.startswith("/_"):
        return services | _at_emulators_path(request)
    members = {name.lower() for name, _ in (*fields(request.query), *form)}
    is_call = bool(request.header("x-amz-target")) or "action" in members
    return services or {UNSIGNED_CALL if is_call else UNSIGNED}


def _at_emulators_path(request: WireRequest) -> set[str]:
    """The service whose path it is, and that which takes the path for one of its own: it may be the name of
    an object in the bucket that the host names."""
    services = {UNSIGNED} if _BUCKET.search(request.header("host")) else set()
    if request.path.startswith(EMULATORS_PATH):
        services.add(request.path.split("/")[2])
    return services


def pass_through(text: str) -> PassThrough:
    """What a person wrote: names with commas between, or `none`. Raises ValueError, which says why."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if names == (NONE,):
        return PassThrough(())
    if not names:
        raise ValueError(f"give services such as `s3,sqs`, or `{NONE}`")
    signing_names = frozenset(map(_signing_name, names))
    return PassThrough(
        names, signing_names, frozenset(target for name in names for target in _unsigned(name))
    )


def _signing_name(name: str) -> str:
    """What requests of a service are signed for. Raises ValueError for one that is decided or unknown."""
    if name in SIGNING_NAMES:
        raise ValueError(f"calls of `{name}` are decided, and never passed through undecided")
    if name == API:
        return name
    from pytest_kmslab.backends.own_sessions import own_session

    session = own_session()
    # A misspelt name would pass nothing, and every call of the service meant be refused.
    if name not in session.get_available_services():
        raise ValueError(f"`{name}` is no service that botocore knows: give names such as `s3,sqs`")
    return str(session.get_service_model(name).signing_name)


def _unsigned(name: str) -> Iterator[str]:
    """The targets of a service's calls that need no signature, as its model says."""
    if name == API:
        return
    from pytest_kmslab.backends.own_sessions import own_session

    model = own_session().get_service_model(name)
    for operation in model.operation_names:
        if model.operation_model(operation).auth_type == "none":
            yield f"{model.metadata.get('targetPrefix', '')}.{operation}"


def _refused(request: WireRequest, service: str, passing: str) -> Reply:
    """A refusal that clients can read: JSON for a call with a target, XML for all others."""
    text = f"this gateway does not pass `{service}` through, but {passing}: name it in `--pass-through`"
    if request.header("x-amz-target"):
        kind, code = "application/x-amz-json-1.0", "AccessDeniedException"
        body = json.dumps({"__type": code, "message": f"pytest-kmslab: {text}"})
    else:
        kind, code = "text/xml", "AccessDenied"
        message = escape(f"pytest-kmslab: {text}")
        body = (
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
    return Reply(403, (("Content-Type", kind), ("x-amzn-ErrorType", code)), body.encode())
