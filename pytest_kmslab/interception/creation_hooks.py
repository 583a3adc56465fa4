"""Tells by botocore's events what clients of this process make; all other calls go by untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.services import SERVICES
from pytest_kmslab.enforcement.creations import CREATE_CALLS, Creations, looked_for
from pytest_kmslab.enforcement.entry import ORIGIN, TAKER, Origin

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend

ALARM = "cloudwatch.PutMetricAlarm"

Exists = Callable[[str, str, str], bool]
"""Whether a service (`cloudwatch`: an alarm) has something of a name in a Region already."""

_THERE_BEFORE = "there before"


class CreationHooks:
    """Notes what the answers of create calls tell, if they came from the backend of the run.

    `backend` answers None while there is none. An alarm is put over another of its name, and no answer says
    so; other calls answer with what was there. `exists` is asked before. Calls that the pipeline decides it
    notes by itself.
    """

    def __init__(self, creations: Creations, backend: Callable[[], Backend | None], exists: Exists) -> None:
        self._creations = creations
        self._backend = backend
        self._exists = exists

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        calls = tuple(f"{service}.{operation}" for service, operation in CREATE_CALLS)
        return (
            *((f"provide-client-params.{call}", self.before_call) for call in calls),
            *((f"after-call.{call}", self.after_call) for call in calls),
            (f"provide-client-params.{ALARM}", self.before_alarm),
            (f"after-call.{ALARM}", self.after_alarm),
        )

    def before_call(self, params: Mapping[str, Any], model: Any, context: dict[Any, Any], **_: Any) -> None:
        """A call that makes something is about to be made; keep what of it its answer does not tell."""
        service = model.service_model.service_name
        if not self._looks_at(service) or not isinstance(params, Mapping):
            return
        name = looked_for(service, model.name, params)
        is_there = bool(name) and self._exists(service, name, _region(context))
        context[self] = _THERE_BEFORE if is_there else dict(params)

    def after_call(
        self, http_response: Any, parsed: Mapping[str, Any], model: Any, context: dict[Any, Any], **_: Any
    ) -> None:
        """It was answered."""
        params = context.pop(self, _THERE_BEFORE)
        if params is not _THERE_BEFORE and self._came_from_here(http_response, context):
            self._creations.note_answer(model.service_model.service_name, model.name, params, parsed)

    def before_alarm(self, params: Mapping[str, Any], context: dict[Any, Any], **_: Any) -> None:
        """An alarm is about to be put; keep its name if there is none of that name yet."""
        backend, name = self._backend(), params.get("AlarmName")
        region = _region(context)
        if backend is None or not self._looks_at("cloudwatch") or not isinstance(name, str):
            return
        if ORIGIN.get() is Origin.LAB:
            return  # nobody need adopt it
        if not self._exists("cloudwatch", name, region):
            context[self] = alarm_arn(backend.account, name, region)

    def after_alarm(self, http_response: Any, context: dict[Any, Any], **_: Any) -> None:
        """It was answered."""
        arn = context.pop(self, None)
        if arn is not None and self._came_from_here(http_response, context):
            self._creations.note(arn, "")

    def _looks_at(self, service: str) -> bool:
        backend = self._backend()
        if backend is None or not backend.running:
            return False
        return backend.capabilities.enforces or service not in SERVICES

    def _came_from_here(self, http_response: Any, context: Mapping[Any, Any]) -> bool:
        """Whether it was this run's backend that did a call: a run inside this one has another."""
        backend = self._backend()
        if backend is None or not backend.running or http_response.status_code >= 300:
            return False
        is_taken_by_another = context.get(TAKER, backend) is not backend
        return not is_taken_by_another and backend.owns_url(http_response.url)


def alarm_arn(account: str, name: str, region: str) -> str:
    """The ARN of an alarm, which PutMetricAlarm does not answer."""
    from pytest_kmslab.authz.arn import partition_of

    return f"arn:{partition_of(region).name}:cloudwatch:{region}:{account}:alarm:{name}"


def _region(context: Mapping[Any, Any]) -> str:
    return str(context.get("client_region") or "")
