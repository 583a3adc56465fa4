"""The enforcer of the stand-in: each service decides by what it sees, and is slow, throttles and pages."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from pytest_kmslab.apicall import ApiCall, ServiceError
from pytest_kmslab.authz.policy import Policies
from pytest_kmslab.backends.base import Credentials
from pytest_kmslab.calls.base import Ask
from pytest_kmslab.enforcement.enforcer import Enforcer
from pytest_kmslab.facts import Caller
from standin.late_facts import LateFacts
from standin.paging import Pages
from standin.slow_tables import SlowTables
from standin.times import POLICY_READS, THROTTLED

CHANGING = ("Attach", "Create", "Delete", "Detach", "Put", "Remove", "Add", "Update", "Replicate", "Set")

THROTTLES: Mapping[str, str] = {"iam": "Throttling", "sts": "Throttling"}
"""The code of a throttle, where it is not ThrottlingException."""


class StrictEnforcer(Enforcer):
    """Our enforcer, which sees late; KMS sees for itself what DynamoDB asks of it as the caller."""

    def __init__(
        self,
        backend: Any,
        trail: Any,
        clock: Any,
        facts: LateFacts,
        tables: SlowTables,
        random: Random,
        table_key_cache: float,
    ) -> None:
        super().__init__(backend, trail, clock, enforcing=True, table_key_cache=table_key_cache)
        self._facts = facts
        self._tables = tables
        self._random = random
        self._pages = Pages(self._unpaged)

    def caller(self, given: Credentials | None, service: str) -> Caller:
        with self._facts.seen_by(service):
            caller = super().caller(given, service)
        if self._random.random() < THROTTLED:
            raise ServiceError(THROTTLES.get(service, "ThrottlingException"), "Rate exceeded")
        return caller

    def admit(self, call: ApiCall, connection: Any = None) -> None:
        with self._facts.seen_by(call.service):
            super().admit(call, connection)
        if call.service == "dynamodb":
            self._tables.check(call)

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        if call.name == "kms:GetKeyPolicy":
            return self._key_policy(call)
        prepared = call._replace(params={**call.params, **self.backend.prepare(call)})
        going = self._tables.answer(call) if call.service == "dynamodb" else None
        return self._pages.answer(prepared) or going or super().answer(call)

    def settle(self, call: ApiCall, response: dict[str, Any]) -> None:
        super().settle(call, response)
        if call.service == "dynamodb":
            self._tables.settle(call, response)
        if call.name == "iam:CreateAccessKey":
            self._facts.expect(response["AccessKey"]["AccessKeyId"])
        if call.service in ("iam", "kms") and call.operation.startswith(CHANGING):
            self._facts.note()

    def _authorize(self, call: ApiCall, ask: Ask, held: Policies | None) -> Policies:
        with self._facts.seen_by(ask.request.action.partition(":")[0]):
            return super()._authorize(call, ask, None)

    def _unpaged(self, call: ApiCall) -> dict[str, Any] | None:
        """What is answered here and not by moto, all of it."""
        return super().answer(call)

    def _key_policy(self, call: ApiCall) -> dict[str, Any] | None:
        key = self._facts.key(str(call.params["KeyId"]), call.region, call.account)
        text = self._facts.key_policy_seen(key.arn, POLICY_READS) if key is not None else None
        return None if text is None else {"Policy": text, "PolicyName": "default"}
