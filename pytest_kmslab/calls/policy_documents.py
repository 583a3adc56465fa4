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

from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.calls.base import ServiceError
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.facts import Facts

_PRINCIPAL = re.compile(r"[0-9]{12}|A(IDA|ROA)[A-Z0-9]+|arn:[a-z-]+:(iam|sts)::[0-9]{12}:[^*?]+")
"""An account, a unique id, or the ARN of a principal, in which there are no wildcards."""


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a text that may be no policy at all, which `parse_policy` is left to say."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    statements = _listed(document.get("Statement", [])) if isinstance(document, dict) else []
    return [statement for statement in statements if isinstance(statement, dict)]


def unknown_principals(statements: list[dict[str, Any]], facts: Facts) -> Iterator[Any]:
    """The AWS principals that cannot be resolved, as written."""
    for statement in statements:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            for principal in _listed(named.get("AWS", [])) if isinstance(named, dict) else ():
                if not (isinstance(principal, str) and _resolvable(principal, facts)):
                    yield principal


def check_trust_policy(text: str, facts: Facts) -> None:
    """Raise MalformedPolicyDocument for a trust policy that names somebody who is not there.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    for principal in unknown_principals(statements_of(text), facts):
        raise ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')


def check_session_policy(text: str) -> None:
    """Raise MalformedPolicyDocument for a session policy that cannot be read. Its text is inferred.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    try:
        parse_policy(text)
    except PolicyError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from None


def _resolvable(principal: str, facts: Facts) -> bool:
    return principal == "*" or (bool(_PRINCIPAL.fullmatch(principal)) and facts.principal_exists(principal))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
