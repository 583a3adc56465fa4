"""Trust policies of roles as IAM reads them.

Texts were measured on AWS by cdk-preflight (rules/iam/pf-iam-trust-policy-*) or are recorded in LocalStack's
snapshots, but for those that are said to be inferred; some of these are versity/versitygw's, which has AWS's.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.authz.principal import plain_account
from pytest_kmslab.calls.rules.condition_values import SYNTAX, condition_fault, unknown_operator
from pytest_kmslab.calls.rules.identity_documents import malformed, read_document, texts
from pytest_kmslab.calls.rules.principals import is_known_principal, named_principals, unknown_services
from pytest_kmslab.calls.rules.shared_providers import shared_provider_fault
from pytest_kmslab.errors import PolicyError

ACTIONS = frozenset(
    {
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:SetContext",
        "sts:SetSourceIdentity",
        "sts:TagSession",
    }
)
"""All that a trust policy may allow or deny, in this case of letters; wildcards are refused too."""

_NOT_JSON = "This policy contains invalid Json"
_EMPTY = "Could not parse the policy: Statement is empty!"
_TWICE = "The Statement Ids in the policy are not unique"
_NOBODY = "The passed in policy has a statement with no principals!"
"""Of lists that are all empty; recorded by people, terraform-aws-modules/terraform-aws-iam#47."""
_NO_PRINCIPAL = "Missing required field Principal cannot be empty!"
_NOT_PRINCIPAL: Mapping[str, str] = {
    "Allow": "Allow with NotPrincipal is not allowed.",
    "Deny": "AssumeRole policy must not contain NotPrincipal field.",
}
_NOT_STS = "AssumeRole policy may only specify STS AssumeRole actions."
_STAR = 'AssumeRolepolicy contained an invalid principal: "STAR":"*"'
_COGNITO, _NO_CONDITION = (
    "cognito-identity.amazonaws.com",
    "A condition block must be present for the Cognito provider",
)
_FEDERATED = "Federated principals must be valid domain names or SAML metadata ARNs"
_DOMAIN = re.compile(r"([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}(?:/[^*?\s]*)?", re.ASCII)
_PROVIDER = re.compile(
    r"arn:(?P<partition>[a-z-]+):iam::[0-9]{12}:(?:saml-provider/[\w.-]+|oidc-provider/[^*?\s]+)", re.ASCII
)
_KINDS = ("AWS", "Service", "Federated")
"""Of principals; canonical users are of S3 alone."""


def check_trust_document(text: str, view: AccountView, partition: str) -> None:
    """Raise MalformedPolicyDocument for what cannot be the trust policy of a role in a partition."""
    document = read_document(text, _NOT_JSON)
    statements = document.get("Statement", [])
    for statement in as_list(statements):
        for fault in _faults(statement, view, partition) if isinstance(statement, dict) else [SYNTAX]:
            raise malformed(fault)
    if statements == []:
        raise malformed(_EMPTY)
    try:
        policy = parse_policy(text)
    except PolicyError:
        raise malformed(SYNTAX) from None
    sids = [sid for sid in (statement.source.get("Sid") for statement in policy.statements) if sid]
    if len(set(sids)) < len(sids):
        raise malformed(_TWICE)


def _faults(statement: Mapping[str, Any], view: AccountView, partition: str) -> Iterator[str]:
    yield from (f"Has prohibited field {name}" for name in ("Resource", "NotResource") if name in statement)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    if "NotPrincipal" in statement:
        yield _NOT_PRINCIPAL.get(str(statement.get("Effect")), SYNTAX)
    yield from (fault for fault in [_no_principal(statement.get("Principal"))] if fault)
    if statement.get("Action", statement.get("NotAction")) in (None, []):
        yield "Missing required field Action"
    # NotAction leaves more actions than a trust policy may name; that it is refused is inferred.
    if "NotAction" in statement or not set(texts(statement.get("Action", []))) <= ACTIONS:
        yield _NOT_STS
    conditions = statement.get("Condition", {})
    operator = unknown_operator(conditions)
    if operator:
        # As somebody pasted it: aws-samples/github-actions-oidc-cdk-construct#5.
        yield f"Invalid Condition type : {operator}"
    yield from filter(None, [condition_fault(conditions)])
    yield from _principal_faults(statement, view, partition)


def _no_principal(principal: Any) -> str:
    """What IAM says of a Principal element that names nobody, empty where it names somebody."""
    if principal in (None, []):
        return "Missing required field Principal"
    if principal == {}:
        return _NO_PRINCIPAL
    nobody = isinstance(principal, dict) and all(principals in ([], "") for principals in principal.values())
    return _NOBODY if nobody else ""


def _principal_faults(statement: Mapping[str, Any], view: AccountView, partition: str) -> Iterator[str]:
    element = statement.get("Principal")
    if element == "*":
        yield _STAR
    # How other kinds of principals are told of is inferred.
    for kind, principals in element.items() if isinstance(element, dict) else ():
        if kind not in _KINDS:
            first = principals[0] if isinstance(principals, list) and principals else principals
            yield f'Invalid principal in policy: "{kind.upper()}":"{first}"'
    for principal in named_principals(statement, "AWS"):
        # IAM takes an account with dashes too.
        if not (isinstance(principal, str) and is_known_principal(plain_account(principal), view, partition)):
            yield f'Invalid principal in policy: "AWS":"{principal}"'
    for service in unknown_services(statement, partition):
        yield f'Invalid principal in policy: "SERVICE":"{service}"'
    for provider in named_principals(statement, "Federated"):
        if not (isinstance(provider, str) and _is_provider(provider, partition)):
            yield _FEDERATED
        else:
            yield from filter(None, [shared_provider_fault(statement, provider)])
        if provider == _COGNITO and not statement.get("Condition"):
            yield _NO_CONDITION


def _is_provider(provider: str, partition: str) -> bool:
    """Whether a text is the name or ARN of an identity provider."""
    # It is not looked for: a trust policy may name one that is not there yet.
    arn = _PROVIDER.fullmatch(provider)
    return arn["partition"] == partition if arn else bool(_DOMAIN.fullmatch(provider))
