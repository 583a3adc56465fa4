"""Lists of keys, aliases, grants and tags, which moto answers whole and with less than AWS tells.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.moto.fixups.kms.pages import page
from pytest_kmslab.backends.moto.reader import key_of
from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader

Response = dict[str, Any]
LISTS: Mapping[str, str] = {
    "kms:ListKeyPolicies": "PolicyNames",
    "kms:ListKeys": "Keys",
    "kms:ListResourceTags": "Tags",
    "kms:ListRetirableGrants": "Grants",
}
"""The member that holds the items of a list."""
MADE, CHANGED = "kmslab_made", "kmslab_changed"
"""On moto's alias: when it was made, and when it was last given a key."""


def paged(_view: MotoAccountReader, call: ApiCall, response: Response) -> None:
    """One page of what moto lists whole."""
    member = LISTS.get(call.name, "Grants")
    listed = page(call, member, response.get(member) or [])
    response.pop("NextMarker", None)
    response.update(listed)


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
