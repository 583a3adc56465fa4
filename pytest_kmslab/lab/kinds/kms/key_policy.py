"""Key policies as the KMS console writes and changes them: pure functions on documents.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_kmslab.arguments import HasArn, arns_of, check_text, refusal_text, several_texts
from pytest_kmslab.authz.arn import ACCOUNT_ID, root_arn
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.lab.policies.sources import PolicySource, read_document

Document = dict[str, Any]
"""A policy document, parsed."""

POLICY_ID = "key-consolepolicy-3"
ACCOUNT_SID = "Enable IAM User Permissions"
ADMINISTRATORS_SID = "Allow access for Key Administrators"
USE_SID = "Allow use of the key"
ATTACHMENT_SID = "Allow attachment of persistent resources"

ADMINISTRATOR_ACTIONS = (
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
)
USE_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
USE_ACTIONS_OF_OTHERS = {
    "ENCRYPT_DECRYPT": (
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:DescribeKey",
        "kms:GetPublicKey",
    ),
    "SIGN_VERIFY": ("kms:Sign", "kms:Verify", "kms:DescribeKey", "kms:GetPublicKey"),
    "GENERATE_VERIFY_MAC": ("kms:GenerateMac", "kms:VerifyMac", "kms:DescribeKey"),
    "KEY_AGREEMENT": ("kms:DeriveSharedSecret", "kms:DescribeKey", "kms:GetPublicKey"),
}
"""Of key users of asymmetric and HMAC keys, by their KeyUsage."""
ATTACHMENT_ACTIONS = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")

_USER_SIDS = (USE_SID, ATTACHMENT_SID)
_ACCOUNT_ROOT = re.compile(r"\Aarn:[a-z-]+:iam::(\d{12}):root\Z")


def console_policy(
    account: str,
    administrators: str | HasArn | Iterable[str | HasArn] = (),
    users: str | HasArn | Iterable[str | HasArn] = (),
    *,
    partition: str = "aws",
    use: Sequence[str] = USE_ACTIONS,
) -> Document:
    """The policy the console writes for a key, with principals given as ARNs or as the lab's objects.

    A statement that would name nobody is left out, as KMS refuses one. Raises TypeError or ValueError for
    what is no account's id, or has no ARN.
    """
    wanted = "the 12 digits of an account's id"
    if not ACCOUNT_ID.fullmatch(check_text("account", account, wanted)):
        raise ValueError(refusal_text("account", wanted, account))
    check_text("partition", partition, "a partition of AWS, such as `aws`")
    several_texts("use", use, "actions")
    root = _statement(ACCOUNT_SID, root_arn(partition, account), "kms:*")
    parts = [root]
    if arns := arns_of("administrators", administrators):
        parts.append(_statement(ADMINISTRATORS_SID, arns, list(ADMINISTRATOR_ACTIONS)))
    if arns := arns_of("users", users):
        parts += _user_statements(arns, use)
    return {"Version": "2012-10-17", "Id": POLICY_ID, "Statement": parts}


def users_of(policy: Mapping[str, Any]) -> list[str]:
    """The key users as the console lists them: the principals of `Allow use of the key`."""
    uses = [statement for statement in _statements(policy) if statement.get("Sid") == USE_SID]
    return _principals(uses[0]) if uses else []


def with_user(policy: Mapping[str, Any], arn: str) -> Document:
    """The policy with one key user more, as the console adds it: to both statements about use.

    Raises PolicyError for a policy that has one of the two statements without the other: the
    console's view does not work on it either.
    """
    if not _has_user_statements(policy):
        return {**policy, "Statement": [*_statements(policy), *_user_statements([arn])]}
    return _change_users(policy, lambda users: users if arn in users else [*users, arn])


def without_user(policy: Mapping[str, Any], arn: str) -> Document:
    """The policy with one key user less; a statement that would name nobody goes with its last user.

    Raises PolicyError as `with_user` does.
    """
    if not _has_user_statements(policy):
        return dict(policy)
    return _change_users(policy, lambda users: [one for one in users if one != arn])


def same_meaning(one: PolicySource, other: PolicySource) -> bool:
    """Whether two policies say the same.

    The order of statements, actions and principals, one value or a list of it, and the case of
    actions do not count; Sids do, as the console goes by them. Each is a dict, JSON text or a `Path`; raises
    PolicyError for what is none.
    """
    first, second = _document("one", one), _document("other", other)
    # A policy without a version is of the older one.
    versions = {policy.get("Version", "2008-10-17") for policy in (first, second)}
    return len(versions) == 1 and _canonical(first) == _canonical(second)


def changed_statements(before: PolicySource, after: PolicySource) -> list[str]:
    """The Sids of the statements that are not the same in both, sorted; empty for one without a Sid.

    Each policy is a dict, JSON text or a `Path`; raises PolicyError for what is none.
    """
    changed = _canonical(_document("before", before)) ^ _canonical(_document("after", after))
    return sorted({dict(statement)["sid"] for statement in changed})


def _document(argument: str, policy: PolicySource) -> Mapping[str, Any]:
    if not isinstance(policy, Mapping):
        document: Mapping[str, Any] = json.loads(read_document(argument, policy).text)
        return document
    # Not held to all that AWS wants: what two policies that it would refuse say can be compared too.
    if not isinstance(policy.get("Version", ""), str):
        raise PolicyError(f"`{argument}`: Version is not text")
    for number, statement in enumerate(_statements(policy)):
        if not _is_statement(statement):
            raise PolicyError(f"`{argument}`: Statement[{number}] is no statement of a policy")
    return policy


def _is_statement(statement: Any) -> bool:
    if not isinstance(statement, Mapping):
        return False
    conditions = statement.get("Condition", {})
    texts = (statement.get("Sid", ""), statement.get("Effect", ""))
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(conditions, Mapping)
        and all(isinstance(keys, Mapping) for keys in conditions.values())
    )


def _statement(sid: str, principals: str | list[str], actions: str | list[str]) -> Document:
    principal = {"AWS": principals}
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}


def use_actions(is_symmetric: bool, usage: str) -> Sequence[str]:
    """What the console lets key users do with a key for encryption that is symmetric, or any other key."""
    return USE_ACTIONS if is_symmetric else USE_ACTIONS_OF_OTHERS.get(usage, USE_ACTIONS)


def _user_statements(users: list[str], actions: Sequence[str] = USE_ACTIONS) -> list[Document]:
    use = _statement(USE_SID, list(users), list(actions))
    attachment = _statement(ATTACHMENT_SID, list(users), list(ATTACHMENT_ACTIONS))
    # Key users may make grants for AWS services alone, which use the key for them.
    attachment["Condition"] = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [use, attachment]


def _statements(policy: Mapping[str, Any]) -> list[Document]:
    return list(as_list(policy.get("Statement", [])))


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement["Principal"]
    return _values(principal["AWS"] if isinstance(principal, Mapping) else principal)


def _has_user_statements(policy: Mapping[str, Any]) -> bool:
    sids = {statement.get("Sid") for statement in _statements(policy)}
    missing = [sid for sid in _USER_SIDS if sid not in sids]
    if len(missing) == 1:
        raise PolicyError(
            f"the key policy has no statement `{missing[0]}`: "
            "change a policy of another shape than the console's with put_policy"
        )
    return not missing


def _change_users(policy: Mapping[str, Any], change: Any) -> Document:
    changed = []
    for statement in _statements(policy):
        if statement.get("Sid") not in _USER_SIDS:
            changed.append(statement)
        elif users := change(_principals(statement)):
            changed.append({**statement, "Principal": {"AWS": users}})
    return {**policy, "Statement": changed}


def _canonical(policy: Mapping[str, Any]) -> frozenset[Any]:
    return frozenset(_canonical_statement(statement) for statement in _statements(policy))


def _canonical_statement(statement: Mapping[str, Any]) -> frozenset[Any]:
    parts: dict[str, Any] = {"sid": statement.get("Sid", ""), "effect": statement.get("Effect")}
    for name in ("Action", "NotAction"):
        parts[name] = frozenset(action.lower() for action in _values(statement.get(name, [])))
    for name in ("Resource", "NotResource"):
        parts[name] = frozenset(_values(statement.get(name, [])))
    for name in ("Principal", "NotPrincipal"):
        principal = statement.get(name, {})
        kinds = principal if isinstance(principal, Mapping) else {"AWS": principal}
        parts[name] = frozenset(
            # An account's id stands for its root ARN, whatever the partition.
            (kind, _ACCOUNT_ROOT.sub(r"\1", value))
            for kind, names in kinds.items()
            for value in _values(names)
        )
    parts["Condition"] = frozenset(
        (operator.lower(), key.lower(), frozenset(_values(wanted)))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )
    return frozenset(parts.items())


def _values(value: Any) -> list[str]:
    """One value or a list of them, as texts: `true` and `"true"` are the same to IAM."""
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in as_list(value)]
