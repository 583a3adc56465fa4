"""The Resource Groups Tagging API at an endpoint: of a request the part about keys and tables is decided and
done here, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.api_call import Params
from pytest_kmslab.calls.tagging_api import ARNS, OPERATIONS, SIGNED_FOR, change_tags, decided_arns
from pytest_kmslab.enforcement.service_calls import EnforcedServiceCalls

if TYPE_CHECKING:
    from pytest_kmslab.account.model import Caller
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.wire.http_message import Reply, WireRequest
    from pytest_kmslab.wire.writing import JudgedRequest


@dataclass(frozen=True, slots=True)
class Tagged:
    """What became of the keys and tables of a request."""

    failed: dict[str, Params]
    """Those that were not tagged, by their ARNs, with the errors of their services."""
    rest: Params | None
    """The request about the other resources; None where there are none."""


class ResourceTagging:
    """Tags keys and tables of one endpoint by calls that a pipeline decides."""

    def __init__(self, pipeline: Pipeline, send: Callable[[JudgedRequest], Reply]) -> None:
        self._calls = EnforcedServiceCalls(pipeline, send)

    def caller_of(self, request: WireRequest) -> Caller:
        """Who signed a request; raises ServiceError where nobody known did."""
        return self._calls.caller_of(request, SIGNED_FOR)

    def tag(
        self, operation: str, params: Any, region: str, authenticate: Callable[[], Caller]
    ) -> Tagged | None:
        """Do the part of a request that is about keys and tables; None where there is none, or nothing that
        an endpoint could take for some. Raises ServiceError where nobody known asks."""
        if operation not in OPERATIONS or not isinstance(params, dict):
            return None
        arns = params.get(ARNS)
        arns = arns if isinstance(arns, list) else []
        own = decided_arns(arns)
        if not own:
            return None
        caller, failed = authenticate(), dict[str, Params]()
        values = params.get(OPERATIONS[operation][1]) or ()
        for arn in own:
            failed.update(change_tags(self._calls.perform, operation, arn, values, region, caller))
        others = [arn for arn in arns if arn not in own]
        return Tagged(failed, {**params, ARNS: others} if others else None)
