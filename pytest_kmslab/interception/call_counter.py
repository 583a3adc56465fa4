"""Counts calls that are neither decided nor predicted, so that `allowed` can tell that there were any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_kmslab.calls.services import SERVICES
from pytest_kmslab.enforcement.entry import TAKER

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.model import OperationModel

    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.trail import Trail


class CallCounter:
    """Counts the calls of decided services that go to the backend; each goes on as it is."""

    def __init__(self, backend: Backend, trail: Trail) -> None:
        self._backend = backend
        self._trail = trail

    def before_call(
        self, model: OperationModel, params: dict[str, Any], signer: Any, context: dict[Any, Any]
    ) -> None:
        """Count one call."""
        if not self._backend.owns_url(params["url"]):
            return
        context[TAKER] = self._backend
        if model.service_model.service_name in SERVICES:
            self._trail.count_call()

    def signs_as_root(self, signer: Any, context: dict[Any, Any]) -> bool:
        """No: whose account this is nobody can say here."""
        return False

    def request_created(self, request: AWSRequest) -> None:
        """Nothing is done with a request."""

    def after_call(self, http_response: Any, parsed: dict[str, Any], context: dict[Any, Any]) -> None:
        """Nothing is done with an answer."""

    def after_call_error(self, context: dict[Any, Any]) -> None:
        """Nothing is done where none came."""
