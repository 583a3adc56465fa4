"""An account in memory, for tests of what calls ask for: fill the dicts, no backend needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_kmslab.account.model import Caller, Credential, Key, Table
from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, parse_policy
from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.calls.operations import PLANS, deny_unknown

ACCOUNT = "123456789012"
REGION = "us-east-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
READING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"},
                "Action": "dynamodb:GetItem",
                "Resource": "*",
            }
        ],
    }
)
"""A table's policy."""


def user(name: str = "ana", account: str = ACCOUNT, **fields: Any) -> Caller:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Caller(arn, account, arn, "AIDAEXAMPLE" + name.upper(), "User", **{"username": name} | fields)


def root(account: str = ACCOUNT) -> Caller:
    arn = f"arn:aws:iam::{account}:root"
    return Caller(arn, account, arn, account, "Account")


def role_session(role: str = "app", session: str = "s1", account: str = ACCOUNT, **fields: Any) -> Caller:
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    principal = f"arn:aws:iam::{account}:role/{role}"
    return Caller(arn, account, principal, f"AROAEXAMPLE:{session}", "AssumedRole", **fields)


def key_arn(key_id: str = KEY_ID, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def table_arn(name: str = "orders", region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


def policy(*statements: dict[str, Any]) -> Policy:
    """A policy of these statements; Effect is Allow and Resource `*` where they do not say."""
    whole = [{"Effect": "Allow", "Resource": "*"} | statement for statement in statements]
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": whole}))


def outcome(call: ApiCall, view: FakeAccount) -> str:
    """What becomes of a call: `allowed`, the code of the service's error, or the action that was denied."""
    try:
        for authorization in PLANS.get(call.name, deny_unknown)(call, view):
            policies = view.policies(call.caller, authorization.request.resource)
            if authorization.resource_policy is not None:
                policies = policies._replace(resource=NamedPolicy("new", authorization.resource_policy))
            if not authorize(
                authorization.request, policies, view.grants(authorization.request.resource)
            ).allowed:
                return authorization.instead.code if authorization.instead else authorization.request.action
    except ServiceError as error:
        return error.code
    return "allowed"


STATUSES = {
    "AccessDenied": 403,
    "NoSuchEntity": 404,
    **dict.fromkeys(("DeleteConflict", "EntityAlreadyExists", "LimitExceeded"), 409),
}
"""Of the codes of IAM and STS: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and the
pages of their operations. All others are 400."""


def refusal(call: ApiCall, view: FakeAccount) -> str:
    """What IAM or STS says, every permission given; empty where it does the call. The status is told where it
    is not the code's."""
    try:
        for _ in PLANS[call.name](call, view):
            pass
    except ServiceError as error:
        expected = STATUSES.get(error.code, 400)
        return str(error) if error.status == expected else f"{error.status} {error}"
    return ""


def call(
    service: str,
    operation: str,
    params: Mapping[str, Any],
    caller: Caller | None = None,
    region: str = REGION,
) -> ApiCall:
    return ApiCall(service, operation, params, region, caller or user())


@dataclass
class FakeAccount:
    """Implements `AccountView`. `keys_by_arn` and `tables_by_arn` are filled by `add_key` and `add_table`."""

    keys_by_arn: dict[str, Key] = field(default_factory=dict)
    tables_by_arn: dict[str, Table] = field(default_factory=dict)
    tables_by_backup: dict[str, Table] = field(default_factory=dict)
    ciphertexts: dict[bytes, str] = field(default_factory=dict)
    """Ciphertext to the ARN of the key that made it."""
    credentials: dict[str, Credential] = field(default_factory=dict)
    iam_arns: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, name) to ARN."""
    tags_by_arn: dict[str, dict[str, str]] = field(default_factory=dict)
    session_durations: dict[str, int] = field(default_factory=dict)
    """A role's ARN to its MaxSessionDuration, where that is not an hour."""
    unknown_principals: set[str] = field(default_factory=set)
    """Principals that do not exist; every other one does."""
    policies_by_resource: dict[str, Policies] = field(default_factory=dict)
    """Answered as they are for a resource; otherwise what the next two hold."""
    identity_policies: dict[str, tuple[NamedPolicy, ...]] = field(default_factory=dict)
    """By the caller's ARN; filled by `allow`."""
    key_policies: dict[str, Policy] = field(default_factory=dict)
    grants_by_key: dict[str, tuple[Grant, ...]] = field(default_factory=dict)

    def add_key(
        self, key_id: str = KEY_ID, region: str = REGION, account: str = ACCOUNT, **fields: Any
    ) -> Key:
        settings: dict[str, Any] = {
            "state": "Enabled",
            "spec": "SYMMETRIC_DEFAULT",
            "usage": "ENCRYPT_DECRYPT",
            "origin": "AWS_KMS",
            "manager": "CUSTOMER",
        }
        key = Key(key_arn(key_id, region, account), key_id, account, region, **settings | fields)
        self.keys_by_arn[key.arn] = key
        return key

    def add_table(
        self,
        name: str = "orders",
        key: Key | str | None = None,
        region: str = REGION,
        account: str = ACCOUNT,
        **fields: Any,
    ) -> Table:
        encrypted_with = key.arn if isinstance(key, Key) else key
        table = Table(table_arn(name, region, account), name, account, region, encrypted_with, **fields)
        self.tables_by_arn[table.arn] = table
        return table

    def credential(self, access_key_id: str) -> Credential | None:
        return self.credentials.get(access_key_id)

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        if key_id.startswith("arn:"):
            parts = key_id.split(":", 5)
            region, account, key_id = parts[3], parts[4], parts[5].removeprefix("key/")
        if key_id.startswith("alias/"):
            return next(
                (
                    key
                    for key in self.keys_by_arn.values()
                    if key_id in key.aliases and (key.region, key.account) == (region, account)
                ),
                None,
            )
        return self.keys_by_arn.get(key_arn(key_id, region, account))

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        key = self.keys_by_arn.get(self.ciphertexts.get(ciphertext, ""))
        return key if key is not None and key.region == region else None

    def table(self, name: str, region: str, account: str) -> Table | None:
        if name.startswith("arn:"):
            return self.tables_by_arn.get("/".join(name.split("/")[:2]))
        return self.tables_by_arn.get(table_arn(name, region, account))

    def streamed_table(self, shard_iterator: str) -> Table | None:
        return self.table(shard_iterator.partition("|")[0], "", "")

    def iam_arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        return self.iam_arns.get((kind, name))

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        return self.tags_by_arn.get(arn, {})

    def principal_exists(self, principal: str) -> bool:
        return principal not in self.unknown_principals

    def allow(self, caller: Caller, *statements: dict[str, Any]) -> None:
        """Give a caller an identity-based policy of these statements, besides those it has."""
        written = NamedPolicy(f"policy {len(statements)}", policy(*statements))
        self.identity_policies[caller.arn] = (*self.identity_policies.get(caller.arn, ()), written)

    def policies(self, caller: Caller, resource: str) -> Policies:
        if resource in self.policies_by_resource:
            return self.policies_by_resource[resource]
        identity = self.identity_policies.get(caller.arn, ())
        return Policies(identity=identity, resource=self.resource_policy(resource))

    def resource_policy(self, resource: str) -> NamedPolicy | None:
        own = self.key_policies.get(resource)
        return None if own is None else NamedPolicy(resource, own)

    def resource_organization(self, account: str) -> Mapping[str, str | tuple[str, ...]]:
        return {}

    def max_session_duration(self, role_arn: str) -> int:
        return self.session_durations.get(role_arn, 3600)

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        return None

    def resource_control(self, resource: str) -> tuple[tuple[NamedPolicy, ...], ...]:
        return ()

    def key_policy(self, key_arn: str) -> Policy | None:
        return self.key_policies.get(key_arn)

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        return self.grants_by_key.get(key_arn, ())

    def backup(self, arn: str) -> Table | None:
        return self.tables_by_backup.get(arn)

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        for arn, grants in self.grants_by_key.items():
            key = self.keys_by_arn[arn]
            if key.region == region and any(grant.token == token for grant in grants):
                return key, next(grant for grant in grants if grant.token == token)
        return None

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        names = {caller.arn, caller.principal_arn, caller.account, f"arn:aws:iam::{caller.account}:root"}
        return tuple(grant for grant in self.grants(key_arn) if grant.grantee_principal in names)
