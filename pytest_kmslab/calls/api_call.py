"""One API call, what it requires, and a service's refusal of it, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from pytest_kmslab.account.model import AccountView, Caller
from pytest_kmslab.authz.arn import partition_of, parts_of
from pytest_kmslab.authz.context import Context, Keys, LazyContext
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.authz.request import Request

Params = Mapping[str, Any]


class ServiceError(Exception):
    """The error that the service itself answers: `code`, `message` and HTTP `status` as on the wire, and the
    further `members` that its shape has (`CancellationReasons`).

    Not part of the package's exception tree: it never reaches a person as a Python exception, the
    seam turns it into the service's response.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, *, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members: Mapping[str, Any] = members or {}


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


class _Sent(NamedTuple):
    service: str
    """botocore's name of it (`kms`, `dynamodb`, `dynamodbstreams`, `iam`, `sts`)."""
    operation: str
    params: Params
    """Decoded, blobs as bytes."""
    region: str
    """The Region that the call is signed for."""
    caller: Caller
    time: datetime | None = None
    """When the call came; None where nobody looked at a clock: `aws:CurrentTime` is then absent."""


class ApiCall(_Sent):
    """One call as it was sent: what it says, and who sent it from where."""

    # What follows from the call is asked for many times while it is decided; it is worked out once.
    @cached_property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @cached_property
    def partition(self) -> str:
        """The partition that the caller is of (`aws`, `aws-cn`, …)."""
        # A service is of every partition, and has no ARN.
        if ":" not in self.caller.arn:
            return partition_of(self.region).name
        return parts_of(self.caller.arn).partition or "aws"

    @cached_property
    def name(self) -> str:
        """The call by service and operation, as `kms:Decrypt`."""
        return f"{self.service}:{self.operation}"

    def requires(
        self,
        action: str,
        resource: str,
        keys: Keys | Callable[[], Keys],
        account: str = "",
        *,
        via: str = "",
        from_ciphertext: bool = False,
    ) -> Authorization:
        """The authorization for the caller to do `action` on a resource, which belongs to `account`.

        `keys` are its condition keys, all of them, or what makes them when a condition asks for one.
        """
        context = LazyContext(keys) if callable(keys) else Context(keys)
        request = Request(self.caller.arn, action, resource, context, account)
        return Authorization(request, via, from_ciphertext)


Authorizations = Iterator[Authorization]
"""The questions of one call, in the order in which AWS is taken to ask them.

An iterator is resumed only after its last question was allowed, so that what is looked up after a
`yield` (key state, a missing table) is answered only to a caller who got so far. It raises
`ServiceError` for what the service refuses for another reason than permission.
"""

AuthorizationPlan = Callable[[ApiCall, AccountView], Authorizations]
