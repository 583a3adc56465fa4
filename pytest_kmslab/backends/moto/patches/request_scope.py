"""The account and the Region in which moto answers a request."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import BaseResponse
from moto.iam.models import iam_backends

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement

ACCOUNT_HEADER = "x-moto-account-id"
"""By which moto is told in which account a request is."""
REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+", re.ASCII)
SIGNED_REGION = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/")


def request_scope(account: str) -> Replaced:
    """Answer in the account that a request's header names, else in its access key's, else in this one;
    and in the Region that the request is signed for.

    Plain moto puts the environment variable MOTO_ACCOUNT_ID before the header, so that no other account
    could be reached, and falls back to an account that cannot be chosen. It also takes `us-gov` in
    `iam.us-gov.amazonaws.com` for a Region, and so answers in another partition: the Region that the request
    is signed for counts there.
    """
    region_in_address = BaseResponse.get_region_from_url

    def current_account(response: Any) -> str:
        header = response.headers.get(ACCOUNT_HEADER)
        # moto has read the access key just before, where it did at all: to find it takes as long as to route.
        access_key = getattr(response, "access_key", None) or response.get_access_key()
        return str(header or _owner_of(access_key) or account)

    def region(response: Any, request: Any, full_url: str) -> str:
        addressed = region_in_address(response, request, full_url)
        signed = SIGNED_REGION.search(request.headers.get("Authorization") or "")
        return addressed if signed is None or REGION.fullmatch(addressed) else signed[1]

    return Replaced(
        Replacement(BaseResponse, "get_current_account", current_account),
        Replacement(BaseResponse, "get_region_from_url", region),
    )


def _owner_of(access_key: str) -> str:
    """The account that an access key was made in; empty for one that moto has not made."""
    # Copies of both: another thread may make an account while this one looks.
    for account, partitions in list(iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(partitions.values())):
            return str(account)
    return ""
