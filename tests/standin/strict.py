"""The enforcer of the stand-in: each service decides by what it sees."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.backends.base import Credentials
from pytest_kmslab.calls.base import Ask
from pytest_kmslab.enforcement.enforcer import Enforcer
from pytest_kmslab.facts import Caller
from standin.late_facts import LateFacts
from standin.times import POLICY_READS

CHANGING = ("Attach", "Create", "Delete", "Detach", "Put", "Remove", "Add", "Update", "Replicate", "Set")


class StrictEnforcer(Enforcer):
    """Our enforcer, which sees late; KMS sees for itself what DynamoDB asks of it as the caller."""

    def __init__(self, backend: Any, trail: Any, clock: Any, facts: LateFacts, random: Random) -> None:
        super().__init__(backend, trail, clock, enforcing=True)
        self._facts = facts
        self._random = random

    def caller(self, given: Credentials | None, service: str) -> Caller:
        with self._facts.seen_by(service):
            return super().caller(given, service)

    def admit(self, call: ApiCall, connection: Any = None) -> None:
        with self._facts.seen_by(call.service):
            super().admit(call, connection)

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        if call.name == "kms:GetKeyPolicy":
            return self._key_policy(call)
        return super().answer(call)

    def settle(self, call: ApiCall, response: dict[str, Any]) -> None:
        super().settle(call, response)
        if call.name == "iam:CreateAccessKey":
            self._facts.expect(response["AccessKey"]["AccessKeyId"])
        if call.service in ("iam", "kms") and call.operation.startswith(CHANGING):
            self._facts.note()

    def _authorize(self, call: ApiCall, ask: Ask, held: Policies | None) -> Policies:
        with self._facts.seen_by(ask.request.action.partition(":")[0]):
            return super()._authorize(call, ask, None)

    def _key_policy(self, call: ApiCall) -> dict[str, Any] | None:
        key = self._facts.key(str(call.params["KeyId"]), call.region, call.account)
        text = self._facts.key_policy_seen(key.arn, POLICY_READS) if key is not None else None
        return None if text is None else {"Policy": text, "PolicyName": "default"}
