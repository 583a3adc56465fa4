"""By which access key an endpoint does a call in the right account.

LocalStack and ministack take an access key of twelve digits for the root user's of that account. LocalStack
knows whose every other key is; to ministack all of them are of its own default account. Neither verifies a
signature, nor need it: the call was decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.calls.rules.policy_principals import ACCOUNT_ID

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.calls.api_call import ApiCall


def access_key_to_send(call: ApiCall, backend: Backend) -> str | None:
    """The access key to send a call with; None where the caller's own leads to the right account."""
    root = backend.root.access_key_id
    account = account_of_call(call, backend.view)
    if account != backend.account:
        return account
    # A root access key of twelve digits chose the account: to an endpoint every other key is of its own one.
    is_chosen = ACCOUNT_ID.fullmatch(root) is not None
    return root if is_chosen or call.account != account else None
