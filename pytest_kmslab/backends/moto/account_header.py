"""Whose moto answers a call: that of the account which owns what is named, not that of the caller.

moto looks in the caller's account alone, so that another account's table or key does not exist there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_kmslab.backends.moto.patches.request_scope import ACCOUNT_HEADER
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.resource_owner import account_of_call

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def headers(view: MotoAccountReader, home: str, call: ApiCall) -> Mapping[str, str]:
    """What to send with an allowed call that is not one of the home account's, in the home account."""
    account = account_of_call(call, view)
    return {} if account == call.account == home else {ACCOUNT_HEADER: account}
