"""The enforcer of the stand-in: each service decides by what it sees, and is slow, throttles and pages."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from deep.standin.late_account import LateReader
from deep.standin.paging import Pages, paginators
from deep.standin.slow_tables import SlowTables
from deep.standin.times import POLICY_READS, THROTTLED

from pytest_kmslab.account.model import Caller, Standing
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall, Authorization, ServiceError
from pytest_kmslab.enforcement.pipeline import Pipeline, Verdict

CHANGING = ("Attach", "Create", "Delete", "Detach", "Put", "Remove", "Add", "Update", "Replicate", "Set")

THROTTLES: Mapping[str, str] = {"iam": "Throttling", "sts": "Throttling"}
"""The code of a throttle, where it is not ThrottlingException."""


KMS_PAGE = 2
"""Elements of a page of KMS, whose lists are paged by the backend itself."""


def _in_short_pages(call: ApiCall) -> ApiCall:
    """A call of KMS that asks for few elements of a list: a service may answer fewer than it is asked for."""
    if call.service != "kms" or call.operation not in paginators("kms"):
        return call
    return call._replace(params={**call.params, "Limit": KMS_PAGE})


class StrictEnforcer(Pipeline):
    """Our enforcer, which sees late; KMS sees for itself what DynamoDB asks of it as the caller."""

    def __init__(
        self,
        backend: Any,
        trail: Any,
        clock: Any,
        reader: LateReader,
        tables: SlowTables,
        random: Random,
        table_key_cache: float,
    ) -> None:
        super().__init__(backend, trail, clock, enforcing=True, table_key_cache=table_key_cache)
        self._facts = reader
        self._tables = tables
        self._random = random
        self._pages = Pages(self._unpaged)

    def caller(self, given: Credentials | None, service: str) -> Caller:
        with self._facts.seen_by(service):
            caller = super().caller(given, service)
        if self._random.random() < THROTTLED:
            raise ServiceError(THROTTLES.get(service, "ThrottlingException"), "Rate exceeded")
        return caller

    def judge(self, call: ApiCall, trail: Any, connection: Any = None) -> Verdict:
        with self._facts.seen_by(call.service):
            verdict = super().judge(call, trail, connection)
        if call.service == "dynamodb" and verdict.refusal is None:
            self._tables.check(call)
        return verdict

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        if call.name == "kms:GetKeyPolicy":
            return self._key_policy(call)
        prepared = call._replace(params={**call.params, **self.backend.before_call(call)})
        going = self._tables.answer(call) if call.service == "dynamodb" else None
        pages = None if call.service == "kms" else self._pages.answer(prepared)
        return pages or going or super().emulate(call)

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        super().after_call(_in_short_pages(call), response)
        if call.service == "dynamodb":
            self._tables.after_call(call, response)
        if call.name == "iam:CreateAccessKey":
            self._facts.expect(response["AccessKey"]["AccessKeyId"])
        if call.service in ("iam", "kms") and call.operation.startswith(CHANGING):
            self._facts.note()

    def _authorize(self, call: ApiCall, authorization: Authorization, _: Standing, *record: Any) -> None:
        with self._facts.seen_by(authorization.request.action.partition(":")[0]):
            standing = self.backend.view.standing(call.caller)
            super()._authorize(call, authorization, standing, *record)

    def _unpaged(self, call: ApiCall) -> dict[str, Any] | None:
        """What is answered here and not by moto, all of it."""
        return super().emulate(call)

    def _key_policy(self, call: ApiCall) -> dict[str, Any] | None:
        key = self._facts.key(str(call.params["KeyId"]), call.region, call.account)
        text = self._facts.key_policy_seen(key.arn, POLICY_READS) if key is not None else None
        return None if text is None else {"Policy": text, "PolicyName": "default"}
