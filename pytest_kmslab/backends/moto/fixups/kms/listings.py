"""Lists of keys, aliases, grants and tags, which moto answers whole and with less than AWS tells.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from moto.kms.models import kms_backends

from pytest_kmslab.backends.moto import grants
from pytest_kmslab.backends.moto.reader import key_of
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


Response = dict[str, Any]
LISTS: Mapping[str, str] = {
    "kms:ListGrants": "Grants",
    "kms:ListKeyPolicies": "PolicyNames",
    "kms:ListKeys": "Keys",
    "kms:ListResourceTags": "Tags",
}
"""The member that holds the items of a list."""
MADE, CHANGED = "kmslab_made", "kmslab_changed"
"""On moto's alias: when it was made, and when it was last given a key."""


def paged(_view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """One page of what moto lists whole."""
    member = LISTS[call.name]
    listed = page(call, member, response.get(member) or [])
    # A marker of moto's own belongs to a list without what was added to it here.
    response.pop("NextMarker", None)
    response.update(listed)


def of_key(view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """ListGrants: all on a key, the one whose id is asked for, or those of a grantee."""
    params = call.params
    named = params.get("GranteePrincipal") or params.get("GranteeServicePrincipal")
    key = view.moto_key(str(params["KeyId"]), call.region, call.account)
    shown = grants.listed(key, named, "GranteePrincipal")
    response["Grants"] = [row for row in shown if params.get("GrantId") in (None, row["GrantId"])]
    paged(view, call, response)


def retirable(call: ApiCall) -> Response:
    """ListRetirableGrants: those of the Region that a principal may retire, on keys of any account."""
    named = call.params.get("RetiringPrincipal") or call.params.get("RetiringServicePrincipal")
    there = [dict.get(regions, call.region) for regions in list(kms_backends.values())]
    keys = [key for backend in there if backend is not None for key in list(backend.keys.values())]
    rows = [row for key in keys for row in grants.listed(key, named, "RetiringPrincipal")]
    return page(call, "Grants", rows)


def aliases(_view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """ListAliases: with dates, and no key for an alias of AWS's that none was made for."""
    rows = [_alias_row(row, call) for row in response["Aliases"]]
    response.pop("NextMarker", None)
    response.update(page(call, "Aliases", rows))


def date_alias(_view: MotoAccountReader, call: ApiCall, _response: Response) -> None:
    """Remember when an alias was made or given another key."""
    name = str(call.params["AliasName"])
    key = key_of(name, call.region, call.account)
    alias = None if key is None else key.aliases.get(name)
    if alias is None:  # somebody has deleted it already
        return
    # moto keeps no dates of aliases.
    now = time.time()
    setattr(alias, CHANGED, now)
    if call.operation == "CreateAlias":
        setattr(alias, MADE, now)


def _alias_row(row: Mapping[str, Any], call: ApiCall) -> dict[str, Any]:
    key = key_of(str(row["TargetKeyId"]), call.region, call.account)
    # An alias of AWS's for which no key was made yet is listed without one.
    if key is None:
        return {member: value for member, value in row.items() if member != "TargetKeyId"}
    alias = key.aliases.get(row["AliasName"])
    made = getattr(alias, MADE, key.creation_date)
    dates = {"CreationDate": made, "LastUpdatedDate": getattr(alias, CHANGED, made)}
    return {**row, **{name: datetime.fromtimestamp(when, timezone.utc) for name, when in dates.items()}}


# Lists of KMS by pages: Limit, Marker, Truncated, NextMarker.
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html

PAGED = (
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListKeys",
    "kms:ListResourceTags",
    "kms:ListRetirableGrants",
)
LIMITS: Mapping[str, int] = {
    "kms:ListAliases": 50,
    "kms:ListGrants": 50,
    "kms:ListRetirableGrants": 50,
    "kms:ListResourceTags": 50,
}
"""Items of a page where the request does not say and it is not 100."""


def check_marker(_view: Any, call: ApiCall) -> Mapping[str, Any]:
    """Raise InvalidMarkerException for a marker that the operation did not give out."""
    marker = call.params.get("Marker")
    if marker is not None and _start(call) is None:
        # The text is inferred.
        raise ServiceError("InvalidMarkerException", "The marker is not valid.")
    return {}


def page(call: ApiCall, member: str, items: Sequence[Any]) -> dict[str, Any]:
    """The page of a list that a call asks for; its marker was looked at before."""
    start = _start(call) or 0
    end = start + int(call.params.get("Limit") or LIMITS.get(call.name, 100))
    if end >= len(items):
        return {member: list(items[start:]), "Truncated": False}
    # A marker is good for the operation that gave it out.
    marker = base64.b64encode(f"{call.operation}:{end}".encode()).decode()
    return {member: list(items[start:end]), "Truncated": True, "NextMarker": marker}


def _start(call: ApiCall) -> int | None:
    """Where the page begins that a marker leads to; None for a marker of another operation, or none."""
    marker = str(call.params.get("Marker", ""))
    try:
        operation, _, start = base64.b64decode(marker, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return int(start) if operation == call.operation and start.isdecimal() else None
