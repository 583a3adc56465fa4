"""One API call, and the questions it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Params, ServiceError

__all__ = ["ApiCall", "Authorization", "AuthorizationPlan", "Authorizations", "Params", "ServiceError"]


Authorizations = Iterator[Authorization]
"""The questions of one call, in the order in which AWS is taken to ask them.

An iterator is resumed only after its last question was allowed, so that what is looked up after a
`yield` (key state, a missing table) is answered only to a caller who got so far. It raises
`ServiceError` for what the service refuses for another reason than permission.
"""

AuthorizationPlan = Callable[[ApiCall, AccountView], Authorizations]
