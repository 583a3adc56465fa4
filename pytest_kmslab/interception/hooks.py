"""The seam in process: botocore's own events, for every client made in the process.

`before-call` fires for clients and resources with any credentials, before the request is signed or
sent; answering it makes botocore raise an ordinary ClientError, so that a denied call never reaches
the backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.interception.botocore import CallInterception, Response


class BotocoreHooks:
    """Handlers of botocore's events; without an active enforcer they do nothing at all."""

    def __init__(self) -> None:
        self._seam: CallInterception | None = None
        self._gateways: list[str] = []

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`."""
        return (
            ("before-call", self.before_call),
            ("after-call", self.after_call),
        )

    def attach(self, pipeline: Pipeline) -> None:
        """Decide calls with this enforcer from now on."""
        from pytest_kmslab.interception.botocore import CallInterception

        self._seam = CallInterception(pipeline)

    def detach(self) -> None:
        """Decide nothing any more; clients made meanwhile keep working."""
        self._seam = None

    @contextmanager
    def leaving_to(self, gateway: str) -> Iterator[None]:
        """While this is open, calls to a gateway's address are left to it: none is decided twice."""
        self._gateways.append(gateway)
        try:
            yield
        finally:
            self._gateways.remove(gateway)

    def before_call(
        self,
        model: OperationModel,
        params: dict[str, Any],
        request_signer: Any,
        context: dict[Any, Any],
        **_: Any,
    ) -> Response | None:
        """Decide one call: None lets it go on, a response ends it here."""
        interception = self._seam
        if interception is None or (self._gateways and self._is_gateways(params["url"])):
            return None
        return interception.before_call(model, params, request_signer, context)

    def after_call(
        self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any], **_: Any
    ) -> None:
        """After a call that was let through and succeeded: keep what the backend dropped."""
        if self._seam is not None:
            self._seam.after_call(http_response, parsed, context)

    def _is_gateways(self, url: str) -> bool:
        return any(url == gateway or url.startswith(f"{gateway}/") for gateway in self._gateways)
