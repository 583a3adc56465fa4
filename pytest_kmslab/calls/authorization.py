"""One API call, and the questions it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError

__all__ = ["ApiCall", "Authorization", "AuthorizationPlan", "Authorizations", "Params", "ServiceError"]


class Authorization(NamedTuple):
    """One authorization request that a call stands for, and how a denial of it is worded.

    `via` is the service that asks KMS as the caller (`dynamodb`), empty for a direct call.
    `from_ciphertext` is true where the key was taken from the ciphertext, which AWS words as `on the
    resource associated with this ciphertext`. `resource_policy` is judged in place of the resource's
    own (a key policy about to be put: the lockout check). `instead` is the error of a denial, where
    it is not an AccessDenied of this action.
    """

    request: Request
    via: str = ""
    from_ciphertext: bool = False
    resource_policy: Policy | None = None
    instead: ServiceError | None = None


Authorizations = Iterator[Authorization]
"""The questions of one call, in the order in which AWS is taken to ask them.

An iterator is resumed only after its last question was allowed, so that what is looked up after a
`yield` (key state, a missing table) is answered only to a caller who got so far. It raises
`ServiceError` for what the service refuses for another reason than permission.
"""

AuthorizationPlan = Callable[[ApiCall, AccountView], Authorizations]
