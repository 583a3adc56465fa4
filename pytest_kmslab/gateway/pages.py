"""The gateway's own pages, and the paths of emulators that nothing may reach through it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address
from posixpath import normpath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from pytest_kmslab.wire.http_message import Environ, Reply, raw_target

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry
    from pytest_kmslab.enforcement.pipeline import Pipeline
from pytest_kmslab.enforcement.trail import Trail

HEALTH = "/_kmslab/health"
TRAIL = "/_kmslab/trail"

READABLE = ("/_localstack/health", "/_localstack/info", "/_localstack/init", "/_ministack/health")
"""What tools ask an emulator to learn whether it is up; by GET and HEAD only."""

HARMLESS = ("/_aws/sqs/", "/_aws/ses", "/_aws/sns/", "/_aws/execute-api/", "/_aws/lambda/")
"""LocalStack's own paths of services that are not enforced, and that show nothing of those that are."""


def page(environ: Environ, pipeline: Pipeline, behind: str, trail: Trail) -> Reply | None:
    """The gateway's own page at this path; None for all other paths."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith("/_kmslab/"):
        return None
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return told(405, "the gateway's own pages are read with GET")
    if path == HEALTH:
        return _json({"status": "running", "behind": behind, "enforcing": pipeline.enforcing})
    if path == TRAIL:
        return _trail_page(environ, trail)
    return told(404, f"the gateway has the pages `{HEALTH}` and `{TRAIL}`")


def _trail_page(environ: Environ, trail: Trail) -> Reply:
    if not _is_loopback(str(environ.get("REMOTE_ADDR", ""))):
        # Names of principals and resources are nobody else's business, and a page is not signed.
        return told(403, "the trail is shown to clients on this machine only")
    since = parse_qs(environ.get("QUERY_STRING", "")).get("since", ["0"])[-1]
    if not since.isascii() or not since.isdigit():
        return told(400, f"`since` must be the number of an entry, not `{since[:40]}`")
    return _json([entry_json(entry) for entry in trail.since(int(since))])


def refused_path(environ: Environ) -> Reply | None:
    """The refusal of a path by which an emulator is governed (reset, configuration, replay), else None.

    No AWS path begins so: what an emulator puts there is its own, answers to no policy and is not signed.
    """
    # The server has decoded PATH_INFO: what was sent is looked at too.
    path = unquote(raw_target(environ).partition("?")[0])
    # An emulator may look at the path before or after it is decoded and its dots are resolved.
    for seen in {_squeezed(path), _squeezed(environ.get("PATH_INFO", "")), _squeezed(normpath(path))}:
        if seen.startswith("/moto-api"):
            return told(403, "`/moto-api` resets and shows the account, so it is closed: restart the gateway")
        if seen.startswith("/_") and not _is_open(path, environ["REQUEST_METHOD"]):
            return told(403, f"`{path[:80]}` is the emulator's own and answers to no policy: ask it directly")
    return None


def _squeezed(path: str) -> str:
    return "/" + path.lstrip("/\\")


def _is_open(path: str, method: str) -> bool:
    # What leads elsewhere once its dots are resolved is none of the open paths.
    if normpath(path) not in (path, path.rstrip("/")):
        return False
    return path.startswith(HARMLESS) or (method in ("GET", "HEAD") and path.startswith(READABLE))


def entry_json(entry: TrailEntry) -> Mapping[str, Any]:
    """One decision as JSON: what was asked, by whom, in which call, and why it was answered so."""
    request, decision = entry.request, entry.decision
    return {
        "number": entry.number,
        "operation": entry.operation,
        "via": entry.via,
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "decision": decision.decision.value,
        "reasons": [
            {
                "policy_type": reason.policy_type.value,
                "effect": reason.effect.value,
                "policy": reason.policy,
                "statement": reason.statement,
            }
            for reason in decision.reasons
        ],
    }


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    # A socket of both families calls this machine `::ffff:127.0.0.1`.
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _json(value: Any) -> Reply:
    return Reply(200, (("Content-Type", "application/json"),), json.dumps(value).encode() + b"\n")


def told(status: int, text: str) -> Reply:
    """A plain text for a person, from the gateway itself."""
    body = f"pytest-kmslab: {text}\n".encode()
    return Reply(status, (("Content-Type", "text/plain; charset=utf-8"),), body)
