"""Names the principals of a key policy that do not exist: KMS's own error does not say which they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.calls.rules.policy_principals import principals_of
from pytest_kmslab.errors import KmslabError
from pytest_kmslab.lab.waiting.waiters import NOT_YET_A_PRINCIPAL

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView


@contextmanager
def naming_unknown_principals(policy: str, view: AccountView | None) -> Iterator[None]:
    """Let KMS's refusal of a policy pass on with one sentence more, where its principals are the reason."""
    try:
        yield
    except ClientError as error:
        if view is not None and NOT_YET_A_PRINCIPAL(error):
            principals = principals_of(policy)
            unknown = ", ".join(f"`{principal}`" for principal in principals if not _exists(principal, view))
            if unknown:
                text = (
                    f"{error} (pytest-kmslab: the account has no {unknown}; make users and roles first, and "
                    "put their `arn` into the policy: in a lab every name has a suffix)"
                )
                error.args = (text, *error.args[1:])
        raise


def _exists(principal: str, view: AccountView) -> bool:
    """Whether a principal exists, or cannot be looked up."""
    try:
        return view.principal_exists(principal)
    # What cannot be looked up may well be there: only what is certainly missing is named.
    except (KmslabError, BotoCoreError, ClientError):
        return True
