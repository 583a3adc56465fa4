"""How CloudFormation's calls reach the pipeline, and in whose name they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall

SERVICE = "cloudformation.amazonaws.com"


class ServiceCalls(Protocol):
    """The pipeline, for calls that a service makes in somebody's name."""

    def signer(self, request: Any, service: str) -> Caller:
        """Who signed a request to a service (moto's own request); raises ServiceError for nobody."""

    def perform(self, call: ApiCall) -> dict[str, Any]:
        """Decide a call and do it; answers its response, raises the service's refusal as ServiceError."""

    def now(self) -> datetime:
        """The time that calls are made at."""

    def note_stack(self, stack_id: str) -> None:
        """Know that a call of this run made a stack."""

    def check_pass_role(self, call: ApiCall, role_arn: str, resource_arn: str) -> None:
        """Raise ServiceError where the caller of CloudFormation may not pass it a role."""

    def can_assume(self, role_arn: str, keys: Mapping[str, str]) -> bool:
        """Whether a role's trust policy lets CloudFormation assume it; `keys` are condition keys."""


@dataclass(frozen=True, slots=True)
class StackRequest:
    """A request to CloudFormation while moto answers it."""

    caller: Caller
    """Who signed it."""
    region: str
    """The Region it was sent to."""
    operation: str
    """What it asks for: `CreateStack` …"""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters."""


SIGNED_FOR = "cloudformation"
"""The name by which requests to CloudFormation are signed."""

RECEIVED = "kmslab_received"
"""On moto's answerer of a service that calls others: the request as it came."""

REQUEST: ContextVar[StackRequest | None] = ContextVar("kmslab_stack_request", default=None)
"""The request that moto answers now; None where its models are used from Python."""

PRINCIPAL: ContextVar[Caller | None] = ContextVar("kmslab_stack_principal", default=None)
"""In whose name the operation on a stack makes its calls; None outside of one."""


@contextmanager
def acting_as(caller: Caller) -> Iterator[None]:
    """Make the calls of the block in the name of somebody: directly, or as CloudFormation's role."""
    token = PRINCIPAL.set(through_cloudformation(caller))
    try:
        yield
    finally:
        PRINCIPAL.reset(token)


def through_cloudformation(caller: Caller) -> Caller:
    """The caller as the called service sees it: CloudFormation forwards access sessions, also its role's.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html
    """
    via: dict[str, str | tuple[str, ...]] = {
        "aws:ViaAWSService": "true",
        "aws:CalledVia": (SERVICE,),
        "aws:CalledViaFirst": SERVICE,
        "aws:CalledViaLast": SERVICE,
    }
    return replace(caller, context={**caller.context, **via}, address="")


def send(
    calls: ServiceCalls, service: str, operation: str, region: str, params: dict[str, Any]
) -> dict[str, Any]:
    """One call in the name of the principal of the operation under way."""
    caller = PRINCIPAL.get()
    assert caller is not None, "a resource of a stack is made outside of an operation"
    return calls.perform(ApiCall(service, operation, params, region, caller))


def as_method(function: Callable[..., Any]) -> Any:
    """A function of one of moto's objects and its arguments, as a method."""

    def method(self: Any, *arguments: Any, **more: Any) -> Any:
        return function(self, *arguments, **more)

    return method


def keep_request(
    original: Callable[..., Any], response: Any, request: Any, *arguments: Any, **more: Any
) -> Any:
    """Keep the request that one of moto's answerers is given, with its body, which the signature covers."""
    from moto.core.request import normalize_request

    received = normalize_request(request)
    # Reading a form uses the body up.
    received.get_data(cache=True)
    setattr(response, RECEIVED, received)
    return original(response, request, *arguments, **more)
