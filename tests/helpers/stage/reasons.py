"""Why a case cannot be set up for real on moto: decided from the case alone, before anything is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum

from helpers.stage.calls import CALLS
from helpers.stage.comparison import caller_policies, mentioned
from helpers.stage.dynamodb_calls import THROUGH_DYNAMODB
from pytest_kmslab.authz.condition import MOST_ALIASES
from pytest_kmslab.authz.policy import print_policy
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.cases.case import Case

HOME = "111122223333"
"""The account that the corpus plays in."""


class Reason(Enum):
    """What stands in the way."""

    ORGANIZATION = "moto has no organization whose policies or ids would count"
    ENDPOINT = "moto has no VPC endpoint to call through"
    NETWORK = "no request of a test has an address or a VPC"
    CLOCK = "the time of a case has gone by, and clocks move forward only"
    MFA = "no session has multi-factor authentication"
    UNREADABLE = "AWS refuses the policy when it is put"
    UNRESOLVED = "a key policy cannot name a principal that AWS could not find"
    SERVICE = "only an AWS service makes such a request, and no client can be one"
    NOT_ENFORCED = "the service is not enforced"
    AWS_MANAGED = "nobody can put the key policy of an AWS managed key"
    MADE_UP = "the condition key is an invention"
    NOT_OF_THE_OPERATION = "the operation has no such condition key"
    ALWAYS_THERE = "every such request has the condition key that the case leaves out"
    NOT_ASKED = "no call makes DynamoDB ask this of KMS as the caller"
    OTHER_ROOT = "moto has root credentials of one account only"
    OWN_ACCOUNT = "the operation can name an alias of the caller's own account only"
    OLD_VERSION = "the stage puts managed policies, which have to be of version 2012-10-17"
    QUOTA = "nobody can give a key more aliases than its quota"
    NO_TAG = "no tag of IAM has such a character"
    CONTRADICTION = "the case says of its caller what cannot be"


_BY_KEY: Mapping[str, Reason] = {
    "aws:currenttime": Reason.CLOCK,
    "aws:epochtime": Reason.CLOCK,
    "aws:tokenissuetime": Reason.CLOCK,
    "aws:sourceip": Reason.NETWORK,
    "aws:vpcsourceip": Reason.NETWORK,
    "aws:sourcevpc": Reason.NETWORK,
    "aws:multifactorauth": Reason.MFA,
    "aws:principalorg": Reason.ORGANIZATION,
    "aws:sourceaccount": Reason.SERVICE,
    "aws:sourcearn": Reason.SERVICE,
    "example:": Reason.MADE_UP,
}
"""Beginnings of the condition keys that no call here can set."""
_OF_OPERATIONS: Mapping[str, str] = {
    "aws:tagkeys": r"kms:(Untag|Tag)Resource",
    "aws:requesttag/": r"kms:TagResource",
}
"""Beginnings of condition keys, and the actions that have them."""
_ALWAYS_THERE: Mapping[str, str] = {"kms:grantisforawsresource": r"kms:(Create|List|Revoke)Grant"}
"""Condition keys that every request for these actions has."""
MOTO_LACKS = frozenset(
    (
        "kms:DeriveSharedSecret",
        "kms:ImportKeyMaterial",
        "dynamodb:GetRecords",
    )
)
"""Actions whose operations moto does not serve, or not without what a case does not hold (key material)."""
_PLACE = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)")


def reason_against(case: Case) -> Reason | None:
    """Why the case cannot be set up; None where it can."""
    return next((reason for reason, holds in _RULES if holds(case)), _against_its_keys(case))


def _against_its_keys(case: Case) -> Reason | None:
    """A condition key only stands in the way where a policy looks at it and the request has it."""
    for name in sorted(mentioned(case)):
        if case.request.context.get(name) is None:
            if re.fullmatch(_ALWAYS_THERE.get(name, ""), case.request.action):
                return Reason.ALWAYS_THERE
            continue
        for start, reason in _BY_KEY.items():
            if name.startswith(start):
                return reason
        for start, actions in _OF_OPERATIONS.items():
            if name.startswith(start) and not re.fullmatch(actions, case.request.action):
                return Reason.NOT_OF_THE_OPERATION
    return None


def ends_at_the_seam(case: Case) -> bool:
    """Whether moto cannot do what the seam lets through."""
    return case.request.action in MOTO_LACKS


def crosses(case: Case) -> bool:
    """Whether the resource is of another account than the caller."""
    owner = case.request.resource.split(":")[4] if case.request.resource.startswith("arn:") else ""
    return bool(owner) and owner != case.request.principal.split(":")[4]


def _unresolved(case: Case) -> bool:
    """Principals of other partitions, deleted ones, and two that IAM cannot hold at the same time."""
    if not case.request.action.startswith("kms:"):
        return False
    names = {case.request.principal} | named_principals(case)
    names |= set(case.request.context.get("aws:PrincipalArn") or ())
    arns = {arn for arn in names if arn.startswith("arn:aws:iam::") and not arn.endswith(":root")}
    odd = {arn for arn in names if arn.startswith(("arn:aws-", "AIDA", "AROA"))}
    groups = {arn for arn in arns if ":group/" in arn}
    places = {tuple(part.lower() for part in match.groups()) for arn in arns if (match := _PLACE.match(arn))}
    return bool(odd or groups) or len(places) < len(arns - groups)


def named_principals(case: Case) -> set[str]:
    """Everybody whom the resource's policy or a grant names."""
    names = {grant.grantee_principal for grant in case.grants}
    names |= {grant.retiring_principal for grant in case.grants}
    for statement in case.policies.resource.policy.statements if case.policies.resource else ():
        for element in (statement.principals, statement.not_principals):
            names |= set(element.names) if element else set()
    for name in ("kms:GranteePrincipal", "kms:RetiringPrincipal"):
        names |= set(case.request.context.get(name) or ())
    return names - {""}


def _no_tag(case: Case) -> bool:
    """Tags of users and roles are of letters, digits, blanks and a few signs."""
    context = case.request.context
    values = [context.get(name) or () for name in mentioned(case) if name.startswith("aws:principaltag/")]
    return any(re.search(r"[*?$]", value) for texts in values for value in texts)


def _contradicts(case: Case) -> bool:
    """The ARN of a user is its aws:PrincipalArn."""
    said = case.request.context.get("aws:PrincipalArn")
    return said is not None and ":user/" in case.request.principal and said != (case.request.principal,)


def _old_version(case: Case) -> bool:
    policies = (*case.policies.identity, *case.policies.session, case.policies.permissions_boundary)
    return any(policy is not None and policy.policy.version != "2012-10-17" for policy in policies)


def _unreadable(case: Case) -> bool:
    """A policy that cannot be read, or that is refused today, whatever was stored before."""
    if any(caller_policy.policy.error for caller_policy in caller_policies(case.policies)):
        return True
    policies = (*case.policies.identity, *case.policies.session, case.policies.permissions_boundary)
    try:
        for policy in filter(None, policies):
            check_identity_document(print_policy(policy.policy), "aws")
    except ServiceError:
        return True
    resource = case.policies.resource if case.request.action.startswith("kms:") else None
    statements = resource.policy.statements if resource is not None else ()
    return any(None in (statement.actions, statement.resources) for statement in statements)


def _not_asked(case: Case) -> bool:
    via = case.request.context.get("kms:ViaService")
    for_aws = case.request.context.get("kms:GrantIsForAWSResource") == ("true",)
    if via is None:
        return for_aws
    return via != ("dynamodb.us-east-1.amazonaws.com",) or case.request.action not in THROUGH_DYNAMODB


_RULES: tuple[tuple[Reason, Callable[[Case], bool]], ...] = (
    (Reason.ORGANIZATION, lambda case: bool(case.policies.service_control or case.policies.resource_control)),
    (Reason.ENDPOINT, lambda case: case.policies.vpc_endpoint is not None),
    (Reason.UNREADABLE, _unreadable),
    (Reason.SERVICE, lambda case: not case.request.principal.startswith("arn:")),
    (Reason.NOT_ENFORCED, lambda case: case.request.action not in CALLS),
    (
        Reason.AWS_MANAGED,
        lambda case: bool(case.policies.resource and case.policies.resource.policy.id.startswith("auto-")),
    ),
    (Reason.UNRESOLVED, _unresolved),
    (
        Reason.OTHER_ROOT,
        lambda case: case.request.principal.endswith(":root") and HOME not in case.request.principal,
    ),
    (Reason.OWN_ACCOUNT, lambda case: case.request.action == "kms:DeleteAlias" and crosses(case)),
    (Reason.OLD_VERSION, _old_version),
    (Reason.QUOTA, lambda case: len(case.request.context.get("kms:ResourceAliases", ())) > MOST_ALIASES),
    (Reason.NO_TAG, _no_tag),
    (Reason.CONTRADICTION, _contradicts),
    (Reason.NOT_ASKED, _not_asked),
)
