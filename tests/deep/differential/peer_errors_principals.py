"""Known errors of the peers about who asks: sessions, root, NotPrincipal, endpoint policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deep.differential.generator import FULL_ACCESS, Case
from deep.differential.ours import decide
from deep.differential.rewriting import (
    Statement,
    account,
    context_value,
    is_in_one_account,
    nothing,
    rewrite_conditions,
    rewrite_statements,
)


def federated_user_without_session_policy_has_nothing(case: Case) -> Case | None:
    """Without a session policy a federated user has no permission of its IAM user: the peers give it all.

    "If you do not pass any session policies, then the resulting federated user session has no permissions":
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    if ":federated-user/" not in case["request"]["principal"] or case["policies"].get("session"):
        return None
    empty = {"Version": "2012-10-17", "Statement": [nothing("session")]}
    return {**case, "policies": {**case["policies"], "session": [empty]}}


def kms_operation_does_not_cross_accounts(case: Case) -> Case | None:
    """PutKeyPolicy and ScheduleKeyDeletion "Cross-account use: No", whatever the key policy allows.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    """
    if case["request"]["action"] not in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion") or is_in_one_account(
        case
    ):
        return None
    return rewrite_statements(
        case, lambda kind, one: None if kind == "resource" and one["Effect"] == "Allow" else one
    )


def session_named_in_resource_policy_is_not_limited(case: Case) -> Case | None:
    """Permissions given to a session's own ARN are not limited by an implicit deny of a session policy.

    "Permissions granted directly to a session are not limited by an implicit deny in an identity-based
    policy, a permissions boundary, or session policy":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    caller = case["request"]["principal"]
    return _without_limits(case, lambda principal: caller in _names(principal))


def federated_user_named_in_resource_policy_is_not_limited(case: Case) -> Case | None:
    """The same of a federated user: ministack knows it of users and role sessions only.

    "When a federated user makes a request, the principal making the request is the federated user ARN", and
    permissions granted directly to it are not limited:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    if ":federated-user/" not in case["request"]["principal"]:
        return None
    return session_named_in_resource_policy_is_not_limited(case)


def wildcard_principal_is_not_limited(case: Case) -> Case | None:
    """Permissions given to the principal `*` are not limited by permissions boundary and session policy.

    AWS says so of `*` with a condition on aws:PrincipalArn; without the condition it gives no less.
    "Permissions boundaries and session policies do not limit permissions granted using the
    aws:PrincipalArn condition key with a wildcard(*) in the Principal element":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    return _without_limits(case, lambda principal: principal == "*" or "*" in _names(principal))


def _without_limits(case: Case, direct: Callable[[Any], bool]) -> Case | None:
    """The case left to the Allow statements of the resource's policy that reach the caller directly, where
    they allow it: no other statement of that policy or of an identity-based one allows anything, boundary
    and session policies allow everything, and what any of them denies is kept. So the peer has to find
    the same statements to allow the request by themselves.
    """
    policies = case["policies"]
    allows = [one for one in policies.get("resource", {}).get("Statement", []) if one["Effect"] == "Allow"]
    given = [one for one in allows if direct(one.get("Principal"))]
    limited = "permissions_boundary" in policies or policies.get("session")
    if not given or not limited or not is_in_one_account(case) or not _allowed_by(case, given):
        return None

    def kept(kind: str, statement: Statement) -> Statement | None:
        other = kind == "identity" or (kind == "resource" and statement not in given)
        return None if other and statement["Effect"] == "Allow" else statement

    alone = dict((rewrite_statements(case, kept) or case)["policies"])
    if "permissions_boundary" in policies:
        alone["permissions_boundary"] = _widened(policies["permissions_boundary"])
    if "session" in policies:
        alone["session"] = [_widened(document) for document in policies["session"]]
    return {**case, "policies": alone}


def _allowed_by(case: Case, statements: list[Statement]) -> bool:
    """Whether the statements allow the request by themselves."""
    alone = {"Version": case["policies"]["resource"]["Version"], "Statement": statements}
    return decide({**case, "policies": {"resource": alone}}) == "allowed"


def _widened(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "Statement": [*document["Statement"], *FULL_ACCESS["Statement"]]}


def root_user_needs_no_policy(case: Case) -> Case | None:
    """The root user has full access to its account without an identity-based policy.

    "By default, all requests are implicitly denied with the exception of the AWS account root user, which
    has full access":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    if not case["request"]["principal"].endswith(":root"):
        return None
    identity = [{"name": "root", "document": FULL_ACCESS}]
    return {**case, "policies": {**case["policies"], "identity": identity}}


def not_principal_must_list_every_layer(case: Case) -> Case | None:
    """A Deny with NotPrincipal leaves out only whom it lists with user or role, session and account.

    "If the NotPrincipal element contained only Bob's ARN, the effect of the policy might be to explicitly
    deny access to the AWS account that contains the user Bob", and a principal with a permissions boundary
    is always denied. AWS says "might": ours is the strict reading.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    principal = case["request"]["principal"]
    layers = {principal, _entity(principal), account(principal), f"arn:aws:iam::{account(principal)}:root"}

    def change(_: str, statement: Statement) -> Statement:
        names = _names(statement.get("NotPrincipal"))
        if not names & layers or _exempt(case, names):
            return statement
        return {name: value for name, value in statement.items() if name != "NotPrincipal"} | {
            "Principal": "*"
        }

    return rewrite_statements(case, change)


def _exempt(case: Case, names: set[str]) -> bool:
    """Whether NotPrincipal lists every layer of the caller, and the caller has no permissions boundary."""
    principal = case["request"]["principal"]
    whole = names & {account(principal), f"arn:aws:iam::{account(principal)}:root"}
    single = principal.endswith(":root") or {principal, _entity(principal)} <= names
    return bool(whole) and single and "permissions_boundary" not in case["policies"]


def endpoint_policy_names_principals(case: Case) -> Case | None:
    """An endpoint policy is for the principals it names: iam-simulate applies it to everybody.

    An endpoint policy "must contain a Principal element"; at a gateway endpoint an account that is
    allowed is its root user only:
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    principal = case["request"]["principal"]
    whole = {account(principal), f"arn:aws:iam::{account(principal)}:root"}
    root_only = case["request"]["action"].startswith("dynamodb:") and not principal.endswith(":root")

    def change(kind: str, statement: Statement) -> Statement | None:
        if kind != "vpc_endpoint" or statement.get("Principal") == "*":
            return statement
        if "NotPrincipal" in statement:
            return None if _exempt(case, _names(statement["NotPrincipal"])) else statement
        delegated = set() if root_only and statement["Effect"] == "Allow" else whole
        reached = {principal, _entity(principal), "*"} | delegated
        return statement if _names(statement["Principal"]) & reached else None

    return rewrite_statements(case, change)


def principal_arn_of_a_session_is_the_role(case: Case) -> Case | None:
    """aws:PrincipalArn of a role session is the role's ARN: ministack takes the session's.

    "For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed
    the role":
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if ":assumed-role/" not in case["request"]["principal"]:
        return None
    same = "aws:PrincipalTag/arn-of-the-principal"

    def change(_: Statement, operator: str, key: str, values: list[str]) -> dict[str, dict[str, Any]] | None:
        return {operator: {same: values}} if key.lower() == "aws:principalarn" else None

    rewritten = rewrite_conditions(case, change)
    if rewritten is not None and (role := context_value(case, "aws:PrincipalArn")) is not None:
        rewritten["request"]["context"][same] = role
    return rewritten


def _entity(principal: str) -> str:
    """The ARN of the role behind a session."""
    if ":assumed-role/" not in principal:
        return principal
    role = principal.split("/")[1]
    return f"arn:aws:iam::{account(principal)}:role/{role}"


def _names(principal: Any) -> set[str]:
    """The names in `Principal.AWS`."""
    names = principal.get("AWS", []) if isinstance(principal, dict) else []
    return {names} if isinstance(names, str) else set(names)
