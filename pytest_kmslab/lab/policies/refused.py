"""Says more of a policy that a service refuses than the service does: which it is, where in it, and who of
its principals is not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.calls.rules.policy_principals import principals_of
from pytest_kmslab.errors import KmslabError
from pytest_kmslab.lab.waiting.waiters import NOT_YET_A_PRINCIPAL

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.lab.policies.sources import PolicyDocument

OF_POLICIES = frozenset(
    {"MalformedPolicyDocument", "MalformedPolicyDocumentException", "PackedPolicyTooLarge"}
)
"""What services say of a policy alone; of DynamoDB's errors the text tells."""

VERSION = "2012-10-17"

Check = Callable[[str], object]
"""Raises ServiceError for the text of a policy that the service would not take."""


@contextmanager
def naming_policy(
    document: PolicyDocument, check: Check | None, view: AccountView | None = None
) -> Iterator[None]:
    """Let a service's refusal of a policy pass on with a sentence more: which policy, and where in it."""
    try:
        yield
    except ClientError as error:
        code, message = error_code(error), str(error.response["Error"].get("Message"))
        if code in OF_POLICIES or "policy" in message.lower():
            said = [*_unknown_principals(error, document.text, view), *_place(document, check)]
            if said:
                # The argument may have been named before, without the place in it.
                refusal = str(error).removesuffix(f" (pytest-kmslab: {document.where})")
                error.args = (f"{refusal} (pytest-kmslab: {'; '.join(said)})", *error.args[1:])
        raise


def faulty_statement(text: str, check: Check) -> int | None:
    """The first statement that a service would not take if it stood alone; None where that is not known."""
    try:
        document: Any = json.loads(text)
        statements = document["Statement"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    for number, statement in enumerate(as_list(statements)):
        try:
            check(json.dumps({"Version": VERSION, "Statement": [statement]}))
        except ServiceError:
            return number
        # What the check has to look up may not be told: the place is then not known either.
        except (KmslabError, BotoCoreError, ClientError):
            return None
    return None


def _place(document: PolicyDocument, check: Check | None) -> list[str]:
    statement = None if check is None else faulty_statement(document.text, check)
    told = ", ".join(filter(None, (document.where, document.place(statement))))
    return [told] if told else []


def _unknown_principals(error: ClientError, policy: str, view: AccountView | None) -> Iterator[str]:
    if view is None or not NOT_YET_A_PRINCIPAL(error):
        return
    unknown = ", ".join(f"`{one}`" for one in principals_of(policy) if not _exists(one, view))
    if unknown:
        yield (
            f"the account has no {unknown}; make users and roles first, and put their `arn` into the policy: "
            "in a lab every name has a suffix"
        )


def _exists(principal: str, view: AccountView) -> bool:
    """Whether a principal exists, or cannot be looked up."""
    try:
        return view.principal_exists(principal)
    # What cannot be looked up may well be there: only what is certainly missing is named.
    except (KmslabError, BotoCoreError, ClientError):
        return True
