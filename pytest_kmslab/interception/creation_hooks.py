"""Tells by botocore's events what clients of this process make; all other calls go by untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.enforcement.creations import CREATE_CALLS, Creations
from pytest_kmslab.enforcement.entry import ORIGIN, Origin

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend

ALARM = "cloudwatch.PutMetricAlarm"

AlarmExists = Callable[[str, str], bool]
"""Whether there is an alarm of this name in a Region already."""


class CreationHooks:
    """Notes what the answers of create calls tell, if they came from the backend of the run.

    `backend` answers None while there is none. An alarm is put over another of its name, and no answer says
    so: `alarm_exists` is asked before.
    """

    def __init__(
        self, creations: Creations, backend: Callable[[], Backend | None], alarm_exists: AlarmExists
    ) -> None:
        self._creations = creations
        self._backend = backend
        self._alarm_exists = alarm_exists

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        calls = tuple(f"after-call.{service}.{operation}" for service, operation in CREATE_CALLS)
        return (
            *((event, self.after_call) for event in calls),
            (f"provide-client-params.{ALARM}", self.before_alarm),
            (f"after-call.{ALARM}", self.after_alarm),
        )

    def after_call(self, http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        """A call that makes something was answered."""
        if self._came_from_here(http_response):
            self._creations.note_answer(model.service_model.service_name, model.name, parsed)

    def before_alarm(self, params: Mapping[str, Any], context: dict[Any, Any], **_: Any) -> None:
        """An alarm is about to be put; keep its name if there is none of that name yet."""
        backend, name = self._backend(), params.get("AlarmName")
        region = str(context.get("client_region") or "")
        if backend is None or not backend.running or not isinstance(name, str):
            return
        if ORIGIN.get() is Origin.LAB:
            return  # nobody need adopt it
        if not self._alarm_exists(name, region):
            context[self] = f"arn:{_partition(region)}:cloudwatch:{region}:{backend.account}:alarm:{name}"

    def after_alarm(self, http_response: Any, context: dict[Any, Any], **_: Any) -> None:
        """It was answered."""
        arn = context.pop(self, None)
        if arn is not None and self._came_from_here(http_response):
            self._creations.note(arn, "")

    def _came_from_here(self, http_response: Any) -> bool:
        backend = self._backend()
        if backend is None or not backend.running or http_response.status_code >= 300:
            return False
        return backend.owns_url(http_response.url)


def _partition(region: str) -> str:
    from pytest_kmslab.authz.partitions import partition_of

    return partition_of(region).name
