"""Resource-based policies about to be put: whom they name must be there.

AWS stores a principal by its unique id, so that a name which nobody has cannot be stored at all. A
backend that keeps it would let in whoever is given the name later.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.calls.validation_messages import violated
from pytest_kmslab.errors import PolicyError

_PRINCIPAL = re.compile(r"[0-9]{12}|A(IDA|ROA)[A-Z0-9]+|arn:[a-z-]+:(iam|sts)::[0-9]{12}:[^*?]+")
"""An account, a unique id, or the ARN of a principal, in which there are no wildcards."""

SESSION = 2_048
"""Characters of a session policy."""
_NOT_PRINTABLE = "The specified value for {} is invalid. It must contain only printable ASCII characters."
_CHARACTERS = re.compile("[\\t\\n\\r\\u0020-\\u00ff]+")


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a text that may be no policy at all, which `parse_policy` is left to say."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    statements = _listed(document.get("Statement", [])) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


def unknown_principals(statements: list[dict[str, Any]], view: AccountView) -> Iterator[Any]:
    """The AWS principals that cannot be resolved, as written."""
    for statement in statements:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            for principal in _listed(named.get("AWS", [])) if isinstance(named, dict) else ():
                if not (isinstance(principal, str) and _resolvable(principal, view)):
                    yield principal


def check_trust_policy(text: str, view: AccountView) -> None:
    """Raise MalformedPolicyDocument for a trust policy that names somebody who is not there.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    for principal in unknown_principals(statements_of(text), view):
        raise ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def check_session_policy(text: str) -> None:
    """Raise ServiceError for a session policy that STS does not take. The texts are inferred.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    check_characters(text, "policy")
    if len(text) > SESSION:
        raise ServiceError(
            "ValidationError",
            violated(f"'{text}'", "policy", f"have length less than or equal to {SESSION}"),
        )
    for statement in statements_of(text):
        check_no_principal(statement)
    try:
        parse_policy(text)
    except PolicyError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from None


def check_characters(text: str, member: str) -> None:
    """Raise ValidationError for a text with characters that no policy has; the text is inferred.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
    """
    if _CHARACTERS.fullmatch(text) is None:
        raise ServiceError("ValidationError", _NOT_PRINTABLE.format(member))


def check_no_principal(statement: dict[str, Any]) -> None:
    """Raise MalformedPolicyDocument where a statement of a policy that hangs on an identity names one."""
    if "Principal" in statement or "NotPrincipal" in statement:
        raise ServiceError("MalformedPolicyDocument", "Policy document should not specify a principal.")


def _resolvable(principal: str, view: AccountView) -> bool:
    return principal == "*" or (bool(_PRINCIPAL.fullmatch(principal)) and view.principal_exists(principal))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
