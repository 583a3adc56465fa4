"""Sets up on moto, through boto3, what a corpus case says, and makes the call that it asks about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from helpers.account import REGION
from helpers.stage.calls import invocation
from helpers.stage.clients import Clients
from helpers.stage.comparison import EXTRA, differences
from helpers.stage.keys import Keys, Made
from helpers.stage.principals import People
from helpers.stage.scene import Scene
from helpers.stage.script import Script
from helpers.stage.tables import Tables
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.request import Request
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.cases.case import Case
from pytest_kmslab.enforcement.trail import Trail

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
"""The key of the corpus."""
_ALIAS_ACTIONS = ("kms:CreateAlias", "kms:DeleteAlias")


_BESIDES: Mapping[str, Mapping[str, str]] = {
    "kms:ReEncryptFrom": {"Action": "kms:ReEncryptTo", "Resource": "*"},
    "kms:ReEncryptTo": {"Action": "kms:ReEncryptFrom", "Resource": "*"},
    "kms:UpdatePrimaryRegion": {
        "Action": "kms:UpdatePrimaryRegion",
        "Resource": "arn:aws:kms:us-west-2:*:key/*",
    },
}
"""For operations on two keys, the other half."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case: the case with the names that are really there, the decision about its own
    question (None where it was never asked), what differs from the case, and the error that came."""

    case: Case
    decision: Outcome | None
    differs: list[str]
    error: Exception | None

    @property
    def code(self) -> str:
        return str(self.error.response["Error"]["Code"]) if isinstance(self.error, ClientError) else ""

    @property
    def message(self) -> str:
        return str(self.error.response["Error"]["Message"]) if isinstance(self.error, ClientError) else ""


class Stage:
    """Plays cases on one account, which is emptied before each."""

    def __init__(self, clients: Clients, trail: Trail | None = None) -> None:
        self._clients = clients
        self._trail = trail or Trail()

    def play(self, text: str) -> Played:
        """Set up the case of this JSON text and make its call. The key policy comes last of all, since
        it may lock out who sets up."""
        script, people = self._opened(text)
        tables = Tables(self._clients)
        made = self._key(script)
        _cast(script, people)
        who = self._sign_in(script, people)
        iterator = tables.make(script, made.key_id)
        grants = self._grants(script)
        tables.put_policy(script)
        policy = self._put_key_policy(script, made)
        scene = Scene(script.case, made.key_id, made.ciphertext, policy, iterator, made.open_key, grants)
        return self._call(who, scene)

    def _opened(self, text: str) -> tuple[Script, People]:
        """The case, on an account with nobody in it."""
        _empty()
        return Script(text), People(self._clients)

    def _key(self, script: Script) -> Made:
        if KEY_ID not in script and script.action not in _ALIAS_ACTIONS:
            return Made()
        made = Keys(self._clients).make(script.case)
        script.replace(KEY_ID, made.key_id)
        return made

    def _sign_in(self, script: Script, people: People) -> Credentials:
        kind, name = script.caller
        passed = [text for _, text in script.policies("session")]
        if kind == "root":
            return self._clients.owner
        if kind == "user":
            return people.user(script.entity)
        if kind == "federated-user":
            return people.federated(script.entity, name, passed)
        return people.role(script.entity, name.partition("/")[2], passed)

    def _grants(self, script: Script) -> dict[str, str]:
        """The grants of the case; for DynamoDB's own grant, those of the two questions besides it."""
        kms, ids = self._clients.root("kms"), {}
        for number, grant in enumerate(script.grants):
            own = {name: value for name, value in grant.items() if name not in ("GrantId", "IssuingAccount")}
            made = kms.create_grant(KeyId=script.resource, **own)
            ids[grant.get("GrantId", str(number))] = str(made["GrantId"])
        if script.through_dynamodb and script.action == "kms:CreateGrant":
            operations = ["DescribeKey", "Decrypt"]
            kms.create_grant(
                KeyId=script.resource, GranteePrincipal=script.case.request.principal, Operations=operations
            )
        if script.action == "kms:RevokeGrant" and not ids:
            root = f"arn:aws:iam::{script.resource.split(':')[4]}:root"
            made = kms.create_grant(KeyId=script.resource, GranteePrincipal=root, Operations=["DescribeKey"])
            ids["to be revoked"] = str(made["GrantId"])
        return ids

    def _put_key_policy(self, script: Script, made: Made) -> str:
        texts = [text for _, text in script.policies("resource")] if ":key/" in script.resource else []
        for text in texts:
            self._clients.root("kms").put_key_policy(
                KeyId=made.key_id, Policy=text, BypassPolicyLockoutSafetyCheck=True
            )
        return "".join(texts)

    def _call(self, who: Credentials, scene: Scene) -> Played:
        service, method, params = invocation(scene)
        parts = scene.case.request.resource.split(":")
        region = parts[3] if len(parts) > 3 and parts[3] else REGION
        mark = self._mark()
        error: Exception | None = None
        try:
            getattr(self._clients.of(who, service, region), method)(**params)
        except (ClientError, NotImplementedError, KeyError) as raised:
            error = raised
        return self._played(scene, mark, error)

    def _mark(self) -> int:
        return self._trail.mark()

    def _played(self, scene: Scene, mark: int, error: Exception | None) -> Played:
        wanted = scene.case.request
        for entry in self._trail.since(mark):
            if is_own(wanted, entry.request.action, entry.request.resource):
                differs = differences(scene.case, entry, scene.grant_ids)
                return Played(scene.case, entry.decision.decision, differs, error)
        return Played(scene.case, None, [], error)


def is_own(wanted: Request, action: str, resource: str) -> bool:
    """Whether what was asked is the case's own question. `*` is whatever the operation names that has no
    resource: DynamoDB's ListTables names `table/*`."""
    return action == wanted.action and wanted.resource in ("*", resource)


def _empty() -> None:
    """Forget everything that moto holds, as it does when it is started: starting anew would cost more
    than a case."""
    BackendDict.reset()
    reset_model_data()


def _cast(script: Script, people: People) -> None:
    """Everybody in the case, and the caller with its policies."""
    trust = "".join(text for _, text in script.policies("resource")) if ":role/" in script.resource else ""
    for arn in sorted(script.cast, key=lambda arn: arn == script.resource):
        tags = script.tags("aws:PrincipalTag") if arn == script.entity else {}
        people.make(arn, trust=trust if arn == script.resource else "", tags=tags)
    if not script.entity:
        return
    for name, text in script.policies("identity"):
        people.give(script.entity, name, text)
    for _, text in script.policies("permissions_boundary"):
        people.bound(script.entity, text)
    if extra := _extra(script):
        statement = {"Effect": "Allow", **extra}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        people.give(script.entity, EXTRA, json.dumps(document))
    said = script.scene.value("aws:userid")
    if said and ":user/" in script.entity:
        script.replace(said, people.unique_id(script.entity))


def _extra(script: Script) -> Mapping[str, Any]:
    """What the caller must be allowed besides, so that the case's question is asked at all and the call
    passes if it is answered well: other actions than the case's, or the same on another resource."""
    if script.through_dynamodb:
        return {"Action": "dynamodb:*", "Resource": "*"}
    if script.action in _ALIAS_ACTIONS:
        other = "key" if ":alias/" in script.resource else "alias"
        return {"Action": list(_ALIAS_ACTIONS), "Resource": f"arn:aws:kms:*:*:{other}/*"}
    return _BESIDES.get(script.action, {})
